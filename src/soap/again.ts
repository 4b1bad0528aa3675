/**
 * Reads the further items of a list without their XML events, where they repeat the wording of an item before them: what
 * stands between the values is compared as it is, and only the values are read.
 * Limits: items that hold nothing but single values, in tags without attributes. At whatever differs it stops and leaves the
 * item to the scanner, so what comes out, and what is refused, is the same as without it.
 */
import { Functions, quoted } from '../contract/code.ts'
import { type Words, wordsOf } from '../xml/words.ts'
import type { Slot, Value } from './slots.ts'
import { isNarrow, Text } from './text.ts'

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
  private text: Text | undefined

  /** Appends to `list` the items behind this one that repeat its wording. Returns where they end. */
  read(xml: string, item: Item, list: unknown[]): number {
    const { slot, after, to } = item
    const known = wordings.get(slot)
    if (known === undefined && after < 0) return to
    this.text ??= new Text(xml)
    if (known?.fits(this.text, item)) return known.read(this.text, to, list)
    if (after < 0 || this.lessons++ >= mostLessons) return to
    const wording = Wording.of(xml, item)
    if (wording === undefined) return to
    wordings.set(slot, wording)
    return wording.read(this.text, to, list)
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
    return slots.length === 0 || !pieces.every(isNarrow) ? undefined : new Wording(item, slots, pieces)
  }

  /**
   * Whether the item has this wording. Of the first in a list, what stands before its first value is not known, but its names
   * are, from their end tags: they are in scope here.
   */
  fits(text: Text, { marks, after, to }: Item): boolean {
    const { slots, pieces } = this
    if (marks.length !== slots.length) return false
    for (const [i, mark] of marks.entries()) {
      text.at = mark.from + mark.text.length
      if (mark.slot !== slots[i] || !text.passes(pieces[i + 1]!)) return false
    }
    return after < 0 || (this.readOne(text, after) !== undefined && text.at === to)
  }

  /** Appends to `list` what stands at `from` in this wording. Returns where it stops. */
  read(text: Text, from: number, list: unknown[]): number {
    const { max } = this.item
    let at = from
    while (list.length < max) {
      const value = this.readOne(text, at)
      if (value === undefined) break
      list.push(value)
      at = text.at
    }
    return at
  }

  private readOne(text: Text, from: number): Value | undefined {
    text.at = from
    return this.readItem(text, this.pieces, this.slots)
  }
}

/** The item that the text is at, and moves on behind it; undefined where it is worded otherwise. */
type ItemReader = (text: Text, pieces: readonly Words[], slots: readonly Slot[]) => Value | undefined

function compileReader(item: Slot, slots: readonly Slot[]): ItemReader {
  const functions = new Functions({ make: item.frame!.make })
  const values = slots.flatMap((_, i) => [
    `const v${i} = text.passes(pieces[${i}]) ? text.value(slots[${i}]) : undefined`,
    `if (v${i} === undefined) return undefined`,
  ])
  const reader = functions.add('text, pieces, slots', [
    ...values,
    `if (!text.passes(pieces[${slots.length}])) return undefined`,
    'const value = make()',
    ...slots.map(({ name }, i) => `value[${quoted(name)}] = v${i}`),
    'return value',
  ])
  return functions.compiled(reader) as ItemReader
}
