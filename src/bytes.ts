/**
 * A text looked at byte by byte, four at a time: in as many bytes as it has characters, those beyond U+00FF as zeros.
 * Limits: a zero says only that the text must be looked at otherwise; four characters are the least that are compared.
 */

/** Characters as numbers of four each; the last may hold some that the one before it has too. */
export interface Words {
  readonly words: readonly number[]
  readonly last: number
  readonly length: number
}

/** Of a text of at least four characters, none beyond U+00FF. */
export function wordsOf(text: string): Words {
  const bytes = Buffer.from(text, 'latin1')
  const words: number[] = []
  for (let at = 0; at + 4 < bytes.length; at += 4) words.push(bytes.readInt32LE(at))
  return { words, last: bytes.readInt32LE(bytes.length - 4), length: bytes.length }
}

export const hasWords = (text: string): boolean => text.length >= 4 && !wide.test(text)
const wide = /[\u0100-\uffff]/

export class Bytes {
  readonly text: string
  readonly view: DataView
  /** Where it is looked at: moved on only over what was looked at. */
  at = 0

  constructor(text: string) {
    this.text = text
    this.view = viewOf(text)
  }

  /** Moves on behind these words if they stand here. */
  passes({ words, last, length }: Words): boolean {
    const { view, at } = this
    for (let i = 0; i < words.length; i++) if (view.getInt32(at + 4 * i, true) !== words[i]) return false
    if (view.getInt32(at + length - 4, true) !== last) return false
    this.at = at + length
    return true
  }
}

/** Behind the last byte: a zero, which nothing is compared with, and room for a look at four of them. */
const slack = 4
/** In characters. Longer texts may be looked at while others are, and have bytes of their own. */
const mostShared = 65_536
const shared = Buffer.alloc(mostShared + slack)

function viewOf(text: string): DataView {
  const buffer = text.length <= mostShared ? shared : Buffer.allocUnsafe(text.length + slack)
  buffer.write(wide.test(text) ? text.replace(allWide, '\0') : text, 'latin1')
  buffer[text.length] = 0
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.length)
}

const allWide = /[\u0100-\uffff]/g

/** The same text, not as a piece of a message, which would keep all of that in memory. */
export function copied(piece: string): string {
  return Buffer.from(piece).toString()
}
