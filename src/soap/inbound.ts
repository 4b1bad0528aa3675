/**
 * The OSCP 1.0 face: one URL per legacy party, answering SOAP 1.1 and 1.2 in kind, and its WSDL on `?wsdl`.
 * Limits: whatever goes wrong leaves here as a fault of the request's version, with the exchange id and nothing internal.
 */
import Router from '@koa/router'
import Koa, { type Context, type Next } from 'koa'
import type { LegacyRole, Operation, Service } from '../contract/model.ts'
import { asGatewayError, GatewayError } from '../errors.ts'
import type { ExchangeId, PeerId } from '../exchange/ids.ts'
import type { LegacyReceiver } from '../exchange/receive.ts'
import { readBody } from '../http/body.ts'
import { escapeText } from '../xml.ts'
import { compileEncoder, type Encoder } from './encode.ts'
import {
  type Addressing,
  checkAction,
  compileService,
  readEnvelope,
  type ServiceReader,
  writeEnvelope,
} from './envelope.ts'
import { writeFault } from './fault.ts'
import { type Publisher, publishWsdl } from './publish.ts'
import { mediaType, type SoapVersion, versionOf } from './versions.ts'

/** A legacy party as the SOAP wire sees it: who it is and the services of its dialect. */
export interface SoapPeer {
  readonly id: PeerId
  readonly role: LegacyRole
  readonly services: readonly Service[]
}

export interface SoapInboundOptions {
  readonly peers: readonly SoapPeer[]
  readonly receiver: LegacyReceiver
  /** Scheme, host and path under which partners reach this listener; the WSDL's addresses start with it. */
  readonly publicUrl: () => string
  /** Largest request body in bytes. */
  readonly bodyLimit: number
  readonly newId: () => string
  /** Told of requests that were refused before they reached the exchange. */
  readonly onRefused: (exchange: ExchangeId, peer: PeerId | undefined, error: GatewayError) => void
}

/** What we host for one legacy party, compiled. */
interface Endpoint {
  readonly peer: SoapPeer
  readonly reader: ServiceReader
  readonly encoders: ReadonlyMap<Operation, Encoder>
  /** The WSDL, or one of the files it imports; undefined for one that it does not. */
  readonly publish: Publisher
}

interface State {
  exchange: ExchangeId
  version: SoapVersion
  peer: PeerId | undefined
}

export function soapInbound(options: SoapInboundOptions): Koa {
  const endpoints = new Map(options.peers.map((peer) => [peer.id as string, compileEndpoint(peer)]))
  const router = new Router()
  router.all('/oscp/1.0/:peer', serveEndpoint)

  const app = new Koa()
  app.use(ownEveryError)
  app.use(router.routes())
  app.use(nothingHere)
  return app

  /** The outermost middleware: no error gets past it, and none leaves in Koa's own words. */
  async function ownEveryError(ctx: Context, next: Next): Promise<void> {
    const state = ctx.state as State
    state.exchange = options.newId() as ExchangeId
    state.version = versionOf(ctx.get('content-type')) ?? '1.1'
    ctx.set('X-Exchange-ID', state.exchange)
    try {
      await next()
    } catch (thrown) {
      const error = asGatewayError(thrown)
      // What the exchange saw it has reported itself; a refusal before it is reported here.
      if (state.peer === undefined || !reported.has(error)) options.onRefused(state.exchange, state.peer, error)
      ctx.status = state.version === '1.1' ? error.row.soap11 : error.row.soap12
      if (error.kind === 'method-not-allowed') ctx.set('Allow', 'POST, GET')
      // A body that was not read to its end would be taken for the next request.
      if (!ctx.req.complete) ctx.set('Connection', 'close')
      ctx.set('Content-Type', `${mediaType[state.version]}; charset=utf-8`)
      ctx.body = writeFault(state.version, error, state.exchange)
    }
  }

  async function serveEndpoint(ctx: Context): Promise<void> {
    const endpoint = endpoints.get(ctx.params.peer as string)
    if (!endpoint) throw new GatewayError('peer-unknown', 'No party is configured at this address.')
    const state = ctx.state as State
    state.peer = endpoint.peer.id
    if (ctx.method === 'GET' && /^(?:wsdl|xsd)(?:=|$)/i.test(ctx.querystring)) return serveWsdl(ctx, endpoint)
    if (ctx.method !== 'POST')
      throw new GatewayError('method-not-allowed', 'Send a SOAP request with POST, or GET with ?wsdl.')
    await serveCall(ctx, endpoint, state)
  }

  function serveWsdl(ctx: Context, endpoint: Endpoint): void {
    const address = `${options.publicUrl().replace(/\/+$/, '')}/oscp/1.0/${encodeURIComponent(endpoint.peer.id)}`
    const document = endpoint.publish(address, new URLSearchParams(ctx.querystring).get('xsd') ?? '')
    if (document === undefined) throw new GatewayError('peer-unknown', 'The WSDL of this party has no such file.')
    ctx.set('Content-Type', 'text/xml; charset=utf-8')
    ctx.body = document
  }

  async function serveCall(ctx: Context, endpoint: Endpoint, state: State): Promise<void> {
    const type = ctx.get('content-type')
    if (versionOf(type) === undefined)
      throw new GatewayError('media-type-unsupported', 'Send SOAP as text/xml (1.1) or application/soap+xml (1.2).')
    if (!endpoint.reader.service.soapVersions.includes(state.version)) {
      const [own] = endpoint.reader.service.soapVersions
      state.version = own ?? '1.1'
      throw new GatewayError('version-mismatch', `This party is served with SOAP ${own} only.`)
    }
    if (!/^utf-?8$/i.test(parameter(type, 'charset') ?? 'utf-8'))
      throw new GatewayError('media-type-unsupported', 'Only UTF-8 is supported.')

    const document = await readBody(ctx.req, options.bodyLimit)
    const { operation, value, headers, addressing } = readEnvelope(document, state.version, endpoint.reader)
    checkAction(state.version === '1.1' ? ctx.get('soapaction') : parameter(type, 'action'), operation)
    checkAction(addressing?.action, operation)

    const { identity } = endpoint.reader.service
    const answer = await receive({
      exchange: state.exchange,
      peer: endpoint.peer.id,
      operation: operation.name,
      value,
      cspIdentity: identity === undefined ? undefined : headers[identity],
    })
    ctx.set('Content-Type', `${mediaType[state.version]}; charset=utf-8`)
    ctx.body = writeEnvelope(
      state.version,
      endpoint.encoders.get(operation)!(answer),
      addressing && answerHeader(addressing, operation, options.newId()),
    )
  }

  async function receive(request: Parameters<LegacyReceiver['receive']>[0]) {
    try {
      return await options.receiver.receive(request)
    } catch (thrown) {
      const error = asGatewayError(thrown)
      reported.add(error)
      throw error
    }
  }
}

/** Errors that the exchange has already told its observer. */
const reported = new WeakSet<GatewayError>()

function nothingHere(): never {
  throw new GatewayError('peer-unknown', 'There is nothing at this address; a party is at /oscp/1.0/<party>.')
}

function compileEndpoint(peer: SoapPeer): Endpoint {
  const host = peer.role === 'dso' ? 'csp' : 'dso'
  const service = peer.services.find((s) => s.host === host)
  if (!service) throw new Error(`The contract of ${peer.id} has no service that a ${host} hosts`)
  return {
    peer,
    reader: compileService(service),
    encoders: new Map(service.operations.map((operation) => [operation, compileEncoder(operation.output)])),
    publish: publishWsdl(service),
  }
}

/** WS-Addressing of an answer, in the caller's namespace; sent only when the caller used addressing. */
function answerHeader(to: Addressing, operation: Operation, id: string): string {
  const relates =
    to.messageId === undefined ? '' : `<wsa:RelatesTo xmlns:wsa="${to.uri}">${escapeText(to.messageId)}</wsa:RelatesTo>`
  return (
    `<wsa:Action xmlns:wsa="${to.uri}">${escapeText(operation.outputAction)}</wsa:Action>` +
    `<wsa:MessageID xmlns:wsa="${to.uri}">urn:uuid:${id}</wsa:MessageID>${relates}`
  )
}

/** One parameter of a media type, unquoted. */
function parameter(contentType: string, name: string): string | undefined {
  const found = new RegExp(`;\\s*${name}\\s*=\\s*(?:"([^"]*)"|([^;\\s]+))`, 'i').exec(contentType)
  return found?.[1] ?? found?.[2]
}
