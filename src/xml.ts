/**
 * Strict XML events: namespaces resolved, everything malformed refused, DOCTYPE and processing instructions refused.
 * Limits: bounded by XmlLimits before memory or time can be; text comes in pieces, and comments are not reported. What the
 * declaration says of an encoding is for whoever made text of the bytes.
 */
import { GatewayError } from './errors.ts'
import type { XmlHandler, XmlLimits } from './xml/events.ts'
import { XmlProblem } from './xml/problem.ts'
import { scanInPieces, scanXml } from './xml/scan.ts'
import { xmlnsUri } from './xml/scope.ts'

export type { XmlAttribute, XmlHandler, XmlLimits } from './xml/events.ts'
export { xmlnsUri } from './xml/scope.ts'

/** Values that hold against the attacks measured in design/performance.md. */
export const messageLimits: XmlLimits = { depth: 32, attributesPerElement: 64, distinctNames: 512 }

/** Reads one whole document into `handler`. Throws GatewayError `malformed-message`; passes on what `handler` throws. */
export function readXml(document: string, handler: XmlHandler, limits: XmlLimits = messageLimits): void {
  try {
    scanXml(document, handler, limits)
  } catch (cause) {
    throw explained(cause)
  }
}

/** A few milliseconds' work. */
const piece = 65_536

/** The same, waiting for `pause` after each piece of it and at the end. */
export async function readXmlInPieces(
  document: string,
  handler: XmlHandler,
  pause: () => Promise<unknown>,
  limits: XmlLimits = messageLimits,
): Promise<void> {
  try {
    for (const _ of scanInPieces(document, handler, limits, piece)) await pause()
    await pause()
  } catch (cause) {
    throw explained(cause)
  }
}

function explained(cause: unknown): unknown {
  if (!(cause instanceof XmlProblem)) return cause
  const { message, line, column } = cause
  return new GatewayError('malformed-message', `${message} (line ${line}, column ${column})`, { cause })
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
