/**
 * Whether a translated value is what its target's contract says, told by the contract's own reader and by hand: no field too
 * many, none missing, every value in its facets.
 */
import type { Complex, Field, Scalar } from '../../src/contract/model.ts'
import { compileCheck } from '../../src/contract/scalar.ts'
import type { Value } from '../../src/mapping/compile.ts'
import { ElementDecoder } from '../../src/soap/decode.ts'
import { compileEncoder } from '../../src/soap/encode.ts'
import { compileElement } from '../../src/soap/slots.ts'
import { readXml } from '../../src/xml.ts'
import type { End } from './ways.ts'

/** What is wrong with this value as a message of that contract; empty when nothing is. */
export function problemsWith(value: Value, end: End): string[] {
  const problems = [...complex(value, end.type, end.wire, '')]
  if (problems.length === 0) readBack(value, end)
  return problems
}

/** What the receiver reads: after JSON, or after XML. Throws what the contract's own reader throws. */
export function readBack(value: Value, end: End): Value {
  if (end.wire === 'json') return end.contract.messages.get(end.name)!.accept!(JSON.parse(JSON.stringify(value)))
  const { encode, element } = wireOf(end)
  const decoder = new ElementDecoder(element)
  readXml(encode(value), decoder)
  return decoder.value() as Value
}

const wires = new WeakMap<Complex, { encode: (value: Value) => string; element: ReturnType<typeof compileElement> }>()

function wireOf(end: End) {
  const known = wires.get(end.type)
  if (known) return known
  const operation = end.contract.services.flatMap((s) => s.operations).find((o) => o.name === end.name)!
  const made = { encode: compileEncoder(operation[end.side]), element: compileElement(operation[end.side]) }
  wires.set(end.type, made)
  return made
}

function* complex(value: Value, type: Complex, wire: End['wire'], at: string): Generator<string> {
  const known = new Set(type.fields.map((field) => field.name))
  for (const name of Object.keys(value))
    if (!known.has(name) && value[name] !== undefined) yield `${at}${name} is not in the contract`
  for (const field of type.fields) {
    const found = value[field.name]
    const path = `${at}${field.name}`
    if (field.max > 1) yield* list(found, field, wire, path)
    else if (found === undefined) {
      if (field.min > 0) yield `${path} is missing`
    } else yield* one(found, field.type, wire, path)
  }
}

function* list(found: unknown, field: Field, wire: End['wire'], path: string): Generator<string> {
  if (found === undefined) {
    if (field.min > 0 || field.always) yield `${path} is missing`
    return
  }
  if (!Array.isArray(found)) return yield `${path} is no list`
  if (found.length < field.min) yield `${path} has too few items`
  // An optional list of JSON with nothing in it is left out.
  if (found.length === 0 && wire === 'json' && !field.always) yield `${path} is empty`
  for (const [i, item] of found.entries()) yield* one(item, field.type, wire, `${path}[${i}]`)
}

function* one(found: unknown, type: Scalar | Complex, wire: End['wire'], path: string): Generator<string> {
  if (type.kind === 'complex') {
    if (typeof found !== 'object' || found === null) return yield `${path} is no object`
    return yield* complex(found as Value, type, wire, `${path}.`)
  }
  const expected =
    wire === 'soap' ? 'string' : { decimal: 'number', integer: 'number', boolean: 'boolean' }[type.type as 'decimal']
  if (typeof found !== (expected ?? 'string')) return yield `${path} is a ${typeof found}`
  if (type.type === 'instant') {
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(found as string)) yield `${path} is not UTC with milliseconds`
    return
  }
  const wrong = compileCheck(wire === 'json' && type.type === 'decimal' ? { ...type, exponent: true } : type)(
    String(found),
  )
  if (wrong !== undefined) yield `${path} ${wrong}`
}
