/**
 * One instant: any RFC 3339 or xs:dateTime text with an offset in, UTC with exactly three fraction digits out.
 * Limits: what milliseconds cannot hold, leap seconds, and local times that do not exist or exist twice are refused.
 */
import { Temporal } from 'temporal-polyfill'

const form = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:?\d\d)?$/

/** Forecasts of one day are about the same quarter hours, and name each several times: so both ways are remembered. */
const remembered = 4096
const parsed = new Map<string, number>()
const printed = new Map<number, string>()

/** Milliseconds since 1970 UTC, or a sentence that says why this text is no instant. `zone` is for times without offset. */
export function parseInstant(text: string, zone?: string): number | string {
  const known = parsed.get(text)
  if (known !== undefined) return known
  const instant = parse(text, zone)
  // Without Z the text alone does not say which instant it is, or is rare.
  if (typeof instant === 'number' && text.endsWith('Z')) {
    if (parsed.size >= remembered) parsed.clear()
    // A copy, because a piece of a message would keep the whole message in memory.
    parsed.set(Buffer.from(text, 'latin1').toString('latin1'), instant)
  }
  return instant
}

function parse(text: string, zone?: string): number | string {
  const found = form.exec(text)
  if (!found) return 'must be a date and time between the years 0000 and 9999'
  const [, y, mo, d, h, mi, s, fraction = '', offset] = found
  const [year, month, day, hour, minute, second] = [Number(y), Number(mo), Number(d), Number(h), Number(mi), Number(s)]
  if (second === 60) return 'must not be a leap second'
  const endOfDay = hour === 24 && minute === 0 && second === 0 && !/[1-9]/.test(fraction)
  if ((hour > 23 && !endOfDay) || minute > 59 || second > 59) return 'must be a time that exists'
  if (fraction.length > 3 && /[1-9]/.test(fraction.slice(3))) return 'must not be finer than a millisecond'
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return 'must be a day that exists'
  const local = date.setUTCHours(hour, minute, second, Number(fraction.slice(0, 3).padEnd(3, '0')))
  if (offset === undefined) return zone === undefined ? 'must say its offset from UTC' : inZone(local, zone)
  if (offset === 'Z' || offset === 'z') return inRange(local)
  const [hours, minutes] = [Number(offset.slice(1, 3)), Number(offset.slice(-2))]
  if (hours > 14 || minutes > 59 || (hours === 14 && minutes > 0)) return 'must have an offset of at most 14 hours'
  return inRange(local - (offset[0] === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000)
}

function inZone(local: number, zone: string): number | string {
  const wall = Temporal.PlainDateTime.from(new Date(local).toISOString().slice(0, -1))
  try {
    return inRange(wall.toZonedDateTime(zone, { disambiguation: 'reject' }).epochMilliseconds)
  } catch {
    return `must say its offset: this local time does not exist, or exists twice, in ${zone}`
  }
}

const earliest = Date.parse('0000-01-01T00:00:00.000Z')
const latest = Date.parse('9999-12-31T23:59:59.999Z')

function inRange(instant: number): number | string {
  return instant <= latest && instant >= earliest ? instant : 'must be a date and time between the years 0000 and 9999'
}

/** The canonical text both wires get: UTC, three fraction digits. */
export function printInstant(instant: number): string {
  const known = printed.get(instant)
  if (known !== undefined) return known
  const text = new Date(instant).toISOString()
  if (printed.size >= remembered) printed.clear()
  printed.set(instant, text)
  return text
}
