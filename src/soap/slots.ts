/**
 * What a decoder goes by: for each element of a contract what may stand in it, in which order, and what its text must be.
 * Limits: compiled once per contract, and the same for every message.
 */
import { objectMaker } from '../contract/code.ts'
import type { Complex, Field, Message, Scalar } from '../contract/model.ts'
import { compileCheck } from '../contract/scalar.ts'
import { canonicalInstant } from '../mapping/codecs/instant.ts'

export type Value = Record<string, unknown>

export interface Frame {
  /** In contract order, in which they mostly come. */
  readonly order: readonly Slot[]
  readonly elements: ReadonlyMap<string, Slot>
  readonly attributes: ReadonlyMap<string, Slot>
  readonly required: readonly Slot[]
  /** All fields absent, in contract order. */
  readonly make: () => Value
  /** It holds nothing but single values. */
  readonly isFlat: boolean
}

export interface Slot {
  readonly name: string
  /** Its place in the order of its frame. */
  readonly place: number
  readonly uri: string
  readonly list: boolean
  readonly max: number
  readonly nillable: boolean
  readonly required: boolean
  /** May be left out: old stacks write what is left out as nil, allowed or not. */
  readonly optional: boolean
  readonly collapse: boolean
  /** What is no text has no blanks in it when it passes its check. */
  readonly isText: boolean
  /** An instant, of which any will do. */
  readonly isInstant: boolean
  /** The same text, known already, where it needs no check. */
  readonly known: ((text: string) => string | undefined) | undefined
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

const texts = new Map<string, string>()

/** The same text as one object wherever it stands: comparing it with itself takes no time. */
function oneText(text: string): string {
  const known = texts.get(text) ?? text
  texts.set(known, known)
  return known
}

function compileSlot(field: Field, place = 0): Slot {
  const scalar = field.type.kind === 'scalar' ? field.type : undefined
  const isInstant = scalar !== undefined && isBare(scalar, 'instant')
  return {
    name: field.name,
    place,
    uri: oneText(field.uri),
    list: field.max > 1,
    max: field.max,
    nillable: field.nillable,
    required: field.min > 0,
    optional: field.min === 0 && field.max === 1,
    collapse: scalar?.collapse ?? false,
    isText: scalar?.type === 'text',
    isInstant,
    known: isInstant ? canonicalInstant : scalar && isBare(scalar, 'decimal') ? plainDecimal : undefined,
    check: scalar && compileCheck(scalar),
    frame: field.type.kind === 'complex' ? compileFrame(field.type) : undefined,
  }
}

const harmless = new Set(['kind', 'type', 'name', 'collapse', 'exponent'])

/** Whether any value of this type will do, or any that is not less than 0. */
function isBare(scalar: Scalar, type: Scalar['type']): boolean {
  const facets = Object.entries(scalar).filter(([name, facet]) => facet !== undefined && !harmless.has(name))
  return scalar.type === type && facets.every(([name, facet]) => name === 'min' && facet <= 0)
}

/** The same text where it is digits, with a point among them or without. */
function plainDecimal(text: string): string | undefined {
  let points = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 46) points++
    else if (code < 48 || code > 57) return undefined
  }
  return points < 2 && text.length > points ? text : undefined
}

function compileFrame(type: Complex): Frame {
  const order = type.fields.filter((field) => !field.attribute).map(compileSlot)
  const attributes = type.fields.filter((field) => field.attribute).map(compileSlot)
  const named = (slots: readonly Slot[]) => new Map(slots.map((slot) => [slot.name, slot]))
  return {
    order,
    elements: named(order),
    attributes: named(attributes),
    required: [...attributes, ...order].filter((slot) => slot.required),
    make: objectMaker(type.fields.map(({ name }) => ({ name, isList: false }))),
    isFlat: attributes.length === 0 && order.every(({ list, frame }) => !list && !frame),
  }
}

/** What a text says where this may stand; undefined where it must not be there. */
export function accepted(slot: Slot, text: string): string | undefined {
  const known = slot.known?.(text)
  if (known !== undefined) return known
  const plain = slot.collapse && slot.isText ? collapse(text) : text
  if (slot.check?.(plain) === undefined) return plain
  const collapsed = slot.collapse ? collapse(plain) : plain
  return slot.check?.(collapsed) === undefined ? collapsed : undefined
}

/** XSD whiteSpace=collapse, with XML's own four blanks. */
export function collapse(text: string): string {
  return /[ \t\r\n]/.test(text) ? text.replace(/[ \t\r\n]+/g, ' ').replace(/^ | $/g, '') : text
}
