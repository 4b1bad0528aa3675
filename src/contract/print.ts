/**
 * Prints a value of a JSON contract: every name and quote fixed when the contract is compiled, the same text as JSON.stringify's.
 * Limits: it trusts the value to be what `accept` or the mapping engine made: numbers finite, instants and enumerated values as
 * the contract has them, nothing beyond its fields.
 */
import type { Complex, Field } from './model.ts'

export type Printer = (value: Record<string, unknown>) => string

/** Compiles the printer of objects of this type, absent fields left out. */
export function compilePrinter({ fields }: Complex): Printer {
  const names = fields.map(({ name }) => name)
  const heads = names.map((name) => `${JSON.stringify(name)}:`)
  const printers = fields.map(compileField)
  return (value) => {
    let text = ''
    for (let i = 0; i < names.length; i++) {
      const content = value[names[i]!]
      if (content !== undefined) text += (text === '' ? '{' : ',') + heads[i]! + printers[i]!(content)
    }
    return text === '' ? '{}' : `${text}}`
  }
}

function compileField({ type, max }: Field): (content: unknown) => string {
  const one = compileOne(type)
  if (max <= 1) return one
  return (items) => {
    let text = ''
    for (const item of items as readonly unknown[]) text += (text === '' ? '[' : ',') + one(item)
    return text === '' ? '[]' : `${text}]`
  }
}

function compileOne(type: Field['type']): (content: unknown) => string {
  if (type.kind === 'complex') return compilePrinter(type) as (content: unknown) => string
  if (type.type === 'text') {
    // Printed once, because they are the same in every item.
    const known = new Map(type.values?.map((value) => [value, JSON.stringify(value)]))
    return (content) => known.get(content as string) ?? JSON.stringify(content)
  }
  return type.type === 'instant' ? (content) => `"${content}"` : (content) => `${content}`
}
