/**
 * Phrases of a document: tags without attributes that stand between two texts. Messages repeat themselves, so what followed a
 * phrase last time is compared as a whole before it is read tag by tag.
 * Limits: of one document and one scope; what does not fit any more once they are full is read tag by tag.
 */
import type { Element } from './scope.ts'

export interface Tag {
  readonly element: Element
  readonly opens: boolean
  /** Where it ends, counted from the start of its phrase. */
  readonly to: number
}

export interface Phrase {
  readonly text: string
  readonly tags: readonly Tag[]
  /** What came after it, and the text that it left for, last time. */
  next: Phrase | undefined
}

const most = 256

export class Phrases {
  private readonly known = new Map<string, Phrase>()

  /** The phrase of this text; undefined when there are too many. */
  of(text: string, tags: readonly Tag[]): Phrase | undefined {
    let phrase = this.known.get(text)
    if (phrase === undefined && this.known.size < most) {
      phrase = { text, tags, next: undefined }
      this.known.set(text, phrase)
    }
    return phrase
  }
}
