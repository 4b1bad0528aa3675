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
    for (let i = 0; i < parts.length; i++) xml += parts[i]!(value)
    return xml
  }
}

function compileChild(field: Field, prefixes: Map<string, string>): Encoder {
  const { name, max } = field
  const one = compileOne(field, `${prefixes.get(field.uri)}${name}`, prefixes)
  if (max <= 1)
    return (value) => {
      const item = value[name]
      return item === undefined ? '' : one(item)
    }
  return (value) => {
    let xml = ''
    for (const item of (value[name] as unknown[] | undefined) ?? []) xml += one(item)
    return xml
  }
}

function compileOne({ type }: Field, tag: string, prefixes: Map<string, string>): (item: unknown) => string {
  const [start, end] = [`<${tag}>`, `</${tag}>`]
  if (type.kind === 'complex') {
    const attributes = type.fields.some((f) => f.attribute) ? compileAttributes(type, prefixes) : undefined
    const content = compileContent(type, prefixes)
    if (!attributes) return (item) => start + content(item as Value) + end
    return (item) => `<${tag}${attributes(item as Value)}>${content(item as Value)}${end}`
  }
  const nil = `<${tag} xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/>`
  // Numbers and times are written by codecs, and hold nothing that XML would take for something else.
  if (type.type === 'decimal' || type.type === 'instant')
    return (item) => (item === null ? nil : start + (item as string) + end)
  return (item) => (item === null ? nil : start + escapeText(item as string) + end)
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
