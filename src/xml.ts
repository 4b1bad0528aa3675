/**
 * Strict XML events: namespaces resolved, everything malformed refused, DOCTYPE and processing instructions refused.
 * Limits: bounded by XmlLimits before memory or time can be; text comes in pieces, and comments are not reported. What the
 * declaration says of an encoding is for whoever made text of the bytes.
 * This is the one file that imports saxes (its namespace lookup is quadratic in depth, so depth is checked first).
 */
import { SaxesParser } from 'saxes'
import { GatewayError } from './errors.ts'

export interface XmlLimits {
  readonly depth: number
  readonly attributesPerElement: number
  readonly distinctNames: number
}

/** Values that hold against the attacks measured in design/performance.md. */
export const messageLimits: XmlLimits = { depth: 32, attributesPerElement: 64, distinctNames: 512 }

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
}

/**
 * As it is. Instances of a subclass have room for every handler; those of SaxesParser itself would become dictionaries
 * with the seventh, and read several times as slowly (measured).
 */
class Parser extends SaxesParser<{ xmlns: true; position: true }> {}

/** Reads one whole document into `handler`. Throws GatewayError `malformed-message`; passes on what `handler` throws. */
export function readXml(document: string, handler: XmlHandler, limits: XmlLimits = messageLimits): void {
  const parser = new Parser({ xmlns: true, position: true })
  const names = new Set<string>()
  let depth = 0
  let attributes = 0

  const refuse = (sentence: string, cause?: unknown): never => {
    throw new GatewayError('malformed-message', `${sentence} (line ${parser.line}, column ${parser.column})`, { cause })
  }
  // saxes puts names and characters of the document into its messages: kept as the cause, not shown.
  parser.on('error', (cause) => refuse('The XML is not well-formed', cause))
  // XML 1.1 has characters that no XML 1.0, such as our answers, can carry.
  parser.on('xmldecl', ({ version }) => {
    if (version !== undefined && version !== '1.0') refuse('Only XML 1.0 is read')
  })
  parser.on('doctype', () => refuse('A document type declaration is not allowed'))
  parser.on('processinginstruction', () => refuse('A processing instruction is not allowed'))
  parser.on('opentagstart', (tag) => {
    if (++depth > limits.depth) refuse(`The XML is nested deeper than ${limits.depth} elements`)
    if (!names.has(tag.name) && names.add(tag.name).size > limits.distinctNames)
      refuse(`The XML has more than ${limits.distinctNames} different element names`)
    attributes = 0
  })
  parser.on('attribute', () => {
    if (++attributes > limits.attributesPerElement)
      refuse(`An element has more than ${limits.attributesPerElement} attributes`)
  })
  parser.on('opentag', (tag) =>
    handler.open(tag.uri, tag.local, attributes === 0 ? noAttributes : list(tag.attributes), parser.position),
  )
  parser.on('text', (piece) => handler.text(piece))
  parser.on('cdata', (piece) => handler.text(piece))
  parser.on('closetag', () => {
    depth--
    handler.close(parser.position)
  })
  parser.write(document).close()
}

const noAttributes: readonly XmlAttribute[] = []

function list(attributes: Record<string, XmlAttribute>): XmlAttribute[] {
  return Object.values(attributes)
}

/** An element as a tree, for documents we read once (WSDL, XSD): never for messages. */
export interface XmlElement {
  readonly uri: string
  readonly local: string
  readonly attributes: ReadonlyMap<string, string>
  readonly children: readonly XmlElement[]
  readonly text: string
  /** Prefix → namespace as declared here and above; '' is the default namespace. */
  readonly scope: ReadonlyMap<string, string>
}

const xmlnsUri = 'http://www.w3.org/2000/xmlns/'

/** Reads one document as a tree. Attributes are keyed by local name, with `{uri}local` when namespaced. */
export function readXmlTree(document: string): XmlElement {
  interface Open extends XmlElement {
    text: string
    children: XmlElement[]
  }
  const stack: Open[] = []
  let root: XmlElement | undefined
  readXml(
    document,
    {
      open(uri, local, list) {
        const parent = stack.at(-1)
        const declared = list.filter((a) => a.uri === xmlnsUri)
        const scope = declared.length === 0 && parent ? parent.scope : new Map(parent?.scope ?? [])
        for (const a of declared) (scope as Map<string, string>).set(a.local === 'xmlns' ? '' : a.local, a.value)
        const attributes = new Map<string, string>()
        for (const a of list) if (a.uri !== xmlnsUri) attributes.set(a.uri ? `{${a.uri}}${a.local}` : a.local, a.value)
        const element: Open = { uri, local, attributes, children: [], text: '', scope }
        parent?.children.push(element)
        root ??= element
        stack.push(element)
      },
      text(piece) {
        const top = stack.at(-1)
        if (top) top.text += piece
      },
      close() {
        stack.pop()
      },
    },
    { depth: 64, attributesPerElement: 64, distinctNames: 4096 },
  )
  return root!
}

/** Text as element content. CR leaves as a reference, because a reader would turn a bare one into LF. */
export function escapeText(text: string): string {
  return /[&<>\r]/.test(text) ? text.replace(/[&<>\r]/g, (c) => textEscapes[c]!) : text
}

/** Text as a double-quoted attribute value. */
export function escapeAttribute(text: string): string {
  return text.replace(/[&<"\r\n\t]/g, (c) => textEscapes[c] ?? `&#${c.charCodeAt(0)};`)
}

const textEscapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;', '"': '&quot;' }

// biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 forbids exactly these
const notXml = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|\p{Surrogate}/gu

/** Whether XML 1.0 can carry every character of this text. */
export function isXmlText(text: string): boolean {
  return text.search(notXml) === -1
}

/** The text with what XML 1.0 cannot carry replaced by U+FFFD; for free text only, never for identifiers. */
export function toXmlText(text: string): string {
  return text.replace(notXml, '\uFFFD')
}
