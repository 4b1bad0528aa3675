/**
 * How alike two fields of OSCP 1.0 dialects are, from 0 to 1: by what their names mean, how they are spelled, and their types.
 * Limits: a guess for a person to confirm, never a fact; fields whose types cannot stand for each other score 0.
 */
import { distance } from 'fastest-levenshtein'
import type { Field, Scalar } from '../../contract/model.ts'

/** Words that vendors use for one thing; a word may mean several. */
const meanings: Readonly<Record<string, string>> = {
  cable: 'cable station feeder line location site node transformer substation connection ean group grid',
  id: 'id identifier number no nr code ref reference key name',
  forecast: 'forecast schedule plan prediction program programme profile',
  start: 'start from begin since',
  end: 'end until till to stop',
  time: 'time date datetime at timestamp moment',
  capacity: 'capacity limit power max maximum amount value load budget allowance',
  unit: 'unit units uom',
  block: 'block slot period interval quarter entry item',
  energy: 'energy consumption usage used consumed volume kwh wh',
  meter: 'meter reading register counter',
  status: 'status result state code outcome acknowledge acknowledgement ack',
  info: 'info message reason text remark remarks description note comment detail',
  heartbeat: 'heartbeat keepalive keep alive ping life',
  current: 'current server now',
  send: 'update publish send set push submit notify put report post',
  adjust: 'adjust adjusted adjustment change request requested',
  get: 'get query fetch read retrieve',
}

const byWord = new Map<string, Set<string>>()
for (const [meaning, words] of Object.entries(meanings))
  for (const word of words.split(' ')) byWord.set(word, (byWord.get(word) ?? new Set()).add(meaning))

function wordsOf(name: string): string[] {
  const spaced = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
  return spaced.split(/[^A-Za-z]+/).flatMap((word) => (word ? [word.toLowerCase()] : []))
}

const shares = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean => [...a].some((meaning) => b.has(meaning))

export function nameLikeness(a: string, b: string): number {
  const [left, right] = [a, b].map((name) => wordsOf(name).map((word) => byWord.get(word) ?? new Set([word])))
  const common = left!.filter((word) => right!.some((other) => shares(word, other))).length
  const back = right!.filter((word) => left!.some((other) => shares(word, other))).length
  const meant = (common + back) / Math.max(1, left!.length + right!.length)
  const [short, long] = [a.toLowerCase(), b.toLowerCase()]
  const spelled = 1 - distance(short, long) / Math.max(short.length, long.length, 1)
  return Math.max(meant, spelled)
}

/** A vendor's field and one of the base dialect. */
export function likeness(vendor: Field, base: Field): number {
  if (vendor.type.kind === 'complex' || base.type.kind === 'complex' || vendor.max > 1 !== base.max > 1) return 0
  const fit = typeFit(vendor.type, base.type)
  return fit === 0 ? 0 : 0.7 * nameLikeness(vendor.name, base.name) + 0.3 * fit
}

function typeFit(vendor: Scalar, base: Scalar): number {
  if (base.values) {
    if (vendor.type !== 'text') return 0
    if (!vendor.values) return 0.3
    const known = base.values.filter((value) => counterpart(value, vendor.values!) !== undefined)
    return known.length / base.values.length
  }
  if (vendor.values) return 0
  if (vendor.type === base.type) return 1
  // Names may be numbers, and amounts whole ones.
  return vendor.type === 'integer' && (base.type === 'text' || base.type === 'decimal') ? 0.7 : 0
}

const sameValue: Readonly<Record<string, string>> = {
  A: 'A AMP AMPS AMPERE AMPERES',
  W: 'W WATT WATTS',
  KW: 'KW KILOWATT KILOWATTS',
  WH: 'WH WATTHOUR WATTHOURS',
  KWH: 'KWH KILOWATTHOUR KILOWATTHOURS',
  ACCEPTED: 'ACCEPTED ACCEPT OK ACK SUCCESS TRUE GRANTED',
  REJECTED: 'REJECTED REJECT DENIED NOK NACK ERROR FAILED FAILURE FALSE REFUSED',
  PENDING: 'PENDING PROCESSING DEFERRED WAITING',
}

/** The value among these that says the same, if one does. */
export function counterpart(value: string, among: readonly string[]): string | undefined {
  const plain = (text: string) => text.toUpperCase().replace(/[^A-Z0-9]/g, '')
  const same = new Set((sameValue[plain(value)] ?? plain(value)).split(' '))
  return among.find((other) => plain(other) === plain(value)) ?? among.find((other) => same.has(plain(other)))
}
