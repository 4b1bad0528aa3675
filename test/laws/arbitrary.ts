/**
 * Values of a contract's types, made from the contract alone: facets, enumerations, cardinality, optional absent and present.
 * Limits: instants lie mostly close together, so that blocks overlap, touch and leave gaps; some lie at the ends of time.
 */
import fc from 'fast-check'
import type { Complex, Field, Scalar } from '../../src/contract/model.ts'
import type { Value } from '../../src/mapping/compile.ts'
import { isXmlText } from '../../src/xml.ts'

type Wire = 'soap' | 'json'

/** A value of this type as its wire's reader hands it on: text on the SOAP side, JSON values on the other. */
export function messageOf(type: Complex, wire: Wire): fc.Arbitrary<Value> {
  const shape = Object.fromEntries(type.fields.map((field) => [field.name, fieldOf(field, wire)]))
  return fc.record(shape).map((value) => {
    // JSON leaves out what is absent; the 1.0 decoder has every field, in contract order.
    if (wire === 'json') for (const name of Object.keys(value)) if (value[name] === undefined) delete value[name]
    return value
  })
}

function fieldOf(field: Field, wire: Wire): fc.Arbitrary<unknown> {
  const one = field.type.kind === 'complex' ? messageOf(field.type, wire) : scalarOf(field.type, wire)
  const item = field.nillable ? fc.oneof({ weight: 20, arbitrary: one }, fc.constant(null)) : one
  if (field.max > 1) {
    const sizes = [0, 1, 1, 2, 3, 4, 6].filter((n) => n >= field.min && n <= field.max)
    const list = fc.constantFrom(...sizes).chain((n) => fc.array(item, { minLength: n, maxLength: n }))
    // XML does not tell an empty list from none.
    return list.map((items) => (items.length === 0 && (wire === 'soap' || !field.always) ? undefined : items))
  }
  return field.min === 0 ? fc.option(item, { nil: undefined, freq: 2 }) : item
}

export function scalarOf(type: Scalar, wire: Wire): fc.Arbitrary<unknown> {
  if (type.values) return fc.constantFrom(...type.values)
  switch (type.type) {
    case 'boolean':
      return wire === 'json' ? fc.boolean() : fc.constantFrom('true', 'false', '0', '1')
    case 'instant':
      return instantOf(wire)
    case 'decimal':
    case 'integer':
      return wire === 'json' ? numberOf(type) : decimalOf(type)
    default:
      return textOf(type, wire)
  }
}

function textOf(type: Scalar, wire: Wire): fc.Arbitrary<string> {
  if (type.pattern !== undefined) return fc.stringMatching(new RegExp(`^(?:${type.pattern})$`, 'u'))
  const [least, most] = [type.minLength ?? 0, type.maxLength ?? 600]
  const lengths = fc.constantFrom(least, Math.min(most, least + 1), Math.min(most, 8), Math.min(most, 40), most)
  // A few characters over and over: what matters of a long text is its length and what is in it.
  const sized = (unit: fc.Arbitrary<string>) =>
    fc
      .tuple(lengths, fc.array(unit, { minLength: 1, maxLength: 8 }))
      .map(([n, units]) => Array.from({ length: n }, (_, i) => units[i % units.length]).join(''))
  const plain = fc.constantFrom(...'abcXYZ0123456789-_.')
  const xml = fc.oneof(plain, fc.constantFrom('é', '&', '<', '>', '"', "'", ' ', '\n', '\r', '\t', '電', '🔌', ']'))
  const any = fc.oneof(xml, fc.constantFrom('\u0000', '\u0001', '\ud800', '\udc00', '\ufffe', '\u200b'))
  const texts = fc.oneof(
    { weight: 8, arbitrary: sized(plain) },
    { weight: 3, arbitrary: sized(xml).filter(isXmlText) },
    { weight: wire === 'json' ? 1 : 0, arbitrary: sized(any) },
  )
  if (!type.collapse) return texts
  return texts.map((text) => text.replace(/[ \t\r\n]+/g, '_')).filter((text) => [...text].length >= least)
}

/** Decimal text in all the spellings of XML Schema, within the type's bounds. */
function decimalOf(type: Scalar): fc.Arbitrary<string> {
  const least = type.min ?? (type.exclusiveMin === undefined ? -1000 : type.exclusiveMin + 1)
  const most = Math.min(
    type.max ?? (type.exclusiveMax === undefined ? Number.POSITIVE_INFINITY : type.exclusiveMax - 1),
    1e12,
  )
  const fraction = type.type === 'integer' ? 0 : Math.min(type.fractionDigits ?? 6, 6)
  const whole = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: Math.max(least, 0), max: Math.min(most, 99) }) },
    { weight: 1, arbitrary: fc.maxSafeInteger().map((n) => Math.max(least, Math.min(most, Math.abs(n) % 1e12))) },
    { weight: 1, arbitrary: fc.constant(Math.max(least, Math.min(0, most))) },
  )
  if (fraction === 0)
    return fc
      .tuple(whole, fc.constantFrom('', '0', '00'))
      .map(([n, zeros]) => `${n < 0 ? '-' : ''}${zeros}${Math.abs(n)}`)
  const digits = fc.oneof(
    fc.constant(''),
    fc.constantFrom('5', '25', '125', '1', '3', '333', '10', '0'),
    fc.nat(999_999).map(String),
  )
  return fc.tuple(whole, digits, fc.constantFrom('', '', '0', '+', '.')).map(([n, tail, style]) => {
    const cutTail = tail.slice(0, fraction)
    if (style === '+' && n >= 0) return cutTail === '' ? `+${n}` : `+${n}.${cutTail}`
    if (style === '.' && n === 0 && cutTail !== '') return `.${cutTail}`
    if (style === '.' && cutTail === '') return `${n}.`
    const text = cutTail === '' ? `${n}` : `${n}.${cutTail}`
    return style === '0' && n >= 0 ? `0${text}` : text
  })
}

function numberOf(type: Scalar): fc.Arbitrary<number> {
  const least = type.min ?? Number.NEGATIVE_INFINITY
  const most = type.max ?? Number.POSITIVE_INFINITY
  const numbers = fc.oneof(
    { weight: 6, arbitrary: fc.nat(999).map((n) => n / 10) },
    { weight: 2, arbitrary: fc.nat(99_999_999).map((n) => n / 10_000) },
    { weight: 1, arbitrary: fc.constantFrom(0, 1 / 3, 0.1 + 0.2, 1e15, 1e-7, 1e21, 5e-324, 123456789.123456) },
    { weight: 1, arbitrary: fc.nat(999).map((n) => -n / 10) },
  )
  const whole = (n: number): number => (type.type === 'integer' ? Math.trunc(n) : n)
  return numbers.map((n) => whole(n < least || n > most ? Math.min(most, Math.max(least, Math.abs(n))) : n))
}

const start = Date.parse('2026-03-02T20:00:00Z')
const quarter = 15 * 60_000

/** Instants around the evening of 2 March 2026: most on a quarter of an hour, some off it, a few far away. */
const moments = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 0, max: 24 }).map((n) => start + n * quarter) },
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 6 * 60 }).map((n) => start + n * 60_000) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 6 * 3_600_000 }).map((n) => start + n) },
)

function instantOf(wire: Wire): fc.Arbitrary<string> {
  const zones = fc.oneof(
    { weight: 30, arbitrary: fc.constant('Z') },
    { weight: 10, arbitrary: fc.constantFrom('+01:00', '-05:30', '+14:00', '-14:00', '+00:00', '-00:00') },
    { weight: wire === 'soap' ? 1 : 0, arbitrary: fc.constant('') },
  )
  const spelled = fc
    .tuple(moments, zones, fc.constantFrom('', '.5', '.0000000', 'full', '.1230000'))
    .map(([at, zone, tail]) => {
      const minutes =
        zone.length === 6 ? (zone[0] === '-' ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4))) : 0
      const local = new Date(at + minutes * 60_000).toISOString().slice(0, -1)
      return `${tail === 'full' ? local : local.slice(0, 19) + tail}${zone}`
    })
  const edges = fc.constantFrom(
    '2024-02-29T23:59:59.999Z',
    '0001-01-01T00:00:00Z',
    '9999-12-31T23:59:59.999Z',
    '2026-03-02T23:00:00.0001Z',
    ...(wire === 'soap' ? ['2026-03-02T24:00:00Z', '2026-03-02T23:59:60Z'] : []),
  )
  return fc.oneof({ weight: 250, arbitrary: spelled }, { weight: 1, arbitrary: edges })
}
