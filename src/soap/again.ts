/**
 * Reads the further items of a list without their XML events, where they repeat the wording of an item before them: what
 * stands between the values is compared as it is, and only the values are read.
 * Limits: items that hold nothing but single values, in tags without attributes. At whatever differs it stops and leaves the
 * item to the scanner, so what comes out, and what is refused, is the same as without it.
 */
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

/** What means something else than it says, or is not allowed. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: XML forbids exactly these, and surrogates that are alone
const special = /[&\0-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|\]\]>/
/** How many wordings are learned of one message: one takes as long to learn as some hundred items to read by it. */
const mostLessons = 3

/** By the item's slot, because a party mostly writes its next message as it wrote the last. */
const wordings = new WeakMap<Slot, Wording>()

export class Again {
  private lessons = 0

  /** Appends to `list` the items behind this one that repeat its wording. Returns where they end. */
  read(xml: string, item: Item, list: unknown[]): number {
    const { slot, after, to } = item
    const known = wordings.get(slot)
    if (known?.fits(xml, item)) return known.read(xml, to, list)
    if (after < 0 || this.lessons++ >= mostLessons) return to
    const wording = Wording.of(xml, item)
    if (wording === undefined) return to
    wordings.set(slot, wording)
    return wording.read(xml, to, list)
  }
}

class Wording {
  private readonly item: Slot
  private readonly slots: readonly Slot[]
  /** What stands behind each value, up to the next, or to where the item ends. */
  private readonly behind: readonly string[]
  /** All of an item, from where the one before it ends, with its values as groups. */
  private readonly pattern: RegExp

  private constructor(item: Slot, slots: readonly Slot[], pieces: readonly string[]) {
    this.item = item
    this.slots = slots
    // Not the pieces themselves, which would keep the whole message in memory.
    const source = pieces.map((piece) => piece.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('([^<]*)')
    this.pattern = new RegExp(source, 'y')
    this.behind = pieces.slice(1).map((piece) => JSON.parse(JSON.stringify(piece)))
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
    return slots.length === 0 ? undefined : new Wording(item, slots, pieces)
  }

  /**
   * Whether the item has this wording. Of the first in a list, what stands before its first value is not known, but its names
   * are, from their end tags: they are in scope here.
   */
  fits(xml: string, { marks, after, to }: Item): boolean {
    const { slots, behind, pattern } = this
    pattern.lastIndex = after
    return (
      marks.length === slots.length &&
      marks.every(({ slot, text, from }, i) => slot === slots[i] && xml.startsWith(behind[i]!, from + text.length)) &&
      (after < 0 || (pattern.test(xml) && pattern.lastIndex === to))
    )
  }

  /** Appends to `list` what stands at `from` in this wording. Returns where it stops. */
  read(xml: string, from: number, list: unknown[]): number {
    const { item, pattern, slots } = this
    const { empty } = item.frame!
    let at = from
    while (list.length < item.max) {
      pattern.lastIndex = at
      const found = pattern.exec(xml)
      if (found === null) break
      const value: Value = { ...empty }
      for (let i = 0; i < slots.length; i++) {
        const slot = slots[i]!
        const text = found[i + 1]!
        const content = slot.isText && special.test(text) ? undefined : accepted(slot, text)
        if (content === undefined) return at
        value[slot.name] = content
      }
      list.push(value)
      at = pattern.lastIndex
    }
    return at
  }
}
