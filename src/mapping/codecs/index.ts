/**
 * The closed set of codecs: one value, converted both ways, or refused with a sentence that never repeats it.
 * Limits: on the 1.0 side values are text of their lexical type, on the 2.0 side JSON values.
 */
import { decimalOf, decimalText, mostDigits } from '../../contract/decimal.ts'
import type { Scalar } from '../../contract/model.ts'
import { isXmlText, toXmlText } from '../../xml.ts'
import type { CodecRef, Fidelity, Reasons } from '../rules.ts'
import type { Run } from '../run.ts'
import { readInstant } from './instant.ts'

export interface Codec {
  /** What an auditor reads in the mapping page. */
  readonly title: string
  readonly fidelity: Fidelity
  /** Whether it changes what this value says; without it, whether the value comes out different. */
  alters?(value: unknown): boolean
  /** Stands in, upwards, for a value that is absent. */
  readonly absent?: string | undefined
  toModern(value: unknown, run: Run, path: string): unknown
  toLegacy(value: unknown, run: Run, path: string): unknown
  /** Why this codec cannot stand between these two types, or undefined when it can. */
  misfit(legacy: Scalar, modern: Scalar): string | undefined
}

export function codecFor(ref: CodecRef): Codec {
  if (ref.use === 'instant') return instantCodec
  if (ref.use === 'decimal') return decimalCodec
  if (ref.use === 'whole') return wholeCodec
  if (ref.use === 'text') return textCodec(ref.maxLength, ref.absent)
  if (ref.use === 'ids') return idCodec
  return enumCodec(ref)
}

/** For `same`: text as it is. */
export const copyCodec: Codec = {
  title: 'copied',
  fidelity: 'exact',
  toModern: (value) => value,
  toLegacy: (value, run, path) =>
    isXmlText(value as string) ? value : run.refuse(path, 'must not hold characters that XML cannot carry'),
  misfit: (legacy, modern) => {
    if (!isName(legacy) || modern.type !== 'text') return 'is not text on both sides'
    return legacy.values || modern.values ? 'is an enumeration, which needs a table' : undefined
  },
}

/** Names may be numbers on the 1.0 wire: they are text all the same, and what is no number is refused towards it. */
function isName(legacy: Scalar): boolean {
  return legacy.type === 'text' || legacy.type === 'integer'
}

function isNumber(legacy: Scalar): boolean {
  return legacy.type === 'decimal' || legacy.type === 'integer'
}

const instantCodec: Codec = {
  title: 'same instant, UTC with milliseconds',
  fidelity: 'exact',
  toModern: convertInstant,
  toLegacy: convertInstant,
  misfit: (legacy, modern) =>
    legacy.type === 'instant' && modern.type === 'instant' ? undefined : 'is not an instant on both sides',
}

function convertInstant(value: unknown, run: Run, path: string): string {
  const instant = readInstant(value as string, run.context.zone)
  return typeof instant === 'string' ? run.refuse(path, instant, 'invalid-message') : instant.text
}

const decimalCodec: Codec = {
  title: 'same number',
  fidelity: 'exact',
  toModern: (value, run, path) => toNumber(value as string, run, path),
  toLegacy: (value, run, path) =>
    Number.isFinite(value) ? printDecimal(value as number) : run.refuse(path, 'must be a finite number'),
  misfit: (legacy, modern) =>
    // Whole numbers are decimals too; a fraction that such a type cannot carry is refused.
    isNumber(legacy) && modern.type === 'decimal' ? undefined : 'is not a decimal number on both sides',
}

/** Only for limits: less than was allowed is safe. */
const wholeCodec: Codec = {
  title: 'same number, towards OSCP 1.0 rounded down to a whole one',
  fidelity: 'safe',
  toModern: (value, run, path) => toNumber(value as string, run, path),
  toLegacy: (value, run, path) => decimalCodec.toLegacy(Math.floor(value as number), run, path),
  alters: (value) => typeof value === 'number' && !Number.isInteger(value),
  misfit: (legacy, modern) =>
    legacy.type === 'integer' && modern.type === 'decimal'
      ? undefined
      : 'is not a whole number here and a decimal there',
}

/** The number that a decimal text states; refused where a JSON number would state another. */
export function toNumber(text: string, run: Run, path: string): number {
  const plain = plainNumber(text)
  if (plain !== undefined) return plain
  const number = Number(text)
  if (run.context.ownFigures) return number
  // xs:double is the same double as a JSON number; only what is too large for it cannot be stated.
  if (/[eE]/.test(text)) return Number.isFinite(number) ? number : run.refuse(path, 'must not be larger than a double')
  // A double holds 15 significant decimal digits exactly; only a long text can have more.
  if (text.length > mostDigits && digits(text) > mostDigits)
    run.refuse(path, `must not have more than ${mostDigits} significant digits`)
  // At the far ends a double has fewer digits, or none.
  const isFar = Math.abs(number) > 1e300 || (Math.abs(number) < 1e-300 && /[1-9]/.test(text))
  if (isFar) run.refuse(path, 'must be in the range of a double-precision number')
  return number === 0 ? 0 : number
}

/** The number that a short decimal without a sign states, undefined for other texts. */
function plainNumber(text: string): number | undefined {
  if (text.length > mostDigits) return undefined
  let whole = 0
  let point = -1
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48
    if (digit >= 0 && digit <= 9) whole = whole * 10 + digit
    else if (digit === -2 && point === -1) point = i
    else return undefined
  }
  return decimalOf(whole, point === -1 ? 0 : text.length - point - 1)
}

function digits(text: string): number {
  const [whole, fraction = ''] = text.replace(/^[+-]/, '').split('.') as [string, string?]
  const all = fraction.replace(/0+$/, '') === '' ? whole.replace(/0+$/, '') : whole + fraction.replace(/0+$/, '')
  return all.replace(/^0+/, '').length
}

/** A double as xs:decimal text: the same value, never an exponent, never -0. */
export function printDecimal(value: number): string {
  const text = decimalText(value)
  if (!text.includes('e')) return text
  const [mantissa, exponent] = text.split('e')
  const sign = mantissa!.startsWith('-') ? '-' : ''
  const [whole, fraction = ''] = mantissa!.replace('-', '').split('.')
  const point = whole!.length + Number(exponent)
  const all = whole + fraction
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${all}`
  return `${sign}${all.padEnd(point, '0').slice(0, point)}${all.length > point ? `.${all.slice(point)}` : ''}`
}

function textCodec(maxLength: number, absent: string | undefined): Codec {
  return {
    title: `free text, at most ${maxLength} characters of what XML can carry`,
    fidelity: 'approximate',
    absent,
    toModern: (value) => value,
    toLegacy: (value) => cut(toXmlText(value as string), maxLength),
    misfit: (legacy, modern) => {
      if (legacy.type !== 'text' || modern.type !== 'text') return 'is not text on both sides'
      return maxLength > (legacy.maxLength ?? maxLength)
        ? `may be longer than ${legacy.maxLength} characters`
        : undefined
    },
  }
}

/** XSD counts characters, so the cut never falls inside a surrogate pair. */
function cut(text: string, most: number): string {
  return text.length <= most ? text : [...text].slice(0, most).join('')
}

const idCodec: Codec = {
  title: "the link's table of cables and groups",
  fidelity: 'exact',
  toModern: (value, run, path) =>
    run.context.groups.toModern(value as string) ?? run.refuse(path, 'is not known on this link', 'group-unknown'),
  toLegacy(value, run, path) {
    const id =
      run.context.groups.toLegacy(value as string) ?? run.refuse(path, 'is not known on this link', 'group-unknown')
    if (id === '' || [...id].length > 255 || !isXmlText(id))
      run.refuse(path, 'must have 1 to 255 characters that XML can carry')
    return id
  },
  misfit: (legacy, modern) => (isName(legacy) && modern.type === 'text' ? undefined : 'is not text on both sides'),
}

function enumCodec(ref: CodecRef & { use: 'enum' }): Codec {
  const read = ref.read ?? []
  const up = new Map([...ref.pairs, ...read])
  const down = new Map(ref.pairs.map(([legacy, modern]) => [modern, legacy]))
  const look = (table: Map<string, string>, refused: Reasons) => {
    return (value: unknown, run: Run, path: string): string =>
      table.get(value as string) ?? run.refuse(path, reasonFor(value as string, refused) ?? 'is not a known value')
  }
  return {
    title: `table "${ref.name}": ${[...ref.pairs.map(([l, m]) => `${l} ↔ ${m}`), ...read.map(([l, m]) => `${l} → ${m}`)].join(', ')}`,
    fidelity: 'exact',
    toModern: look(up, ref.refusedLegacy),
    toLegacy: look(down, ref.refusedModern),
    misfit: (legacy, modern) =>
      ambiguous(
        [...ref.pairs, ...read].map(([value]) => value),
        ref.refusedLegacy,
      ) ??
      ambiguous(
        ref.pairs.map(([, value]) => value),
        ref.refusedModern,
      ) ??
      uncovered(legacy, up, ref.refusedLegacy, 'legacy') ??
      uncovered(modern, down, ref.refusedModern, 'modern'),
  }
}

function reasonFor(value: string, refused: Reasons): string | undefined {
  return Object.hasOwn(refused, value) ? refused[value] : undefined
}

/** A value must have one meaning: one counterpart, or one reason why there is none. */
function ambiguous(values: readonly string[], refused: Reasons): string | undefined {
  const twice = values.find((value, i) => values.indexOf(value) !== i || Object.hasOwn(refused, value))
  if (twice !== undefined) return `says more than one thing of the value ${twice}`
  const bare = Object.keys(refused).find((value) => !refused[value]!.trim())
  return bare === undefined ? undefined : `needs a reason why ${bare} is refused`
}

function uncovered(type: Scalar, table: Map<string, string>, refused: Reasons, side: string): string | undefined {
  const values = type.values
  // A 1.0 contract that says only "text" is held to the table: any other value is refused.
  if (!values && type.type === 'text' && side === 'legacy') return undefined
  if (!values) return `is not an enumeration on the ${side} side`
  const missing = values.filter((v) => !table.has(v) && !Object.hasOwn(refused, v))
  const unknown = [...table.keys(), ...Object.keys(refused)].filter((v) => !values.includes(v))
  if (missing.length > 0) return `has no entry for the ${side} value ${missing.join(', ')}`
  return unknown.length > 0 ? `lists ${unknown.join(', ')}, which the ${side} side does not have` : undefined
}
