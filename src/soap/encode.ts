/**
 * Encodes a contract's value as XML, children in schema order, by code that is written when it is first needed.
 * Limits: it trusts its input to be what the mapping engine produced; text is escaped, never checked.
 */
import { Functions, joined, type Piece, quoted } from '../contract/code.ts'
import type { Complex, Field, Message } from '../contract/model.ts'
import { escapeAttribute, escapeText } from '../xml.ts'
import type { Value } from './slots.ts'

export type Encoder = (value: Value) => string

/** Compiles the encoder of one message element, with its namespaces declared on it. */
export function compileEncoder(message: Message): Encoder {
  let encode: Encoder | undefined
  return (value) => {
    encode ??= new Writer(message).encoder()
    return encode(value)
  }
}

class Writer {
  private readonly functions = new Functions({ escapeAttribute, escapeText })
  private readonly prefixes = new Map<string, string>([['', '']])
  private readonly message: Message

  constructor(message: Message) {
    this.message = message
    this.collect(message.uri, message.type)
  }

  encoder(): Encoder {
    const { uri, name, type } = this.message
    const declarations = [...this.prefixes]
      .filter(([uri]) => uri !== '')
      .map(([uri, prefix]) => ` xmlns:${prefix.slice(0, -1)}="${escapeAttribute(uri)}"`)
    const element = this.complex(`${this.prefixes.get(uri)}${name}`, type, 'value', declarations.join(''))
    return this.functions.compiled(this.functions.add('value', [`return ${joined(element)}`])) as Encoder
  }

  private collect(uri: string, type: Complex): void {
    const { prefixes } = this
    if (!prefixes.has(uri)) prefixes.set(uri, `n${prefixes.size}:`)
    for (const field of type.fields) {
      if (!prefixes.has(field.uri)) prefixes.set(field.uri, `n${prefixes.size}:`)
      if (field.type.kind === 'complex') this.collect(field.uri, field.type)
    }
  }

  /** An element with others in it. `value` is code for what it holds. */
  private complex(tag: string, { fields }: Complex, value: string, declarations = ''): Piece[] {
    const named = fields.map((field, i) => ({ field, value: `v${i}` }))
    const inner = this.functions.add('value', [
      ...named.map(({ field, value }) => `const ${value} = value[${quoted(field.name)}]`),
      `return ${joined([
        ...named.filter(({ field }) => field.attribute).map(({ field, value }) => this.attribute(field, value)),
        { text: '>' },
        ...named.filter(({ field }) => !field.attribute).map(({ field, value }) => this.child(field, value)),
      ])}`,
    ])
    return [{ text: `<${tag}${declarations}` }, { code: `${inner}(${value})` }, { text: `</${tag}>` }]
  }

  private attribute({ uri, name }: Field, value: string): Piece {
    const text = joined([
      { text: ` ${this.prefixes.get(uri)}${name}="` },
      { code: `escapeAttribute(${value})` },
      { text: '"' },
    ])
    return { code: `(${value} === undefined ? '' : ${text})` }
  }

  private child(field: Field, value: string): Piece {
    if (field.max <= 1) return { code: `(${value} === undefined ? '' : ${this.one(field, value)})` }
    const list = this.functions.add('items', [
      `let xml = ''`,
      `if (items !== undefined) for (let i = 0; i < items.length; i++) xml += ${this.one(field, 'items[i]')}`,
      'return xml',
    ])
    return { code: `${list}(${value})` }
  }

  private one({ uri, name, type }: Field, value: string): string {
    const tag = `${this.prefixes.get(uri)}${name}`
    if (type.kind === 'complex') return `(${joined(this.complex(tag, type, value))})`
    // Numbers and times are written by codecs, and hold nothing that XML would take for something else.
    const isPlain = type.type === 'decimal' || type.type === 'instant'
    const content = { code: isPlain ? value : `escapeText(${value})` }
    const nil = quoted(`<${tag} xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/>`)
    return `(${value} === null ? ${nil} : ${joined([{ text: `<${tag}>` }, content, { text: `</${tag}>` }])})`
  }
}
