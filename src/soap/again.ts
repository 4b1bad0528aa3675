/**
 * Reads the further items of a list without their XML events, where they repeat the wording of an item before them: what
 * stands between the values is compared as it is, and only the values are read.
 * Limits: items that hold nothing but single values, in tags without attributes. At whatever differs it stops and leaves the
 * item to the scanner, so what comes out, and what is refused, is the same as without it.
 */
import { Bytes, hasWords, type Words, wordsOf } from '../bytes.ts'
import { functionOf, quoted } from '../contract/code.ts'
import { expectedInstant } from '../mapping/codecs/instant.ts'
import { accepted, type Slot, type Value } from './slots.ts'

/** An item that was read by its events. */
export interface Item {
  readonly slot: Slot
  /** Its values in the order they came in. */
  readonly marks: readonly Mark[]
  /** Where the item right before it ended; -1 where there is something else between them. */
  readonly after: number
  /** Where it ends itself. */
  readonly to: number
}

/** A value: what it was, and where its text begins. */
export interface Mark {
  readonly slot: Slot
  readonly text: string
  readonly from: number
}

/** How many wordings are learned of one message: one takes as long to learn as some hundred items to read by it. */
const mostLessons = 3

/** By the item's slot, because a party mostly writes its next message as it wrote the last. */
const wordings = new WeakMap<Slot, Wording>()

export class Again {
  private lessons = 0
  private bytes: Bytes | undefined

  /** Appends to `list` the items behind this one that repeat its wording. Returns where they end. */
  read(xml: string, item: Item, list: unknown[]): number {
    const { slot, after, to } = item
    const known = wordings.get(slot)
    if (known === undefined && after < 0) return to
    this.bytes ??= new Bytes(xml)
    if (known?.fits(this.bytes, item)) return known.read(this.bytes, to, list)
    if (after < 0 || this.lessons++ >= mostLessons) return to
    const wording = Wording.of(xml, item)
    if (wording === undefined) return to
    wordings.set(slot, wording)
    return wording.read(this.bytes, to, list)
  }
}

class Wording {
  private readonly item: Slot
  private readonly slots: readonly Slot[]
  /** What stands before each value, from where the item before this one ends, and behind the last. */
  private readonly pieces: readonly Words[]
  private readonly readItem: ItemReader

  private constructor(item: Slot, slots: readonly Slot[], pieces: readonly string[]) {
    this.item = item
    this.slots = slots
    this.pieces = pieces.map(wordsOf)
    this.readItem = compileReader(item, slots)
  }

  /** Undefined where the values of the item do not stand there as plain text. */
  static of(xml: string, { slot: item, marks, after, to }: Item): Wording | undefined {
    const pieces: string[] = []
    let at = after
    for (const { text, from } of marks) {
      const end = from + text.length
      // Not `<a/>`, nor a text with a comment or a CDATA section in it.
      const isPlain = xml[from - 2] !== '/' && xml.startsWith(text, from) && xml.startsWith('</', end)
      if (!isPlain) return undefined
      pieces.push(xml.slice(at, from))
      at = end
    }
    pieces.push(xml.slice(at, to))
    const slots = marks.map(({ slot }) => slot)
    return slots.length === 0 || !pieces.every(hasWords) ? undefined : new Wording(item, slots, pieces)
  }

  /**
   * Whether the item has this wording. Of the first in a list, what stands before its first value is not known, but its names
   * are, from their end tags: they are in scope here.
   */
  fits(bytes: Bytes, { marks, after, to }: Item): boolean {
    const { slots, pieces } = this
    if (marks.length !== slots.length) return false
    for (const [i, mark] of marks.entries()) {
      bytes.at = mark.from + mark.text.length
      if (mark.slot !== slots[i] || !bytes.passes(pieces[i + 1]!)) return false
    }
    return after < 0 || (this.readOne(bytes, after) !== undefined && bytes.at === to)
  }

  /** Appends to `list` what stands at `from` in this wording. Returns where it stops. */
  read(bytes: Bytes, from: number, list: unknown[]): number {
    const { max } = this.item
    let at = from
    while (list.length < max) {
      const value = this.readOne(bytes, at)
      if (value === undefined) break
      list.push(value)
      at = bytes.at
    }
    return at
  }

  private readOne(bytes: Bytes, from: number): Value | undefined {
    bytes.at = from
    return this.readItem(bytes, this.pieces, this.slots)
  }
}

/** The item that the text is at, and moves on behind it; undefined where it is worded otherwise. */
type ItemReader = (bytes: Bytes, pieces: readonly Words[], slots: readonly Slot[]) => Value | undefined

function compileReader(item: Slot, slots: readonly Slot[]): ItemReader {
  const values = slots.flatMap((_, i) => [
    `const v${i} = bytes.passes(pieces[${i}]) ? value(bytes, slots[${i}]) : undefined`,
    `if (v${i} === undefined) return undefined`,
  ])
  const lines = [
    ...values,
    `if (!bytes.passes(pieces[${slots.length}])) return undefined`,
    'const item = make()',
    ...slots.map(({ name }, i) => `item[${quoted(name)}] = v${i}`),
    'return item',
  ]
  return functionOf('bytes, pieces, slots', lines, { make: item.frame!.make, value })
}

const less = 60
/** What means something else than it says, or is not allowed. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: XML forbids exactly these, and surrogates that are alone
const special = /[&\0-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|\]\]>/

/** What the text up to the next tag says as this value; undefined where it must be looked at more closely. */
function value(bytes: Bytes, slot: Slot): string | undefined {
  const expected = slot.isInstant ? expectedInstant(bytes) : undefined
  if (expected !== undefined) return expected
  const { view, at } = bytes
  let end = at
  for (let byte = view.getUint8(end); byte !== less; byte = view.getUint8(++end)) if (byte === 0) return undefined
  bytes.at = end
  const text = bytes.text.slice(at, end)
  return slot.isText && special.test(text) ? undefined : accepted(slot, text)
}
