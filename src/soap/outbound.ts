/**
 * Calls operations at legacy parties, each in the words of its own contract, and says what became of every single attempt.
 * Limits: repeating is the caller's business. A web server's word is not the party's: only a SOAP answer accepts or refuses.
 * A party that said it does not host an operation is asked again after an hour, and by every process for itself.
 */
import { decodeDocument } from '../charset.ts'
import type { LegacyRole, Operation, Service } from '../contract/model.ts'
import { asGatewayError } from '../errors.ts'
import type { PeerId } from '../exchange/ids.ts'
import type { LegacyCall, LegacyOutcome, LegacyWire } from '../exchange/legacy.ts'
import type { HttpAnswer, HttpClient, OutboundTls } from '../http/outbound.ts'
import { parseRetryAfter } from '../http/retry-after.ts'
import { readAnswer } from './answer.ts'
import { compileEncoder, type Encoder } from './encode.ts'
import { writeEnvelope } from './envelope.ts'
import { faultOutcome, statusOutcome, unreadable } from './outcome.ts'
import { requestHeader } from './request-header.ts'
import { type CompiledElement, compileElement } from './slots.ts'
import { mediaType, readMediaType, type SoapVersion } from './versions.ts'

/** A legacy party as it is called. */
export interface SoapDestination {
  readonly id: PeerId
  readonly role: LegacyRole
  readonly services: readonly Service[]
  /** Where it hosts its service; without it nothing can be called there. */
  readonly url: string | undefined
  readonly soapVersion: SoapVersion
  readonly headersOut: Readonly<Record<string, string>>
  readonly tls?: OutboundTls | undefined
}

/** Header blocks and body of a request before they become an envelope. */
export interface Draft {
  readonly version: SoapVersion
  readonly header: string
  readonly body: string
}

export interface SoapOutboundOptions {
  readonly http: HttpClient
  readonly peers: readonly SoapDestination[]
  /** Where an answer is cut, in bytes. */
  readonly longestAnswer: number
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Makes the envelope with what this peer wants for its security, such as a token or a signature. Default: nothing is added. */
  readonly seal?: (peer: PeerId, draft: Draft) => string | Promise<string>
}

interface Called {
  readonly operation: Operation
  readonly encode: Encoder
  readonly answer: CompiledElement
}

interface Destination extends SoapDestination {
  readonly identity: string | undefined
  readonly operations: ReadonlyMap<string, Called>
}

/** How long a party's word that it does not host an operation is believed, in milliseconds. */
const believed = 3600_000

export function soapOutbound(options: SoapOutboundOptions): LegacyWire {
  const { http, longestAnswer, now, seal = unsealed } = options
  const destinations = new Map(options.peers.map((peer) => [peer.id, compileDestination(peer)]))
  /** `<peer> <operation>` → until when the party is taken to lack it. */
  const lacking = new Map<string, number>()

  return { call, hosts: ({ id }, operation) => whyNot(id, operation) === undefined }

  async function call(request: LegacyCall): Promise<LegacyOutcome> {
    const { peer, operation } = request
    const sentence = whyNot(peer.id, operation)
    if (sentence !== undefined) return { verdict: 'refused', sentence, unsupported: true }
    const destination = destinations.get(peer.id)!
    const outcome = await attempt(request, destination, destination.operations.get(operation)!)
    if (outcome.verdict === 'refused' && outcome.unsupported) lacking.set(`${peer.id} ${operation}`, now() + believed)
    return outcome
  }

  /** Why a call would be pointless now; undefined when it would not. */
  function whyNot(id: PeerId, operation: string): string | undefined {
    const destination = destinations.get(id)
    if (destination?.url === undefined) return 'No url is configured for this party.'
    if (!destination.operations.has(operation)) return 'The contract of this party has no such operation.'
    if ((lacking.get(`${id} ${operation}`) ?? 0) > now()) return 'The party does not support this operation.'
    return undefined
  }

  async function attempt(request: LegacyCall, to: Destination, called: Called): Promise<LegacyOutcome> {
    const url = to.url!
    let answer: HttpAnswer
    try {
      const header = requestHeader(request, called.operation, to.identity, url)
      const draft = { version: to.soapVersion, header, body: called.encode(request.value) }
      answer = await http.send({
        url,
        headers: { ...to.headersOut, ...contentHeaders(to.soapVersion, called.operation) },
        body: await seal(to.id, draft),
        withinMs: request.withinMs,
        reach: { configured: [url], allowAddresses: [], allowHttp: false, tls: to.tls },
        needsBody: true,
        longestAnswer,
      })
    } catch (cause) {
      return { verdict: 'unavailable', sentence: 'The peer did not answer.', cause }
    }
    return { ...withRetryAfter(conclude(answer, called), answer), status: answer.status }
  }

  function conclude(answer: HttpAnswer, { answer: element }: Called): LegacyOutcome {
    const { status, contentType, bytes } = answer
    let document: string
    try {
      document = decodeDocument(bytes, readMediaType(contentType).charset)
    } catch (thrown) {
      // What it says of itself is not so; whether it is a page can be seen all the same.
      const known = statusOutcome(status, contentType, answer.body)
      return known ?? unreadable(status, 'is in no encoding that is read', asGatewayError(thrown))
    }
    const said = statusOutcome(status, contentType, document)
    if (said) return said
    if (bytes.length >= longestAnswer) return unreadable(status, 'is longer than is read')
    try {
      const read = readAnswer(document, element)
      if ('fault' in read) return faultOutcome(read.fault, status)
      // A good answer that comes with a bad status was not meant.
      if (status < 200 || status > 299) return unreadable(status, 'is no fault')
      return { verdict: 'answered', value: read.value }
    } catch (thrown) {
      return unreadable(status, 'is not what its contract says', asGatewayError(thrown))
    }
  }
}

function unsealed(_: PeerId, { version, header, body }: Draft): string {
  return writeEnvelope(version, body, header)
}

function withRetryAfter(outcome: LegacyOutcome, { retryAfter }: HttpAnswer): LegacyOutcome {
  const retryAfterMs = parseRetryAfter(retryAfter)
  return outcome.verdict === 'unavailable' && retryAfterMs !== undefined ? { ...outcome, retryAfterMs } : outcome
}

function contentHeaders(version: SoapVersion, { soapAction }: Operation): Record<string, string> {
  const type = `${mediaType[version]}; charset=utf-8`
  return version === '1.1'
    ? { 'content-type': type, accept: mediaType[version], soapaction: `"${soapAction}"` }
    : { 'content-type': `${type}; action="${soapAction}"`, accept: mediaType[version] }
}

function compileDestination(peer: SoapDestination): Destination {
  const service = peer.services.find(({ host }) => host === peer.role)
  const operations = new Map(
    (service?.operations ?? []).map((operation) => [
      operation.name,
      { operation, encode: compileEncoder(operation.input), answer: compileElement(operation.output) },
    ]),
  )
  return { ...peer, identity: service?.identity, operations }
}
