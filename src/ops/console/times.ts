/**
 * Instants and durations as people read them: in UTC as the server writes them, and in the reader's zone once a script has run.
 * Limits: the exact instant always stands in `datetime`, and in the title.
 */
import { type Html, html } from './html.ts'

/** `22:15 UTC` on the day that is, `2 Mar 22:15 UTC` on any other. */
export function clock(at: number, now: number): Html {
  return element(at, 'clock', clockText(at, now))
}

/** `4 minutes ago`. */
export function ago(at: number, now: number): Html {
  const distance = now - at
  const text =
    Math.abs(distance) < 1500 ? 'now' : distance > 0 ? `${lasting(distance)} ago` : `in ${lasting(-distance)}`
  return element(at, 'ago', text)
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
  const iso = new Date(at).toISOString()
  const isToday = iso.slice(0, 10) === new Date(now).toISOString().slice(0, 10)
  return `${isToday ? '' : `${dayText(at)} `}${iso.slice(11, 16)} UTC`
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
  const iso = new Date(at).toISOString()
  return html`<time datetime="${iso}" data-form="${form}" title="${iso.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')}">${text}</time>`
}
