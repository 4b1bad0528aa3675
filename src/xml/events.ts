/** What a reader of XML is told, and how much of it at most. */

export interface XmlLimits {
  readonly depth: number
  readonly attributesPerElement: number
  readonly distinctNames: number
}

export interface XmlAttribute {
  readonly uri: string
  readonly local: string
  readonly value: string
}

export interface XmlHandler {
  /**
   * An element starts. `uri` is its namespace, '' for none; `attributes` holds xmlns declarations too; its content begins
   * at the offset `from` of the document.
   */
  open(uri: string, local: string, attributes: readonly XmlAttribute[], from: number): void
  /** A piece of text or CDATA, references already decoded. */
  text(piece: string): void
  /** The innermost open element ends, at the offset `to` of the document. */
  close(to: number): void
  /** Where to go on after `close`: behind `from` if it has read elements by itself that repeat, texts apart, what it had events of. */
  ahead?(xml: string, from: number): number
}
