/**
 * Prints a value of a JSON contract by code that is written when it is first needed; it makes the same text as JSON.stringify.
 * Limits: it trusts the value to be what `accept` or the mapping engine made: numbers finite, instants and enumerated values as
 * the contract has them, nothing beyond its fields.
 */
import { Functions, joined, type Piece, quoted } from './code.ts'
import { decimalText } from './decimal.ts'
import type { Complex, Field } from './model.ts'

export type Printer = (value: Record<string, unknown>) => string

/** Compiles the printer of objects of this type, absent fields left out. */
export function compilePrinter(type: Complex): Printer {
  let print: Printer | undefined
  return (value) => {
    print ??= written(type)
    return print(value)
  }
}

function written(type: Complex): Printer {
  const functions = new Functions({ decimalText })
  return functions.compiled(objectPrinter(type, functions)) as Printer
}

function objectPrinter({ fields }: Complex, functions: Functions): string {
  const isRequired = ({ min }: Field) => min > 0
  const pieces = fields.flatMap((field, i): Piece[] => {
    const member = [{ text: `,${JSON.stringify(field.name)}:` }, ...contentOf(field, `v${i}`, functions)]
    return isRequired(field) ? member : [{ code: `(v${i} === undefined ? '' : ${joined(member)})` }]
  })
  const [first, ...rest] = pieces
  const missing = fields.flatMap((field, i) => (isRequired(field) ? [`v${i} === undefined`] : []))
  return functions.add('value', [
    ...fields.map(({ name }, i) => `const v${i} = value[${quoted(name)}]`),
    ...(missing.length === 0 ? [] : [`if (${missing.join(' || ')}) return JSON.stringify(value)`]),
    first !== undefined && 'text' in first
      ? `return ${joined([{ text: `{${first.text.slice(1)}` }, ...rest, { text: '}' }])}`
      : `return '{' + (${joined(pieces)}).slice(1) + '}'`,
  ])
}

function contentOf(field: Field, value: string, functions: Functions): Piece[] {
  if (field.max <= 1) return oneOf(field.type, value, functions)
  const item = joined([{ code: `(i === 0 ? '[' : ',')` }, ...oneOf(field.type, 'items[i]', functions)])
  const list = functions.add('items', [
    `let text = ''`,
    `for (let i = 0; i < items.length; i++) text += ${item}`,
    `return text === '' ? '[]' : text + ']'`,
  ])
  return [{ code: `${list}(${value})` }]
}

function oneOf(type: Field['type'], value: string, functions: Functions): Piece[] {
  if (type.kind === 'complex') return [{ code: `${objectPrinter(type, functions)}(${value})` }]
  const isPlain = type.type === 'instant' || type.values?.every((known) => JSON.stringify(known) === `"${known}"`)
  if (isPlain) return [{ text: '"' }, { code: value }, { text: '"' }]
  if (type.type === 'text') return [{ code: `JSON.stringify(${value})` }]
  return [{ code: type.type === 'decimal' ? `decimalText(${value})` : value }]
}
