/**
 * A place in a document, moved on piece by piece; whatever is wrong is refused with the place it is at.
 * Limits: it knows blanks, names and references, and nothing of tags.
 */
import { references, unfit } from './lexical.ts'
import { XmlProblem } from './problem.ts'

export const [tab, newline, carriageReturn, space, quote, apostrophe, slash, equals, less, greater] = [
  9, 10, 13, 32, 34, 39, 47, 61, 60, 62,
]

export class Cursor {
  protected readonly xml: string
  protected at = 0
  private readonly hasReferences: boolean
  private readonly hasReturns: boolean

  constructor(document: string) {
    this.xml = document
    this.hasReferences = document.includes('&')
    this.hasReturns = document.includes('\r')
  }

  /** What a piece of the document says that stands at this offset. */
  protected decoded(piece: string, at: number): string {
    const text = this.lines(piece, at)
    if (!this.hasReferences || !text.includes('&')) return text
    return references(text) ?? this.refuse('A reference is not one that XML itself knows', at)
  }

  /** XML 1.0 section 2.11: every line end is one newline, before references are looked at. */
  protected lines(piece: string, at: number): string {
    // Tags need no such look: outside of values they have nothing but names, blanks and quotes.
    const wrong = unfit(piece)
    if (wrong >= 0) this.refuse('A character is not allowed in XML', at + wrong)
    return this.hasReturns ? piece.replace(/\r\n?/g, '\n') : piece
  }

  /** Where the name that starts here ends: at a blank, `=`, `/`, `>` or `<`. Whether it is a name is seen later. */
  protected nameEnd(from: number): number {
    const { xml } = this
    let at = from
    for (; at < xml.length; at++) {
      const code = xml.charCodeAt(at)
      if (isTagEnd(code) || code === equals || code === less) break
    }
    return at
  }

  protected skipSpace(): number {
    const from = this.at
    while (this.isSpace(this.at)) this.at++
    return from
  }

  protected isSpace(at: number): boolean {
    const code = this.xml.charCodeAt(at)
    return code === space || code === newline || code === tab || code === carriageReturn
  }

  protected find(text: string, from: number, otherwise: string): number {
    const found = this.xml.indexOf(text, from)
    return found < 0 ? this.refuse(otherwise) : found
  }

  protected refuse(sentence: string, at = this.at): never {
    throw new XmlProblem(sentence, this.xml, at)
  }
}

function isTagEnd(code: number): boolean {
  return (
    code === greater || code === space || code === slash || code === newline || code === tab || code === carriageReturn
  )
}
