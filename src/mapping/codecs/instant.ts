/**
 * One instant: any RFC 3339 or xs:dateTime text with an offset in, UTC with exactly three fraction digits out.
 * Limits: what milliseconds cannot hold, leap seconds, and local times that do not exist or exist twice are refused.
 */
import { Temporal } from 'temporal-polyfill'
import { type Bytes, copied, type Words, wordsOf } from '../../bytes.ts'

const form = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:?\d\d)?$/

/** One instant as both wires get it. */
export interface Instant {
  /** Milliseconds since 1970 UTC. */
  readonly at: number
  /** UTC, three fraction digits. */
  readonly text: string
}

/**
 * Forecasts of one day are about the same quarter hours, and name each several times: so both ways are remembered, as many as
 * the largest forecast has: with fewer, it would forget each before it comes to it again.
 */
const remembered = 16_384
const read = new Map<string, Known>()
const printed = new Map<number, Known>()

interface Known extends Instant {
  readonly words: Words
  /** What came after it in the last message: mostly it does again. */
  next: Known | undefined
}

/** The instant of a text, or a sentence that says why it is none. `zone` is for times without offset. */
export function readInstant(text: string, zone?: string): Instant | string {
  // Most steps come to the instants of a message in the order that they were read in, and need not look them up.
  if (text === looked.text) return looked
  const known = text === looked.next?.text ? looked.next : read.get(text)
  if (known !== undefined) {
    looked = known
    return known
  }
  const at = parse(text, zone)
  if (typeof at === 'string') return at
  const instant = print(at)
  // Without Z the text alone does not say which instant it is, or is rare.
  if (text.endsWith('Z')) {
    if (read.size >= remembered) read.clear()
    read.set(text === instant.text ? instant.text : copied(text), instant)
  }
  return instant
}

/** Milliseconds since 1970 UTC, or a sentence that says why this text is no instant. */
export function parseInstant(text: string, zone?: string): number | string {
  const instant = readInstant(text, zone)
  return typeof instant === 'string' ? instant : instant.at
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
  return print(instant).text
}

function print(at: number): Known {
  const known = printed.get(at)
  if (known !== undefined) return known
  const text = new Date(at).toISOString()
  const made = { at, text, words: wordsOf(text), next: undefined }
  if (printed.size >= remembered) printed.clear()
  printed.set(at, made)
  return made
}

/** What was read last of a message, and what a step looked at last. */
let last: Known = print(0)
let looked: Known = last

function inTurn(next: Known): Known {
  last.next = next
  last = next
  return next
}

/**
 * The same text, but one that is known already, where it is that of an instant as we write it; undefined for any other.
 * A text just cut out of a message is slow to look up, but not to compare, and is read digit by digit in less time.
 */
export function canonicalInstant(text: string): string | undefined {
  // A block mostly begins where the one before it ends, and ends where it ended in the message before.
  if (text === last.text) return last.text
  if (text === last.next?.text) return inTurn(last.next).text
  const at = readCanonical(text)
  return at === undefined ? undefined : inTurn(print(at)).text
}

/** Moves on behind one of the two instants that are expected next, if it stands here; a text of its own is not even made. */
export function expectedInstant(bytes: Bytes): string | undefined {
  if (bytes.passes(last.words)) return last.text
  const { next } = last
  return next !== undefined && bytes.passes(next.words) ? inTurn(next).text : undefined
}

/** Milliseconds since 1970 UTC of a text that is as we write it. */
function readCanonical(text: string): number | undefined {
  if (text.length !== 24) return undefined
  for (let i = 0; i < marks.length; i++) if (text.charCodeAt(places[i]!) !== marks[i]) return undefined
  const date = (two(text, 0) * 100 + two(text, 2)) * 10_000 + two(text, 5) * 100 + two(text, 8)
  const [hour, minute, second] = [two(text, 11), two(text, 14), two(text, 17)]
  const [tens, ones] = [two(text, 20), two(text, 21)]
  if (hour > 23 || minute > 59 || second > 59 || tens > 99 || ones > 99) return undefined
  const day = dayOf(date)
  return day === undefined ? undefined : day + (hour * 3600 + minute * 60 + second) * 1000 + tens * 10 + (ones % 10)
}

const places = [4, 7, 10, 13, 16, 19, 23]
const marks = [...'--T::.Z'].map((mark) => mark.charCodeAt(0))
/** Larger than anything two digits can say, whatever it is multiplied with. */
const noDigits = 1_000_000

function two(text: string, at: number): number {
  const [tens, ones] = [text.charCodeAt(at) - 48, text.charCodeAt(at + 1) - 48]
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : noDigits
}

let lastDate = -1
let lastDay: number | undefined

/** The first instant of a day written as one number, 20260302; undefined for a day that does not exist. The last one is remembered. */
function dayOf(date: number): number | undefined {
  if (date === lastDate) return lastDay
  const [year, month, day] = [Math.floor(date / 10_000), Math.floor(date / 100) % 100, date % 100]
  const at = new Date(0).setUTCFullYear(year, month - 1, day)
  const exists = year <= 9999 && new Date(at).getUTCMonth() === month - 1 && new Date(at).getUTCDate() === day
  lastDate = date
  lastDay = exists ? at : undefined
  return lastDay
}
