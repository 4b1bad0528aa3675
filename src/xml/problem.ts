/** What is wrong with a document: a sentence for its sender, and where to look. */

/** What is wrong, in words without anything of the document, and where: counted from 1, a column in UTF-16 units. */
export class XmlProblem extends Error {
  readonly line: number
  readonly column: number

  constructor(sentence: string, document: string, at: number) {
    super(sentence)
    const lines = document.slice(0, at).split(/\r\n?|\n/)
    this.line = lines.length
    this.column = lines.at(-1)!.length + 1
  }
}
