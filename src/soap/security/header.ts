/**
 * Reads what WS-Security needs of an envelope in one streaming pass: the Security header for us as a tree, every other
 * header block by name, and every id with the place it stands at.
 * Limits: it judges nothing but the number of Security headers; the message itself is decoded elsewhere.
 */
import { GatewayError } from '../../errors.ts'
import { readXml, type XmlAttribute, type XmlHandler, xmlnsUri } from '../../xml.ts'
import { envelopeUri, isOurRole, type SoapVersion } from '../versions.ts'
import { wsse, wsu } from './names.ts'
import { refuse } from './refusal.ts'

/** An element that was read whole. */
export interface XmlNode {
  readonly uri: string
  readonly local: string
  /** By local name, and `{uri}local` where there is a namespace. */
  readonly attributes: ReadonlyMap<string, string>
  readonly children: readonly XmlNode[]
  /** Its own text, comments left out. */
  readonly text: string
}

/** An element of the Security header. */
export interface Part extends XmlNode {
  readonly children: readonly Part[]
  /** Prefixes in scope, '' for the default namespace. */
  readonly scope: ReadonlyMap<string, string>
  /** Where its content begins in the document, and where the element ends. */
  readonly from: number
  readonly to: number
}

/** A header block that is not the Security header. */
export interface HeaderBlock {
  readonly uri: string
  readonly local: string
  readonly id: string | undefined
  readonly isForUs: boolean
  readonly mustUnderstand: boolean
  /** Its own text. */
  readonly text: string
}

export interface ScannedEnvelope {
  readonly security: Part | undefined
  readonly blocks: readonly HeaderBlock[]
  readonly bodyId: string | undefined
  /** Whether some id, of whatever namespace and spelling, stands on two elements. */
  readonly hasTwins: boolean
}

/** Throws GatewayError: what `readXml` throws, and `caller-refused` for a second Security header. */
export function scanEnvelope(document: string, version: SoapVersion): ScannedEnvelope {
  const handler = new Scanner(version)
  readXml(document, handler)
  return handler
}

type Open<T> = { -readonly [K in keyof T]: T[K] }
type OpenPart = Open<Part> & { children: Part[] }

const nowhere: ReadonlyMap<string, string> = new Map()

class Scanner implements XmlHandler, ScannedEnvelope {
  security: Part | undefined
  readonly blocks: HeaderBlock[] = []
  bodyId: string | undefined
  hasTwins = false

  private readonly ids = new Set<string>()
  private readonly scopes: ReadonlyMap<string, string>[] = [nowhere]
  private depth = 0
  private inHeader = false
  private sawHeader = false
  private sawBody = false
  /** The open elements of the Security header. */
  private readonly parts: OpenPart[] = []
  private block: Open<HeaderBlock> | undefined
  private readonly version: SoapVersion

  constructor(version: SoapVersion) {
    this.version = version
  }

  open(uri: string, local: string, attributes: readonly XmlAttribute[], end: number): void {
    this.depth++
    const id = attributes.length > 0 ? this.readIds(attributes) : undefined
    if (this.depth <= 3 || this.parts.length > 0) this.scopes.push(scopeOf(this.scopes.at(-1)!, attributes))
    if (this.depth === 2) this.openHalf(uri, local, id)
    else if (this.depth === 3 && this.inHeader && !(uri === wsse && local === 'Security')) {
      const mustUnderstand = /^(?:1|true)$/.test(soapAttribute(attributes, this.version, 'mustUnderstand') ?? '')
      this.block = { uri, local, id, isForUs: isForUs(attributes, this.version), mustUnderstand, text: '' }
      this.blocks.push(this.block)
    } else if (this.parts.length > 0 || (this.depth === 3 && this.inHeader && isForUs(attributes, this.version)))
      this.openPart(uri, local, attributes, end)
  }

  text(piece: string): void {
    const part = this.parts.at(-1)
    if (part) part.text += piece
    else if (this.block && this.depth === 3) this.block.text += piece
  }

  close(end: number): void {
    if (this.depth <= 3 || this.parts.length > 0) this.scopes.pop()
    const part = this.parts.pop()
    if (part) part.to = end
    if (this.depth === 3) this.block = undefined
    this.depth--
  }

  /** One Header at most, then one Body: of two one could be signed, and the other read. */
  private openHalf(uri: string, local: string, id: string | undefined): void {
    const isExpected = local === 'Body' ? !this.sawBody : local === 'Header' && !this.sawHeader && !this.sawBody
    if (uri !== envelopeUri[this.version] || !isExpected)
      throw new GatewayError('malformed-message', 'The envelope must hold at most one Header, then exactly one Body.')
    this.inHeader = local === 'Header'
    this.sawHeader ||= this.inHeader
    if (this.inHeader) return
    this.sawBody = true
    this.bodyId = id
  }

  private openPart(uri: string, local: string, attributes: readonly XmlAttribute[], end: number): void {
    const named = new Map(
      attributes.filter((a) => a.uri !== xmlnsUri).map((a) => [a.uri ? `{${a.uri}}${a.local}` : a.local, a.value]),
    )
    const scope = this.scopes.at(-1)!
    const part: OpenPart = { uri, local, attributes: named, children: [], text: '', scope, from: end, to: end }
    const parent = this.parts.at(-1)
    if (parent) parent.children.push(part)
    else if (this.security) refuse('There must not be more than one Security header.')
    else this.security = part
    this.parts.push(part)
  }

  /** Notes every id there is, and answers the one that references in WS-Security go by. */
  private readIds(attributes: readonly XmlAttribute[]): string | undefined {
    let own: string | undefined
    for (const { uri, local, value } of attributes) {
      if (local.length !== 2 || local.toLowerCase() !== 'id') continue
      if (this.ids.has(value)) this.hasTwins = true
      this.ids.add(value)
      if (uri === wsu && local === 'Id') own = value
    }
    return own
  }
}

function scopeOf(above: ReadonlyMap<string, string>, attributes: readonly XmlAttribute[]): ReadonlyMap<string, string> {
  const declared = attributes.filter((a) => a.uri === xmlnsUri)
  if (declared.length === 0) return above
  return new Map([...above, ...declared.map((a) => [a.local === 'xmlns' ? '' : a.local, a.value] as const)])
}

function soapAttribute(attributes: readonly XmlAttribute[], version: SoapVersion, name: string): string | undefined {
  return attributes.find((a) => a.uri === envelopeUri[version] && a.local === name)?.value.trim()
}

function isForUs(attributes: readonly XmlAttribute[], version: SoapVersion): boolean {
  return isOurRole(version, soapAttribute(attributes, version, version === '1.1' ? 'actor' : 'role'))
}

/** The only child of this name; undefined when there is none. Throws `caller-refused` when there are several. */
export function onlyChild<T extends XmlNode>(parent: T, uri: string, local: string): T['children'][number] | undefined {
  const [first, second] = parent.children.filter((child) => child.uri === uri && child.local === local)
  if (second) refuse(`${parent.local} must not hold more than one ${local}.`)
  return first
}
