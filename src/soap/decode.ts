/**
 * Decodes an element straight into its contract's shape: cardinality decides lists, the schema decides types, nothing is guessed.
 * Limits: values stay text, exactly as sent; children may come in any order; at most ten problems are reported at once;
 * xsi:type is not gone by: content is held against the declared type, whatever else it says it is.
 */
import { GatewayError, type Problem } from '../errors.ts'
import { type XmlAttribute, xmlnsUri } from '../xml.ts'
import { Again, type Mark } from './again.ts'
import { accepted, type CompiledElement, collapse, type Frame, type Slot, type Value } from './slots.ts'
import { envelopeUri } from './versions.ts'

const xsi = 'http://www.w3.org/2001/XMLSchema-instance'
/** Attributes of these namespaces may stand on any element: they say nothing about the message's content. */
const neutral = new Set([
  xmlnsUri,
  xsi,
  'http://www.w3.org/XML/1998/namespace',
  'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd',
  // encodingStyle, which old stacks put on anything.
  ...Object.values(envelopeUri),
])

/** A complex element being read. */
interface Open {
  readonly slot: Slot
  readonly frame: Frame
  readonly value: Value
  readonly nil: boolean
  readonly outer: Open | undefined
  /** The place of its last child: as long as they come in order, none of them can have come before. */
  last: number
  /** How many of what is required has come. */
  found: number
  /** Its values and where they stand; undefined where its wording is not to be learned. */
  marks: Mark[] | undefined
  /** Where the item right before it ended; -1 where there is something else between them. */
  readonly after: number
}

const mostProblems = 10

/** Reads one element by its XML events; `value()` is there when the element is closed. */
export class ElementDecoder {
  private readonly root: Slot
  private readonly problems: Problem[] = []
  /** The innermost complex element that is open, and the scalar in it. */
  private inner: Open | undefined
  private scalar: Slot | undefined
  private isNil = false
  private text_ = ''
  /** Where the text of the scalar begins. */
  private from = 0
  /** What ended last, until something opens, and where what follows it begins. */
  private ended: Open | undefined
  private endedAt = -1
  private readonly again = new Again()
  /** Depth inside an element that should not be there; it is reported once and skipped. */
  private skipping = 0
  private result: unknown
  /** A namespace, in the contract's text and in that of the message. */
  private ours: string | undefined
  private theirs: string | undefined

  constructor(element: CompiledElement) {
    this.root = element.root
  }

  open(uri: string, local: string, attributes: readonly XmlAttribute[], from = 0): void {
    if (this.skipping > 0) {
      this.skipping++
      return
    }
    const outer = this.inner
    const slot = this.scalar ? undefined : outer ? slotFor(outer, local) : this.root
    if (!slot) return this.skip(local, 'is not an element that may stand here')
    if (!this.isSame(slot.uri, uri))
      return this.skip(local, slot.uri ? `must be in the namespace ${slot.uri}` : 'must be in no namespace')
    if (outer?.nil) return this.skip(local, 'must not stand in an element that is nil')
    const nil = attributes.length > 0 && this.readAttributes(slot, attributes)
    const { frame } = slot
    if (frame) {
      const value = frame.make()
      const marks = slot.list && frame.isFlat && attributes.length === 0 ? [] : undefined
      const after = this.ended?.slot === slot ? this.endedAt : -1
      this.inner = { slot, frame, value, nil, outer, last: -1, found: 0, marks, after }
      if (frame.attributes.size > 0) this.attributeValues(frame, attributes, value)
    } else {
      this.scalar = slot
      this.isNil = nil
      this.from = from
      if (outer && attributes.length > 0) outer.marks = undefined
    }
    this.text_ = ''
    this.ended = undefined
  }

  text(piece: string): void {
    if (this.skipping > 0) return
    if (this.inner && !this.scalar && /\S/.test(piece)) this.report('', 'must not hold text between its elements')
    this.text_ += piece
  }

  close(): void {
    if (this.skipping > 0) {
      this.skipping--
      return
    }
    const { scalar } = this
    if (scalar) {
      const content = this.content(scalar, this.isNil)
      this.inner?.marks?.push({ slot: scalar, text: this.text_, from: this.from })
      this.scalar = undefined
      this.put(scalar, this.isNil, content)
    } else {
      const { slot, value, nil, outer } = this.inner!
      if (!nil) this.complete(this.inner!)
      this.ended = this.inner
      this.inner = outer
      this.put(slot, nil, nil ? null : value)
    }
  }

  /** Where to go on behind an element that has ended at `from`: behind the items that repeat the wording of this one. */
  ahead(xml: string, from: number): number {
    this.endedAt = from
    const { ended, inner } = this
    if (ended?.marks === undefined || !inner || this.problems.length > 0) return from
    const { slot, marks, after } = ended
    this.endedAt = this.again.read(xml, { slot, marks, after, to: from }, inner.value[slot.name] as unknown[])
    return this.endedAt
  }

  /** The decoded value. Throws GatewayError `invalid-message` with every problem found. */
  value(): unknown {
    if (this.problems.length > 0) this.fail()
    return this.result
  }

  /** Two texts are slow to compare, one with itself is not: the contract's namespace and the message's are mostly the same two. */
  private isSame(ours: string, theirs: string): boolean {
    if (ours === this.ours && theirs === this.theirs) return true
    if (ours !== theirs) return false
    this.ours = ours
    this.theirs = theirs
    return true
  }

  /** An element has ended: its content becomes part of what is around it. */
  private put(slot: Slot, nil: boolean, content: unknown): void {
    const { inner } = this
    this.text_ = ''
    if (!inner) {
      this.result = content
      return
    }
    // Nil where nothing may be nil is the same as absent.
    if (nil && !slot.nillable) return
    const { value } = inner
    if (slot.place > inner.last || value[slot.name] === undefined) {
      if (slot.place > inner.last) inner.last = slot.place
      if (slot.required) inner.found++
      value[slot.name] = slot.list ? [content] : content
    } else if (!slot.list) this.report(`.${slot.name}`, 'must not appear more than once')
    else if ((value[slot.name] as unknown[]).push(content) > slot.max)
      this.report(`.${slot.name}`, `must not appear more than ${slot.max} times`)
  }

  private content(slot: Slot, nil: boolean): string | null {
    const text = this.text_
    if (nil) {
      if ((slot.collapse ? collapse(text) : text) !== '') this.report('', 'must be empty, because it is nil')
      return null
    }
    const content = accepted(slot, text)
    if (content === undefined) this.report('', slot.check!(slot.collapse ? collapse(text) : text)!)
    return content ?? text
  }

  private complete({ frame, value, found }: Open): void {
    if (found === frame.required.length) return
    for (const { name } of frame.required)
      if (value[name] === undefined) this.report(`.${name}`, 'is required and missing')
  }

  private readAttributes(slot: Slot, attributes: readonly XmlAttribute[]): boolean {
    let nil = false
    const name = placed(slot, this.inner)
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
      if (slot.required) this.inner!.found++
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
    const { inner, scalar } = this
    const names = scalar && inner ? [placed(scalar, inner)] : []
    for (let open = inner; open?.outer; open = open.outer) names.push(placed(open.slot, open.outer))
    return names.reverse().join('.')
  }

  private fail(): never {
    const first = this.problems[0]!
    throw new GatewayError('invalid-message', `${first.path} ${first.sentence}.`, {
      problems: this.problems,
    })
  }
}

/** The child of this name: most likely what comes next, or once more the same. */
function slotFor({ frame, last }: Open, local: string): Slot | undefined {
  const next = frame.order[last + 1]
  if (next?.name === local) return next
  const again = frame.order[last]
  return again?.name === local ? again : frame.elements.get(local)
}

/** The name of an element that is being read, with its index where there may be several. */
function placed({ name, list }: Slot, outer: Open | undefined): string {
  if (!list || !outer) return name
  const siblings = outer.value[name] as unknown[] | undefined
  return `${name}[${siblings?.length ?? 0}]`
}
