/**
 * A document looked at byte by byte, four at a time: in as many characters as it has bytes, those beyond U+00FF as none at all.
 * Limits: where it is at is only ever moved over what was looked at; what stands there is refused by whoever reads on from there.
 */
import { expectedInstant, lengthOfInstant } from '../mapping/codecs/instant.ts'
import { areAt, type Words } from '../xml/words.ts'
import { accepted, type Slot } from './slots.ts'

/** Whether a text can be told by its bytes. */
export const isNarrow = (text: string): boolean => !wide.test(text)
const wide = /[\u0100-\uffff]/
const less = 60

/** What means something else than it says, or is not allowed. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: XML forbids exactly these, and surrogates that are alone
const special = /[&\0-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|\]\]>/

export class Text {
  at = 0
  private readonly xml: string
  private readonly bytes: DataView

  constructor(xml: string) {
    this.xml = xml
    this.bytes = bytesOf(xml)
  }

  /** Moves on behind these words if they stand here. */
  passes(words: Words): boolean {
    const { bytes, at } = this
    if (!areAt(bytes, at, words)) return false
    this.at = at + words.length
    return true
  }

  /** What the text up to the next tag says as this value; undefined where it must be looked at more closely. */
  value(slot: Slot): string | undefined {
    const { bytes, at } = this
    const expected = slot.isInstant ? expectedInstant(bytes, at) : undefined
    if (expected !== undefined) {
      this.at = at + lengthOfInstant
      return expected
    }
    let end = at
    for (let byte = bytes.getUint8(end); byte !== less; byte = bytes.getUint8(++end)) if (byte === 0) return undefined
    this.at = end
    const text = this.xml.slice(at, end)
    return slot.isText && special.test(text) ? undefined : accepted(slot, text)
  }
}

/** Behind the last byte: one that nothing can be taken for, and room for a look at four of them. */
const slack = 4
/** In characters. Longer ones may be read while others are, and have bytes of their own. */
const mostShared = 65_536
const shared = Buffer.alloc(mostShared + slack)

function bytesOf(xml: string): DataView {
  const buffer = xml.length <= mostShared ? shared : Buffer.allocUnsafe(xml.length + slack)
  buffer.write(isNarrow(xml) ? xml : xml.replace(allWide, '\0'), 'latin1')
  buffer[xml.length] = 0
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.length)
}

const allWide = /[\u0100-\uffff]/g
