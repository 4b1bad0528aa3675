/**
 * Reads a SOAP envelope in one streaming pass: version, headers that matter, and the body decoded by the contract.
 * Limits: header blocks other than WS-Addressing and the contract's own are skipped, or refused when mustUnderstand.
 */
import type { Operation, Service } from '../contract/model.ts'
import { GatewayError } from '../errors.ts'
import { readXml, type XmlAttribute, type XmlHandler } from '../xml.ts'
import { type CompiledElement, compileElement, compileField, ElementDecoder, type Value } from './decode.ts'
import { addressingUris, envelopeUri, type SoapVersion } from './versions.ts'

/** One service compiled for reading: its body elements and its headers by name. */
export interface ServiceReader {
  readonly service: Service
  readonly operations: ReadonlyMap<string, { readonly operation: Operation; readonly element: CompiledElement }>
  readonly headers: ReadonlyMap<string, CompiledElement>
}

export interface Addressing {
  /** The namespace the caller used, to answer in the same. */
  readonly uri: string
  readonly messageId?: string
  readonly action?: string
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
  return { service, operations, headers }
}

/** Reads one request. Throws GatewayError with the kind of what is wrong; nothing has happened then. */
export function readEnvelope(document: string, version: SoapVersion, reader: ServiceReader): Envelope {
  const handler = new EnvelopeHandler(version, reader)
  readXml(document, handler)
  return handler.envelope()
}

type Block = 'skip' | 'addressing' | ElementDecoder

class EnvelopeHandler implements XmlHandler {
  private depth = 0
  private part: 'none' | 'header' | 'body' = 'none'
  private sawHeader = false
  private sawBody = false
  private block: Block = 'skip'
  private blockName = ''
  private text_ = ''
  private operation: Operation | undefined
  private body: ElementDecoder | undefined
  private readonly headers: Record<string, string> = {}
  private readonly addressing: { uri?: string; MessageID?: string; Action?: string } = {}
  private readonly notUnderstood: string[] = []
  private readonly version: SoapVersion
  private readonly reader: ServiceReader

  constructor(version: SoapVersion, reader: ServiceReader) {
    this.version = version
    this.reader = reader
  }

  open(uri: string, local: string, attributes: readonly XmlAttribute[]): void {
    this.depth++
    if (this.depth === 1) this.openEnvelope(uri, local)
    else if (this.depth === 2) this.openPart(uri, local)
    else if (this.depth === 3) {
      if (this.part === 'header') this.openHeader(uri, local, attributes)
      else this.openBody(uri, local, attributes)
    } else if (this.block instanceof ElementDecoder) this.block.open(uri, local, attributes)
    else if (this.block === 'addressing') this.text_ = ''
  }

  text(piece: string): void {
    if (this.block instanceof ElementDecoder && this.depth >= 3) this.block.text(piece)
    else if (this.depth >= 3) this.text_ += piece
    else if (this.depth > 0 && /\S/.test(piece)) malformed('The envelope holds text where only elements may stand.')
  }

  close(): void {
    if (this.depth >= 3 && this.block instanceof ElementDecoder) this.block.close()
    if (this.depth === 3 && this.part === 'header') this.closeHeader()
    this.depth--
  }

  envelope(): Envelope {
    if (!this.sawBody) malformed('The envelope has no Body.')
    if (this.notUnderstood.length > 0)
      throw new GatewayError('header-not-understood', 'A header that must be understood is not supported.', {
        problems: this.notUnderstood.map((path) => ({ path, sentence: 'is not understood' })),
      })
    if (!this.operation || !this.body) malformed('The Body is empty.')
    const { uri, MessageID, Action } = this.addressing
    return {
      operation: this.operation!,
      value: this.body!.value() as Value,
      headers: this.headers,
      addressing:
        uri === undefined
          ? undefined
          : { uri, ...(MessageID ? { messageId: MessageID } : {}), ...(Action ? { action: Action } : {}) },
    }
  }

  private openEnvelope(uri: string, local: string): void {
    if (local !== 'Envelope') malformed('The document is not a SOAP envelope.')
    if (uri !== envelopeUri[this.version])
      throw new GatewayError(
        'version-mismatch',
        `The media type announces SOAP ${this.version}; the envelope is of another version.`,
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
    this.text_ = ''
    this.blockName = local
    const known = this.reader.headers.get(`{${uri}}${local}`)
    if (known) {
      const decoder = new ElementDecoder(known)
      decoder.open(
        uri,
        local,
        attributes.filter((a) => a.uri !== envelopeUri[this.version]),
      )
      this.block = decoder
    } else if ((addressingUris as readonly string[]).includes(uri)) {
      this.block = 'addressing'
      this.addressing.uri ??= uri
    } else {
      this.block = 'skip'
      if (this.mustUnderstand(attributes)) this.notUnderstood.push(safe(local))
    }
  }

  private closeHeader(): void {
    if (this.block instanceof ElementDecoder) {
      if (this.headers[this.blockName] !== undefined) malformed(`The header ${this.blockName} must not stand twice.`)
      this.headers[this.blockName] = this.block.value() as string
    } else if (this.block === 'addressing' && (this.blockName === 'MessageID' || this.blockName === 'Action'))
      this.addressing[this.blockName] = this.text_.trim()
    this.block = 'skip'
  }

  private mustUnderstand(attributes: readonly XmlAttribute[]): boolean {
    const uri = envelopeUri[this.version]
    const value = (name: string) => attributes.find((a) => a.uri === uri && a.local === name)?.value.trim()
    const must = value('mustUnderstand')
    const role = value(this.version === '1.1' ? 'actor' : 'role') ?? ''
    return (must === '1' || must === 'true') && (role === '' || /\/(next|ultimateReceiver)$/.test(role))
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

function malformed(sentence: string): never {
  throw new GatewayError('malformed-message', sentence)
}

/** A name from the document, as far as it may be repeated to its sender. */
function safe(name: string): string {
  return name.length <= 64 ? name : 'of a very long name'
}

/**
 * Refuses a SOAPAction or WS-Addressing action that names another operation than the body.
 * Compared on its last path segment, as old stacks abbreviate; an absent or empty one says nothing.
 */
export function checkAction(action: string | undefined, operation: Operation): void {
  const said = (action ?? '').trim().replace(/^"(.*)"$/, '$1')
  if (said === '' || said === operation.soapAction || said === operation.inputAction) return
  if (lastSegment(said) === operation.name) return
  throw new GatewayError('action-mismatch', 'The action names another operation than the body.')
}

function lastSegment(action: string): string {
  return action.split(/[/:#]/).at(-1)!
}

/** An envelope around a body, with header blocks when there are any. */
export function writeEnvelope(version: SoapVersion, body: string, header = ''): string {
  const head = header === '' ? '' : `<soap:Header>${header}</soap:Header>`
  return `<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope xmlns:soap="${envelopeUri[version]}">${head}<soap:Body>${body}</soap:Body></soap:Envelope>`
}
