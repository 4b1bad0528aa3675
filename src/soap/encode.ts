/**
 * Encodes a contract's value as XML: children in schema order, every name and prefix fixed when the contract is compiled.
 * Limits: it trusts its input to be what the mapping engine produced; text is escaped, never checked.
 */
import type { Complex, Field, Message } from '../contract/model.ts'
import { escapeAttribute, escapeText } from '../xml.ts'
import type { Value } from './slots.ts'

export type Encoder = (value: Value) => string

/** Compiles the encoder of one message element, with its namespaces declared on it. */
export function compileEncoder(message: Message): Encoder {
  const prefixes = new Map<string, string>([['', '']])
  collect(message.uri, message.type, prefixes)
  const declarations = [...prefixes]
    .filter(([uri]) => uri !== '')
    .map(([uri, prefix]) => ` xmlns:${prefix.slice(0, -1)}="${escapeAttribute(uri)}"`)
    .join('')
  const name = `${prefixes.get(message.uri)}${message.name}`
  const attributes = compileAttributes(message.type, prefixes)
  const content = compileContent(message.type, prefixes)
  return (value) => `<${name}${declarations}${attributes(value)}>${content(value)}</${name}>`
}

function collect(uri: string, type: Complex, prefixes: Map<string, string>): void {
  if (!prefixes.has(uri)) prefixes.set(uri, `n${prefixes.size}:`)
  for (const field of type.fields) {
    if (!prefixes.has(field.uri)) prefixes.set(field.uri, `n${prefixes.size}:`)
    if (field.type.kind === 'complex') collect(field.uri, field.type, prefixes)
  }
}

function compileContent(type: Complex, prefixes: Map<string, string>): Encoder {
  const parts = type.fields.filter((f) => !f.attribute).map((field) => compileChild(field, prefixes))
  return (value) => {
    let xml = ''
    for (const part of parts) xml += part(value)
    return xml
  }
}

function compileChild(field: Field, prefixes: Map<string, string>): Encoder {
  const { name, max, type } = field
  const tag = `${prefixes.get(field.uri)}${name}`
  const nil = `<${tag} xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/>`
  let one: (item: unknown) => string
  if (type.kind === 'complex') {
    const attributes = compileAttributes(type, prefixes)
    const content = compileContent(type, prefixes)
    one = (item) => `<${tag}${attributes(item as Value)}>${content(item as Value)}</${tag}>`
  } else one = (item) => (item === null ? nil : `<${tag}>${escapeText(item as string)}</${tag}>`)
  if (max <= 1) return (value) => (value[name] === undefined ? '' : one(value[name]))
  return (value) => {
    let xml = ''
    for (const item of (value[name] as unknown[] | undefined) ?? []) xml += one(item)
    return xml
  }
}

function compileAttributes(type: Complex, prefixes: Map<string, string>): Encoder {
  const attributes = type.fields.filter((f) => f.attribute)
  if (attributes.length === 0) return () => ''
  return (value) =>
    attributes
      .filter((f) => value[f.name] !== undefined)
      .map((f) => ` ${prefixes.get(f.uri)}${f.name}="${escapeAttribute(value[f.name] as string)}"`)
      .join('')
}
