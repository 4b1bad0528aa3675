/**
 * Reads a SOAP envelope in one streaming pass: version, headers that matter, and the body decoded by the contract.
 * Limits: header blocks other than WS-Addressing and the contract's own are skipped, or refused when mustUnderstand.
 */
import type { Operation, Service } from '../contract/model.ts'
import { GatewayError } from '../errors.ts'
import { readXml, readXmlInPieces, type XmlAttribute, type XmlHandler } from '../xml.ts'
import { type Addressing, isAddressing } from './addressing.ts'
import { AddressingReader } from './addressing-reader.ts'
import { ElementDecoder } from './decode.ts'
import { type CompiledElement, compileElement, compileField, type Value } from './slots.ts'
import { envelopeUri, isOurRole, type SoapVersion, VersionMismatch } from './versions.ts'

/** One service compiled for reading: its body elements and its headers by name. */
export interface ServiceReader {
  readonly service: Service
  readonly operations: ReadonlyMap<string, { readonly operation: Operation; readonly element: CompiledElement }>
  readonly headers: ReadonlyMap<string, CompiledElement>
  /** Short messages that were read before, which a party may repeat word for word, as most say their heartbeat. */
  readonly read: Map<string, Envelope>
}

export interface Envelope {
  readonly operation: Operation
  readonly value: Value
  /** The contract's own headers by name, such as cspIdentity. */
  readonly headers: Readonly<Record<string, string>>
  readonly addressing: Addressing | undefined
}

export function compileService(service: Service): ServiceReader {
  const headers = new Map(
    service.operations.flatMap((o) => o.headers.map((h) => [`{${h.uri}}${h.name}`, compileField(h)])),
  )
  const operations = new Map(
    service.operations.map((operation) => [
      operation.input.name,
      { operation, element: compileElement(operation.input) },
    ]),
  )
  return { service, operations, headers, read: new Map() }
}

export interface ReadingOptions {
  /** Header blocks that another step deals with, so that they may be marked mustUnderstand. */
  readonly understands?: (uri: string, local: string) => boolean
  /** Told the addressing as soon as the Header has ended, so that a fault of what follows can be addressed too. */
  readonly onAddressing?: (addressing: Addressing | undefined) => void
}

/** Reads one request. Throws GatewayError with the kind of what is wrong; nothing has happened then. */
export function readEnvelope(
  document: string,
  version: SoapVersion,
  reader: ServiceReader,
  options: ReadingOptions = {},
): Envelope {
  const isShort = document.length <= longestKept
  const key = isShort ? version + document : ''
  const known = isShort ? reader.read.get(key) : undefined
  if (known) return known
  const handler = new EnvelopeHandler(version, reader, options)
  readXml(document, handler)
  const envelope = handler.envelope()
  if (isShort && handler.isAllOurs) {
    if (reader.read.size >= mostKept) reader.read.clear()
    frozen(envelope.value)
    frozen(envelope.headers)
    reader.read.set(key, envelope)
  }
  return envelope
}

/** As `readEnvelope`, for long messages: waits for `pause` again and again, so that others have their turn. */
export async function readLongEnvelope(
  document: string,
  version: SoapVersion,
  reader: ServiceReader,
  options: ReadingOptions,
  pause: () => Promise<unknown>,
): Promise<Envelope> {
  const handler = new EnvelopeHandler(version, reader, options)
  await readXmlInPieces(document, handler, pause)
  return handler.envelope()
}

/** In characters, and how many of them. */
const longestKept = 1_024
const mostKept = 64

/** One object for all who send the same: nobody may change what another gets. */
function frozen(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  Object.freeze(value)
  for (const member of Object.values(value)) frozen(member)
}

/** Header blocks that must be understood and are not; SOAP 1.2 wants them named with their namespaces. */
export class HeadersNotUnderstood extends GatewayError {
  readonly blocks: readonly { readonly uri: string; readonly local: string }[]

  constructor(blocks: readonly { readonly uri: string; readonly local: string }[]) {
    super('header-not-understood', 'A header that must be understood is not supported.', {
      problems: blocks.map(({ local }) => ({ path: local, sentence: 'is not understood' })),
    })
    this.blocks = blocks
  }
}

type Block = 'skip' | AddressingReader | ElementDecoder
const mostNotUnderstood = 10

class EnvelopeHandler implements XmlHandler {
  private depth = 0
  private part: 'none' | 'header' | 'body' = 'none'
  private sawHeader = false
  private sawBody = false
  private block: Block = 'skip'
  private blockName = ''
  private operation: Operation | undefined
  private body: ElementDecoder | undefined
  private readonly headers: Record<string, string> = {}
  private readonly addressing = new AddressingReader()
  /** It holds a header block that another step deals with, such as a signature. */
  private isForOthers = false
  private readonly notUnderstood: { uri: string; local: string }[] = []
  private readonly version: SoapVersion
  private readonly reader: ServiceReader
  private readonly options: ReadingOptions

  constructor(version: SoapVersion, reader: ServiceReader, options: ReadingOptions) {
    this.version = version
    this.reader = reader
    this.options = options
  }

  open(uri: string, local: string, attributes: readonly XmlAttribute[], from: number): void {
    const depth = ++this.depth
    if (depth > 3) {
      if (this.block !== 'skip') this.block.open(uri, local, attributes, from)
    } else if (depth === 1) this.openEnvelope(uri, local)
    else if (depth === 2) this.openPart(uri, local)
    else if (this.part === 'header') this.openHeader(uri, local, attributes)
    else this.openBody(uri, local, attributes)
  }

  text(piece: string): void {
    if (this.depth >= 3) {
      if (this.block !== 'skip') this.block.text(piece)
    } else if (this.depth > 0 && /\S/.test(piece)) malformed('The envelope holds text where only elements may stand.')
  }

  close(): void {
    const depth = this.depth--
    if (depth > 3) {
      if (this.block !== 'skip') this.block.close()
    } else if (depth === 3) {
      if (this.block instanceof ElementDecoder) this.block.close()
      if (this.part === 'header') this.closeHeader()
    } else if (depth === 2 && this.part === 'header') this.options.onAddressing?.(this.addressing.addressing())
  }

  ahead(xml: string, from: number): number {
    return this.depth > 2 && this.body !== undefined ? this.body.ahead(xml, from) : from
  }

  /** Whether the same text will always be the same message, however it is looked at. */
  get isAllOurs(): boolean {
    return !this.isForOthers && this.addressing.addressing() === undefined
  }

  envelope(): Envelope {
    if (!this.sawBody) malformed('The envelope has no Body.')
    if (this.notUnderstood.length > 0) throw new HeadersNotUnderstood(this.notUnderstood.slice(0, mostNotUnderstood))
    if (!this.operation || !this.body) malformed('The Body is empty.')
    return {
      operation: this.operation!,
      value: this.body!.value() as Value,
      headers: this.headers,
      addressing: this.addressing.addressing(),
    }
  }

  private openEnvelope(uri: string, local: string): void {
    if (local !== 'Envelope') malformed('The document is not a SOAP envelope.')
    if (uri !== envelopeUri[this.version])
      throw new VersionMismatch(
        `The media type announces SOAP ${this.version}; the envelope is of another version.`,
        this.reader.service.soapVersions,
      )
  }

  private openPart(uri: string, local: string): void {
    if (uri !== envelopeUri[this.version]) malformed(`The envelope holds the foreign element ${safe(local)}.`)
    if (local === 'Header' && !this.sawHeader && !this.sawBody) this.part = 'header'
    else if (local === 'Body' && !this.sawBody) this.part = 'body'
    else malformed('The envelope must hold at most one Header, then exactly one Body.')
    this.sawHeader ||= this.part === 'header'
    this.sawBody ||= this.part === 'body'
  }

  private openHeader(uri: string, local: string, attributes: readonly XmlAttribute[]): void {
    this.blockName = local
    this.block = 'skip'
    const said = (name: string) =>
      attributes.find((a) => a.uri === envelopeUri[this.version] && a.local === name)?.value.trim()
    // A block for somebody else is none of our business, whatever it says.
    if (!isOurRole(this.version, said(this.version === '1.1' ? 'actor' : 'role'))) return
    const known = this.reader.headers.get(`{${uri}}${local}`)
    if (known) {
      const decoder = new ElementDecoder(known)
      const own = attributes.filter((a) => a.uri !== envelopeUri[this.version])
      decoder.open(uri, local, own)
      this.block = decoder
    } else if (isAddressing(uri) && this.addressing.understands(local)) {
      this.addressing.begin(uri, local)
      this.block = this.addressing
    } else {
      this.isForOthers = true
      if (!this.options.understands?.(uri, local) && mustUnderstand(said('mustUnderstand')))
        this.notUnderstood.push({ uri, local: safe(local) })
    }
  }

  private closeHeader(): void {
    if (this.block instanceof ElementDecoder) {
      if (this.headers[this.blockName] !== undefined) malformed(`The header ${this.blockName} must not stand twice.`)
      this.headers[this.blockName] = this.block.value() as string
    } else if (this.block !== 'skip') this.block.end()
    this.block = 'skip'
  }

  private openBody(uri: string, local: string, attributes: readonly XmlAttribute[]): void {
    if (this.body) malformed('The Body must hold exactly one element.')
    const found = this.reader.operations.get(local)
    if (!found) throw new GatewayError('operation-unknown', 'This service has no such operation.')
    if (found.operation.input.uri !== uri)
      throw new GatewayError('invalid-message', `${local} must be in the namespace ${found.operation.input.uri}.`, {
        problems: [{ path: local, sentence: `must be in the namespace ${found.operation.input.uri}` }],
      })
    this.operation = found.operation
    this.body = new ElementDecoder(found.element)
    this.block = this.body
    this.body.open(uri, local, attributes)
  }
}

function mustUnderstand(value: string | undefined): boolean {
  if (value === '1' || value === 'true') return true
  if (value === undefined || value === '0' || value === 'false') return false
  return malformed('mustUnderstand must be 0, 1, true or false.')
}

function malformed(sentence: string): never {
  throw new GatewayError('malformed-message', sentence)
}

/** A name from the document, as far as it may be repeated to its sender. */
function safe(name: string): string {
  return name.length <= 64 ? name : 'of a very long name'
}

/** An envelope around a body, with header blocks when there are any. */
export function writeEnvelope(version: SoapVersion, body: string, header = ''): string {
  const head = header === '' ? '' : `<soap:Header>${header}</soap:Header>`
  return `<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope xmlns:soap="${envelopeUri[version]}">${head}<soap:Body>${body}</soap:Body></soap:Envelope>`
}
