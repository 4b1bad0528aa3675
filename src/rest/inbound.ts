/**
 * The OSCP 2.0 face: `/oscp/cp/2.0/…` towards flexibility providers, `/oscp/fp/2.0/…` towards capacity providers, and without
 * the role where the token decides. A message taken is answered 204 without a body; what it causes happens after that.
 * Limits: whatever goes wrong leaves here as `{ "message": … }` with the status of section 3.3 and nothing internal.
 */
import { finished } from 'node:stream'
import Router from '@koa/router'
import Koa, { type Context, type Next } from 'koa'
import type { JsonContract } from '../contract/model.ts'
import { asGatewayError, type ErrorKind, GatewayError } from '../errors.ts'
import type { ExchangeId, PeerId, RequestId } from '../exchange/ids.ts'
import type { Ledger } from '../exchange/ledger.ts'
import type { AfterAnswer, Face, ModernReceiver, ModernRequest } from '../exchange/modern.ts'
import type { Observer } from '../exchange/observer.ts'
import type { KeepPace } from '../exchange/pace.ts'
import { discardBody, readBody } from '../http/body.ts'
import { matchesCertificate, readClientCertificate } from '../http/certificates.ts'
import type { Authenticated, SessionApi } from '../session/api.ts'
import { readAuthorization, readIds, readSegment, requireJson, type Scheme } from './headers.ts'
import { scanJson } from './json.ts'
import { findRoute, type Method, type Route } from './messages.ts'
import { type ReadingProfile, readMessage } from './reading.ts'
import { unlessRepeated } from './repeats.ts'
import type { Segments } from './segments.ts'

/** What is particular about how a peer calls: keys of its profile, same names as in src/config/profile.ts. */
export interface InboundProfile extends ReadingProfile {
  readonly authInSchemes: readonly Scheme[]
  readonly requireCorrelation: boolean
  readonly segmentsIn: 'join' | 'ignore'
  /** Certificates one of which it must show besides its token. */
  readonly clientCertificate?: readonly string[] | undefined
  /** The messages it may send; undefined for all. */
  readonly messages?: readonly string[] | undefined
}

export interface RestInboundOptions {
  readonly sessions: SessionApi
  /** Takes every message that is not about the session. Reports to the observer itself. */
  readonly receiver: ModernReceiver
  readonly contract: JsonContract
  readonly profile: (peer: PeerId) => InboundProfile
  readonly ledger: Ledger
  readonly segments: Segments
  readonly observer: Observer
  /** Something that was tolerated, for the operator to know. */
  readonly onTolerated: (exchange: ExchangeId, peer: PeerId, sentence: string) => void
  /** Served at /openapi.json. */
  readonly openapi: () => object
  /** Largest request body in bytes. */
  readonly bodyLimit: number
  /** Most blocks, or measurements, of one message. */
  readonly mostBlocks: number
  /** Asked before a body is read. */
  readonly keepPace: KeepPace
  readonly now: () => number
  readonly newId: () => string
}

interface State {
  exchange: ExchangeId
  started: number
  peer: PeerId | undefined
  operation: string | undefined
  request: RequestId | undefined
  correlation: RequestId | undefined
  repeated: boolean
  /** The receiver has told the observer. */
  told: boolean
}

/** One request whose sender is known, with the body as text. */
interface Arrival {
  readonly route: Route
  readonly method: Method
  readonly caller: Authenticated
  readonly profile: InboundProfile
  readonly request: RequestId
  readonly correlation: RequestId | undefined
  readonly text: string
}

export interface RestInbound {
  readonly callback: ReturnType<Koa['callback']>
  /** Resolves when nothing that had to follow an answer runs any more. */
  settled(): Promise<void>
}

export function restInbound(options: RestInboundOptions): RestInbound {
  const { sessions, receiver, contract, ledger, segments, observer, now } = options
  const running = new Set<Promise<void>>()

  const router = new Router()
  router.get('/openapi.json', (ctx) => {
    ctx.body = options.openapi()
  })
  router.all('/oscp/:face/2.0/:message', (ctx) => serve(ctx, ctx.params.face as string, ctx.params.message as string))
  router.all('/oscp/2.0/:message', (ctx) => serve(ctx, undefined, ctx.params.message as string))

  const app = new Koa()
  app.use(ownEveryError)
  app.use(router.routes())
  app.use(nothingHere)
  return {
    callback: app.callback(),
    async settled() {
      while (running.size > 0) await Promise.allSettled(running)
    },
  }

  /** The outermost middleware: no error gets past it, and none leaves in Koa's own words. */
  async function ownEveryError(ctx: Context, next: Next): Promise<void> {
    const state = ctx.state as State
    Object.assign(state, { exchange: options.newId() as ExchangeId, started: now(), repeated: false, told: false })
    ctx.set('X-Exchange-ID', state.exchange)
    const ids = readIds(ctx.headers)
    Object.assign(state, ids)
    echo(ctx, ids.request)
    try {
      await next()
      if (state.operation !== undefined && !state.told) report(state, state.repeated ? 'repeated' : 'accepted')
    } catch (thrown) {
      const error = asGatewayError(thrown)
      if (!state.told) report(state, error.kind, error)
      answerError(ctx, error)
      await discardBody(ctx.req)
    }
  }

  function report(state: State, outcome: 'accepted' | 'repeated' | ErrorKind, error?: GatewayError): void {
    const { exchange, peer, operation, started, request, correlation } = state
    const line = {
      exchange,
      peer,
      operation,
      request,
      correlation,
      direction: 'toLegacy' as const,
      receipts: [],
      durationMs: now() - started,
    }
    observer.exchanged({ ...line, outcome, ...(error ? { error } : {}) })
  }

  async function serve(ctx: Context, role: string | undefined, path: string): Promise<void> {
    const state = ctx.state as State
    const route = findRoute(path)
    if (!route || (role !== undefined && !['cp', 'fp', 'co'].includes(role))) return nothingHere()
    if (route === 'extension') throw new GatewayError('message-unsupported', 'This message is no part of OSCP 2.0.')
    state.operation = route.message
    if (!(route.methods as readonly string[]).includes(ctx.method)) {
      ctx.set('Allow', route.methods.join(', '))
      throw new GatewayError('method-not-allowed', `Send ${route.methods.join(', ')} here.`)
    }
    if (role === 'co') throw new GatewayError('message-unsupported', 'This gateway is no capacity optimizer.')

    const arrival = await readArrival(ctx, route, role as Face | undefined, state)
    afterAnswer(ctx, state, await takeSegment(arrival, state, ctx.headers))
    ctx.status = 204
  }

  /** Who calls, whether it may, and what it says. */
  async function readArrival(ctx: Context, route: Route, face: Face | undefined, state: State): Promise<Arrival> {
    const method = ctx.method as Method
    const { scheme, token } = readAuthorization(ctx.headers)
    const caller = await sessions.authenticate(face, token)
    state.peer = caller?.peer
    const profile = caller && options.profile(caller.peer)
    const tooEarly = caller?.scope === 'register' && (route.message !== 'Register' || method === 'DELETE')
    if (!caller || !profile?.authInSchemes.includes(scheme) || tooEarly)
      throw new GatewayError('token-unknown', 'The token is not known here, or not for this.')
    const { clientCertificate, messages } = profile
    if (clientCertificate && !matchesCertificate(readClientCertificate(ctx.req), clientCertificate, now()))
      throw new GatewayError('caller-refused', 'Show the client certificate that was agreed with this party.')
    await options.keepPace(caller.peer)
    if (messages && !messages.includes(route.message))
      throw new GatewayError('operation-forbidden', 'This party may not send this message.')
    if (!route.faces.includes(caller.face))
      throw new GatewayError('message-unsupported', `A ${caller.face.toUpperCase()} does not serve this message.`)

    const ids = readIds(ctx.headers)
    if (ids.request === undefined && profile.strict)
      throw new GatewayError('invalid-message', 'X-Request-ID is required', {
        problems: [{ path: 'X-Request-ID', sentence: 'is required' }],
      })
    const request = ids.request ?? (options.newId() as RequestId)
    if (ids.request === undefined) {
      echo(ctx, request)
      options.onTolerated(state.exchange, caller.peer, 'X-Request-ID is missing; repeats cannot be recognised.')
    }
    if (!route.session) await sessions.admit(caller.peer, route.message)
    if (method !== 'DELETE' && hasBody(ctx)) requireJson(ctx.headers)
    const text = await readBody(ctx.req, options.bodyLimit)
    return { route, method, caller, profile, request, correlation: ids.correlation, text }
  }

  /** Takes what is whole; a segment waits for the others. */
  async function takeSegment(arrival: Arrival, state: State, headers: Context['headers']) {
    const segment = arrival.profile.segmentsIn === 'join' && !arrival.route.session ? readSegment(headers) : undefined
    if (!segment) return take(arrival, state)
    const { request, correlation, text, route, caller } = arrival
    scanJson(text, options.mostBlocks)
    const part = { peer: caller.peer, route: route.path, request, correlation, text, ...segment }
    return segments.add(part, (whole) => take({ ...arrival, ...whole }, state))
  }

  async function take(arrival: Arrival, state: State): Promise<AfterAnswer | undefined> {
    const { route, method, caller, profile, request, correlation, text } = arrival
    const { message } = route
    const { peer, face, credential } = caller
    const about = { exchange: state.exchange, peer, face, message, request, correlation, credential }
    if (method === 'DELETE') {
      await sessions.remove(about)
      return undefined
    }
    const value = readMessage(contract, message, text, profile, { now: now(), mostItems: options.mostBlocks })
    const whole: ModernRequest = { ...about, value }
    // Messages of the session may be said again and again; a peer with constant ids must be able to (D-37).
    if (route.session) return method === 'PUT' ? sessions.update(whole) : sessions.receive(whole)
    if (message === 'GroupCapacityComplianceError' && profile.requireCorrelation && correlation === undefined)
      throw new GatewayError('invalid-message', 'X-Correlation-ID must name the forecast that cannot be met', {
        problems: [{ path: 'X-Correlation-ID', sentence: 'must name the forecast that cannot be met' }],
      })
    const copy = { exchange: state.exchange, peer, route: route.path, request, body: text }
    const done = await unlessRepeated(ledger, copy, () => {
      state.told = true
      return receiver.receive(whole)
    })
    state.repeated = done === undefined
    return done?.result
  }

  /** Starts `work` when the answer is on the wire, or its connection is gone: what was accepted happens all the same. */
  function afterAnswer(ctx: Context, state: State, work: AfterAnswer | undefined): void {
    if (!work) return
    const { peer } = state
    const done = new Promise<void>((resolve) => finished(ctx.res, () => resolve()))
      .then(work)
      .catch((error: unknown) => observer.alarm('failure after an answer', { peer: peer!, error }))
      .finally(() => running.delete(done))
    running.add(done)
  }
}

/** What ended before there was a request to serve. */
export function refuseBeforeJson({ message }: GatewayError) {
  return { headers: { 'content-type': 'application/json; charset=utf-8' }, body: JSON.stringify({ message }) }
}

function nothingHere(): never {
  throw new GatewayError(
    'peer-unknown',
    'There is nothing at this address; messages are at /oscp/{cp|fp}/2.0/<message>.',
  )
}

/** Section 3.2: peers are helped by finding their id again, wherever they look for it. */
function echo(ctx: Context, request: RequestId | undefined): void {
  if (request === undefined) return
  ctx.set('X-Request-ID', request)
  ctx.set('X-Correlation-ID', request)
}

function answerError(ctx: Context, error: GatewayError): void {
  const status = error.row.json
  ctx.status = status
  if (status === 401) ctx.set('WWW-Authenticate', 'Token realm="oscp"')
  if (status === 503 || error.retryAfter !== undefined) ctx.set('Retry-After', String(error.retryAfter ?? 5))
  // A body that was not read to its end would be taken for the next request.
  if (!ctx.req.complete) ctx.set('Connection', 'close')
  const said = error.problems.map(({ path, sentence }) => `${path || 'the body'} ${sentence}`)
  ctx.body = { message: said.length > 1 ? said.join('; ') : error.message }
}

function hasBody(ctx: Context): boolean {
  return ctx.headers['transfer-encoding'] !== undefined || Number(ctx.headers['content-length'] ?? 0) > 0
}
