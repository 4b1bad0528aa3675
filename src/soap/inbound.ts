/**
 * The OSCP 1.0 face: one URL per legacy party, answering SOAP 1.1 and 1.2 in kind, and its WSDL on `?wsdl`.
 * Limits: whatever goes wrong leaves here as a fault of the request's version, with the exchange id and nothing internal.
 */
import type { IncomingMessage } from 'node:http'
import { setImmediate as othersFirst } from 'node:timers/promises'
import Router from '@koa/router'
import Koa, { type Context, type Next } from 'koa'
import { decodeDocument } from '../charset.ts'
import { asGatewayError, type ErrorKind, GatewayError } from '../errors.ts'
import type { ExchangeId, PeerId } from '../exchange/ids.ts'
import type { Ledger } from '../exchange/ledger.ts'
import type { KeepPace } from '../exchange/pace.ts'
import type { LegacyReceiver, LegacyRequest } from '../exchange/receive.ts'
import { discardBody, readBytes } from '../http/body.ts'
import { checkAction } from './action.ts'
import {
  type Addressing,
  answeredHere,
  type ReplyRoute,
  type ReplyRoutes,
  replyRoutes,
  writeAnswerAddressing,
} from './addressing.ts'
import { compileEndpoint, type Endpoint, type SoapPeer } from './endpoint.ts'
import { type ReadingOptions, readEnvelope, readLongEnvelope, writeEnvelope } from './envelope.ts'
import { writeFault } from './fault.ts'
import { answerOnce } from './repeats.ts'
import { basicChallenge } from './security/basic.ts'
import { type MediaType, mediaType, readMediaType, type SoapVersion, VersionMismatch } from './versions.ts'

export type { SoapPeer } from './endpoint.ts'

/** An answer that goes to an address of its own, once the HTTP response has gone. */
export interface Reply {
  readonly exchange: ExchangeId
  readonly peer: PeerId
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface SoapInboundOptions {
  readonly peers: readonly SoapPeer[]
  readonly receiver: LegacyReceiver
  /** Scheme, host and path under which the sender of this request reaches this listener; the WSDL's addresses start with it. */
  readonly publicUrl: (request: IncomingMessage) => string
  /** Largest request body in bytes, inflated. */
  readonly bodyLimit: number
  /** Asked before a body is read. */
  readonly keepPace: KeepPace
  readonly newId: () => string
  readonly ledger: Ledger
  /** Told of requests that were answered without the exchange: refused, or repeated. */
  readonly onAnswered: (request: AnsweredHere) => void
  /** Sends an answer to where the caller wanted it. */
  readonly reply: (reply: Reply) => void
}

/** What is known of a request that did not reach the exchange. */
export interface AnsweredHere {
  readonly exchange: ExchangeId
  readonly peer: PeerId | undefined
  readonly operation: string | undefined
  readonly messageId: string | undefined
  readonly relatesTo: string | undefined
  readonly outcome: ErrorKind | 'repeated'
  /** The exchange whose answer it got again. */
  readonly first?: ExchangeId
  readonly error?: GatewayError
}

/** What is known of a request, so far. */
interface State {
  exchange: ExchangeId
  version: SoapVersion
  mediaType: MediaType
  peer: PeerId | undefined
  operation: string | undefined
  addressing: Addressing | undefined
  routes: ReplyRoutes
}

export function soapInbound(options: SoapInboundOptions): Koa {
  const endpoints = new Map(options.peers.map((peer) => [peer.id as string, compileEndpoint(peer)]))
  const byUrl = new Map([...endpoints].map(([id, endpoint]) => [`/oscp/1.0/${encodeURIComponent(id)}`, endpoint]))
  const router = new Router()
  router.all('/oscp/1.0/:peer', (ctx) => serveEndpoint(ctx, endpoints.get(ctx.params.peer as string)))

  const app = new Koa()
  app.use(ownEveryError)
  // Calls mostly name their address as the WSDL does: they need no router, which would take as long as all of a heartbeat.
  app.use((ctx, next) => {
    const endpoint = byUrl.get(ctx.req.url!)
    return endpoint ? serveEndpoint(ctx, endpoint) : next()
  })
  app.use(router.routes())
  app.use(nothingHere)
  return app

  /** The outermost middleware: no error gets past it, and none leaves in Koa's own words. */
  async function ownEveryError(ctx: Context, next: Next): Promise<void> {
    const type = readMediaType(ctx.req.headers['content-type'])
    const state: State = {
      exchange: options.newId() as ExchangeId,
      version: type.version ?? '1.1',
      mediaType: type,
      peer: undefined,
      operation: undefined,
      addressing: undefined,
      routes: answeredHere,
    }
    ctx.state = state
    try {
      await next()
    } catch (thrown) {
      await refuse(ctx, state, asGatewayError(thrown))
    }
  }

  async function serveEndpoint(ctx: Context, endpoint: Endpoint | undefined): Promise<void> {
    if (!endpoint) throw new GatewayError('peer-unknown', 'No party is configured at this address.')
    const state = ctx.state as State
    state.peer = endpoint.peer.id
    if (ctx.method === 'POST') return serveCall(ctx, endpoint, state)
    const document = /^(?:GET|HEAD)$/.test(ctx.method) ? documentAsked(ctx.querystring) : undefined
    if (document === undefined)
      throw new GatewayError('method-not-allowed', 'Send a SOAP request with POST, or GET with ?wsdl.')
    serveWsdl(ctx, endpoint, document)
  }

  function serveWsdl(ctx: Context, endpoint: Endpoint, name: string): void {
    const address = `${options.publicUrl(ctx.req).replace(/\/+$/, '')}/oscp/1.0/${encodeURIComponent(endpoint.peer.id)}`
    const document = endpoint.publish(address, name)
    if (document === undefined) throw new GatewayError('peer-unknown', 'The WSDL of this party has no such file.')
    ctx.set({ 'X-Exchange-ID': (ctx.state as State).exchange, 'Content-Type': 'text/xml; charset=utf-8' })
    ctx.body = document
  }

  /** One call, step by step. What any step throws becomes a fault; until the exchange has it, nothing has happened. */
  async function serveCall(ctx: Context, { peer, reader, encoders }: Endpoint, state: State): Promise<void> {
    requireVersion(state, reader.service.soapVersions)
    const caller = peer.guard.meet(ctx.req)
    await options.keepPace(peer.id)
    const bytes = await readBytes(ctx.req, options.bodyLimit)
    const message = caller.admit(decodeDocument(bytes, state.mediaType.charset), state.version, reader.headers)
    const reading: ReadingOptions = {
      understands: message.understands,
      onAddressing: (heard) => {
        state.addressing = heard
      },
    }
    const read =
      bytes.length > longReading
        ? await readLongEnvelope(message.document, state.version, reader, reading, othersFirst)
        : readEnvelope(message.document, state.version, reader, reading)
    const { operation, value, headers, addressing } = read
    state.operation = operation.name
    if (peer.operations && !peer.operations.has(operation.name))
      throw new GatewayError('operation-forbidden', 'This party may not call this operation.')
    checkAction(state.version === '1.1' ? soapAction(ctx.req) : state.mediaType.action, operation)
    checkAction(addressing?.action, operation)
    state.routes = replyRoutes(addressing, peer.mayReply)

    const { identity } = reader.service
    const cspIdentity = message.cspIdentity(identity === undefined ? undefined : headers[identity])
    const { exchange } = state
    const { messageId, relatesTo } = addressing ?? {}
    const { answer: route } = state.routes
    const harmless = peer.harmless.has(operation.name)
    const copy = { exchange, peer: peer.id, messageId, bytes, harmless }
    const { answer: body, first } = await answerOnce(options.ledger, copy, async (print) => {
      await message.claim(print)
      const { name } = operation
      const answer = await receive({
        exchange,
        peer: peer.id,
        operation: name,
        value,
        cspIdentity,
        messageId,
        relatesTo,
      })
      const header = writeAnswerAddressing(addressing, operation.outputAction, route, options.newId())
      return writeEnvelope(state.version, encoders.get(operation)!(answer), header)
    })
    if (first !== undefined) options.onAnswered({ ...knownOf(state), outcome: 'repeated', first })
    respond(ctx, state, route, { status: 200, body, action: operation.outputAction })
  }

  async function receive(request: LegacyRequest) {
    try {
      return await options.receiver.receive(request)
    } catch (thrown) {
      const error = asGatewayError(thrown)
      reported.add(error)
      throw error
    }
  }

  async function refuse(ctx: Context, state: State, error: GatewayError): Promise<void> {
    // What the exchange saw it has reported itself; a refusal before it is reported here.
    if (state.peer === undefined || !reported.has(error))
      options.onAnswered({ ...knownOf(state), outcome: error.kind, error })
    const headers: Headers = {}
    if (error.kind === 'method-not-allowed') headers.Allow = 'POST, GET'
    if (error.kind === 'credentials-needed') headers['WWW-Authenticate'] = basicChallenge
    if (error.retryAfter !== undefined) headers['Retry-After'] = String(error.retryAfter)
    if (error.kind === 'media-type-unsupported') headers['Accept-Encoding'] = 'gzip, deflate'
    // A body that was not read to its end would be taken for the next request.
    if (!ctx.req.complete) headers.Connection = 'close'
    await discardBody(ctx.req)
    const { fault: route } = state.routes
    const header = writeAnswerAddressing(state.addressing, undefined, route, options.newId())
    const body = writeFault(state.version, error, state.exchange, header)
    const status = state.version === '1.1' ? error.row.soap11 : error.row.soap12
    respond(ctx, state, route, { status, body, action: '' }, headers)
  }

  function respond(
    ctx: Context,
    { exchange, version, peer }: State,
    route: ReplyRoute,
    out: { status: number; body: string; action: string },
    headers: Headers = {},
  ) {
    const { res } = ctx
    const contentType = contentTypes[version]
    // All at once: header by header, as Koa does it, takes as long as reading the message.
    ctx.respond = false
    headers['X-Exchange-ID'] = exchange
    if (route === 'here') {
      headers['Content-Type'] = contentType
      headers['Content-Length'] = String(Buffer.byteLength(out.body))
      res.writeHead(out.status, headers).end(out.body)
      return
    }
    headers['Content-Length'] = '0'
    res.writeHead(202, headers).end()
    if (route === 'nowhere' || peer === undefined) return
    const own: Record<string, string> =
      version === '1.1'
        ? { 'content-type': contentType, soapaction: `"${out.action}"` }
        : { 'content-type': out.action === '' ? contentType : `${contentType}; action="${out.action}"` }
    // Whether it went whole or the caller hung up: what was asked for goes where it was asked for.
    res.once('close', () => options.reply({ exchange, peer, url: route.url, headers: own, body: out.body }))
  }
}

/** A fault for what ended before there was a SOAP message; of the version that every stack understands. */
export function refuseBeforeSoap(error: GatewayError, exchange: string) {
  return { headers: { 'content-type': contentTypes['1.1'] }, body: writeFault('1.1', error, exchange) }
}

/** In bytes: a message of some five hundred blocks, a millisecond's work. */
const longReading = 102_400

type Headers = Record<string, string>

const contentTypes: Record<SoapVersion, string> = {
  '1.1': `${mediaType['1.1']}; charset=utf-8`,
  '1.2': `${mediaType['1.2']}; charset=utf-8`,
}

function soapAction({ headers }: IncomingMessage): string | undefined {
  return headers.soapaction as string | undefined
}

function knownOf({ exchange, peer, operation, addressing }: State) {
  return { exchange, peer, operation, messageId: addressing?.messageId, relatesTo: addressing?.relatesTo }
}

/** Errors that the exchange has already told its observer. */
const reported = new WeakSet<GatewayError>()

function nothingHere(): never {
  throw new GatewayError('peer-unknown', 'There is nothing at this address; a party is at /oscp/1.0/<party>.')
}

/** The media type gives the SOAP version; it must be one that the party's contract has a port for. */
function requireVersion(state: State, served: readonly SoapVersion[]): void {
  if (state.mediaType.version === undefined)
    throw new GatewayError('media-type-unsupported', 'Send SOAP as text/xml (1.1) or application/soap+xml (1.2).')
  if (served.includes(state.version)) return
  const [own] = served
  state.version = own ?? '1.1'
  throw new VersionMismatch(`This party is served with SOAP ${own} only.`, served)
}

/** What `?wsdl` or `?xsd=<file>` asks for, wherever it stands among other parameters; '' is the WSDL itself. */
function documentAsked(query: string): string | undefined {
  return [...new URLSearchParams(query)].find(([name]) => /^(?:wsdl|xsd)$/i.test(name))?.[1]
}
