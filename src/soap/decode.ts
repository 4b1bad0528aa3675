/**
 * Decodes an element straight into its contract's shape: cardinality decides lists, the schema decides types, nothing is guessed.
 * Limits: values stay text, exactly as sent; children may come in any order; at most ten problems are reported at once;
 * xsi:type is not gone by: content is held against the declared type, whatever else it says it is.
 */
import type { Complex, Field, Message, Scalar } from '../contract/model.ts'
import { compileCheck } from '../contract/scalar.ts'
import { GatewayError, type Problem } from '../errors.ts'
import type { XmlAttribute } from '../xml.ts'
import { envelopeUri } from './versions.ts'

export type Value = Record<string, unknown>

const xsi = 'http://www.w3.org/2001/XMLSchema-instance'
const xmlns = 'http://www.w3.org/2000/xmlns/'
/** Attributes of these namespaces may stand on any element: they say nothing about the message's content. */
const neutral = new Set([
  xmlns,
  xsi,
  'http://www.w3.org/XML/1998/namespace',
  'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd',
  // encodingStyle, which old stacks put on anything.
  ...Object.values(envelopeUri),
])

interface Frame {
  readonly elements: ReadonlyMap<string, Slot>
  readonly attributes: ReadonlyMap<string, Slot>
  readonly required: readonly Slot[]
  /** All fields absent, in contract order: copied for every element, so that all values share one hidden class. */
  readonly empty: Value
}

interface Slot {
  readonly name: string
  readonly uri: string
  readonly list: boolean
  readonly max: number
  readonly nillable: boolean
  /** May be left out: old stacks write what is left out as nil, allowed or not. */
  readonly optional: boolean
  readonly collapse: boolean
  readonly check: ((text: string) => string | undefined) | undefined
  readonly frame: Frame | undefined
}

/** What a message decoder is compiled into, once per contract. */
export interface CompiledElement {
  readonly root: Slot
}

export function compileElement(message: Message): CompiledElement {
  const field = { name: message.name, uri: message.uri, min: 1, max: 1, nillable: false, attribute: false, doc: '' }
  return { root: compileSlot({ ...field, type: message.type }) }
}

/** A decoder for one global element of simple type, such as a header. */
export function compileField(field: Field): CompiledElement {
  return { root: compileSlot(field) }
}

function compileSlot(field: Field): Slot {
  const scalar = field.type.kind === 'scalar' ? field.type : undefined
  return {
    name: field.name,
    uri: field.uri,
    list: field.max > 1,
    max: field.max,
    nillable: field.nillable,
    optional: field.min === 0 && field.max === 1,
    collapse: scalar?.collapse ?? false,
    check: scalar && compileCheck(scalar as Scalar),
    frame: field.type.kind === 'complex' ? compileFrame(field.type) : undefined,
  }
}

function compileFrame(type: Complex): Frame {
  const slots = type.fields.map((field) => ({ field, slot: compileSlot(field) }))
  const named = (attribute: boolean) =>
    new Map(slots.filter((s) => s.field.attribute === attribute).map((s) => [s.field.name, s.slot]))
  return {
    elements: named(false),
    attributes: named(true),
    required: slots.filter((s) => s.field.min > 0).map((s) => s.slot),
    empty: Object.fromEntries(type.fields.map((f) => [f.name, undefined])),
  }
}

/** The element being read: its slot, and for a complex one its value so far. */
interface Open {
  readonly slot: Slot
  readonly value: Value | undefined
  readonly nil: boolean
}

const mostProblems = 10

/** Reads one element by its XML events; `value()` is there when the element is closed. */
export class ElementDecoder {
  private readonly root: Slot
  private readonly stack: Open[] = []
  private readonly problems: Problem[] = []
  private text_ = ''
  /** Depth inside an element that should not be there; it is reported once and skipped. */
  private skipping = 0
  private result: unknown

  constructor(element: CompiledElement) {
    this.root = element.root
  }

  open(uri: string, local: string, attributes: readonly XmlAttribute[]): void {
    if (this.skipping > 0) {
      this.skipping++
      return
    }
    const parent = this.stack.at(-1)
    const slot = parent ? parent.slot.frame?.elements.get(local) : this.root
    if (!slot) return this.skip(local, 'is not an element that may stand here')
    if (slot.uri !== uri)
      return this.skip(local, slot.uri ? `must be in the namespace ${slot.uri}` : 'must be in no namespace')
    if (parent?.nil) return this.skip(local, 'must not stand in an element that is nil')
    const nil = attributes.length > 0 && this.readAttributes(slot, attributes)
    const value = slot.frame && { ...slot.frame.empty }
    this.stack.push({ slot, value, nil })
    if (value && slot.frame && slot.frame.attributes.size > 0) this.attributeValues(slot.frame, attributes, value)
    this.text_ = ''
  }

  text(piece: string): void {
    if (this.skipping > 0) return
    if (this.stack.at(-1)?.slot.frame && /\S/.test(piece)) this.report('', 'must not hold text between its elements')
    this.text_ += piece
  }

  close(): void {
    if (this.skipping > 0) {
      this.skipping--
      return
    }
    const { slot, value, nil } = this.stack.at(-1)!
    const content = slot.frame ? this.complete(slot.frame, value!) : this.scalar(slot, nil)
    this.stack.pop()
    const parent = this.stack.at(-1)
    if (!parent) {
      this.result = content
      return
    }
    // Nil where nothing may be nil is the same as absent.
    if (nil && !slot.nillable) parent.value![slot.name] ??= undefined
    else if (slot.list) this.append(parent.value!, slot, content)
    else if (parent.value![slot.name] !== undefined) this.report(`.${slot.name}`, 'must not appear more than once')
    else parent.value![slot.name] = content
    this.text_ = ''
  }

  /** The decoded value. Throws GatewayError `invalid-message` with every problem found. */
  value(): unknown {
    if (this.problems.length > 0) this.fail()
    return this.result
  }

  private append(parent: Value, slot: Slot, content: unknown): void {
    const list = parent[slot.name] as unknown[] | undefined
    if (list === undefined) parent[slot.name] = [content]
    else if (list.push(content) > slot.max) this.report(`.${slot.name}`, `must not appear more than ${slot.max} times`)
  }

  private scalar(slot: Slot, nil: boolean): string | undefined | null {
    const text = slot.collapse ? collapse(this.text_) : this.text_
    if (nil) {
      if (text !== '') this.report('', 'must be empty, because it is nil')
      return null
    }
    const sentence = slot.check?.(text)
    if (sentence !== undefined) this.report('', sentence)
    return text
  }

  private complete(frame: Frame, value: Value): Value | null {
    const open = this.stack.at(-1)!
    if (open.nil) return null
    for (const slot of frame.required)
      if (value[slot.name] === undefined) this.report(`.${slot.name}`, 'is required and missing')
    return value
  }

  private readAttributes(slot: Slot, attributes: readonly XmlAttribute[]): boolean {
    let nil = false
    const name = placed(slot, this.stack.at(-1))
    for (const { uri, local, value } of attributes) {
      if (uri === xsi && local === 'nil') nil = value.trim() === 'true' || value.trim() === '1'
      else if (!neutral.has(uri) && slot.frame?.attributes.get(local)?.uri !== uri)
        this.report(`.${name}@${local}`, 'is not an attribute that may stand here')
    }
    if (nil && !slot.nillable && !slot.optional) this.report(`.${name}`, 'must not be nil')
    return nil
  }

  private attributeValues(frame: Frame, attributes: readonly XmlAttribute[], into: Value): void {
    for (const { uri, local, value } of attributes) {
      const slot = frame.attributes.get(local)
      if (!slot || slot.uri !== uri) continue
      const text = slot.collapse ? collapse(value) : value
      const sentence = slot.check?.(text)
      if (sentence !== undefined) this.report(`@${local}`, sentence)
      into[local] = text
    }
  }

  private skip(local: string, sentence: string): void {
    this.report(`.${local}`, sentence)
    this.skipping = 1
  }

  private report(below: string, sentence: string): void {
    // Names that the contract does not know are the sender's, and may be of any length.
    const known = below.length <= 64 ? below : `${below.slice(0, 64)}…`
    this.problems.push({ path: (this.path() + known).replace(/^\./, '') || this.root.name, sentence })
    if (this.problems.length === mostProblems) this.fail()
  }

  /** Where we are, as mapping modules write it: `cableCapacityForecast[1].block[7].capacity`. The root is not part of it. */
  private path(): string {
    return this.stack
      .slice(1)
      .map(({ slot }, i) => placed(slot, this.stack[i]))
      .join('.')
  }

  private fail(): never {
    const first = this.problems[0]!
    throw new GatewayError('invalid-message', `${first.path} ${first.sentence}.`, {
      problems: this.problems,
    })
  }
}

/** The name of an element that is being read, with its index where there may be several. */
function placed({ name, list }: Slot, parent: Open | undefined): string {
  if (!list || !parent) return name
  const siblings = parent.value![name] as unknown[] | undefined
  return `${name}[${siblings?.length ?? 0}]`
}

/** XSD whiteSpace=collapse, with XML's own four blanks. */
function collapse(text: string): string {
  return /[ \t\r\n]/.test(text) ? text.replace(/[ \t\r\n]+/g, ' ').replace(/^ | $/g, '') : text
}
