/**
 * Instants and durations as people read them: in UTC as the server writes them, in the reader's zone and as ages once a script has
 * run. Limits: the exact instant always stands in `datetime`; the script puts it into the title.
 */
import { type Html, html } from './html.ts'

/** `22:15 UTC` on the day that is, `2 Mar 22:15 UTC` on any other. */
export function clock(at: number, now: number): Html {
  return element(at, 'clock', clockText(at, now))
}

/** `4 minutes ago` for those with scripts; for all others when it was, because a page may stay open. */
export function ago(at: number, now: number): Html {
  return element(at, 'ago', clockText(at, now))
}

/** As the clock, to the second. */
export function moment(at: number, now: number): Html {
  return element(at, 'moment', clockText(at, now).replace(' UTC', `:${new Date(at).toISOString().slice(17, 19)} UTC`))
}

/** To the millisecond, for timelines. */
export function exact(at: number): Html {
  return element(at, 'exact', `${new Date(at).toISOString().slice(11, 23)} UTC`)
}

export function clockText(at: number, now: number): string {
  const isToday = dayOf(at) === dayOf(now)
  return `${isToday ? '' : `${dayText(at)} `}${new Date(at).toISOString().slice(11, 16)} UTC`
}

/** Counts the days since 1970: what is said of an instant is another the next day. */
export function dayOf(at: number): number {
  return Math.floor(at / (24 * 3600_000))
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

function dayText(at: number): string {
  const date = new Date(at)
  return `${date.getUTCDate()} ${months[date.getUTCMonth()]}`
}

/** A duration in one unit, rounded down. */
export function lasting(ms: number): string {
  const units = [
    [24 * 3600_000, 'day'],
    [3600_000, 'hour'],
    [60_000, 'minute'],
    [1000, 'second'],
  ] as const
  for (const [length, unit] of units) {
    const count = Math.floor(ms / length)
    if (count >= (unit === 'hour' ? 2 : unit === 'day' ? 2 : 1)) return `${count} ${unit}${count === 1 ? '' : 's'}`
  }
  return 'less than a second'
}

function element(at: number, form: string, text: string): Html {
  return html`<time datetime="${new Date(at).toISOString()}" data-form="${form}">${text}</time>`
}
