/**
 * Sends OSCP 2.0 messages to modern peers, each called the way its profile says, and says what became of them.
 * Limits: it makes one attempt; repeating is the agenda's business. What a peer says in an error is cut to 500 characters.
 */
import type { JsonContract } from '../contract/model.ts'
import type { PeerId, RequestId } from '../exchange/ids.ts'
import type { ModernWire, Outcome } from '../exchange/peers.ts'
import { type HttpAnswer, type HttpClient, NotReachable, type OutboundTls, type Reach } from '../http/outbound.ts'
import { parseRetryAfter } from '../http/retry-after.ts'
import type { SessionCall } from '../session/api.ts'
import { messagePath } from './messages.ts'
import type { AccessTokens, OAuthClient } from './oauth.ts'
import { cut } from './segment-out.ts'

/** How one peer wants to be called: keys of its profile, same names as in src/config/profile.ts. */
export interface OutboundProfile {
  readonly authOut: 'token' | 'bearer' | 'none' | OAuthClient
  readonly headersOut: Readonly<Record<string, string>>
  readonly baseUrlOverride?: string | undefined
  readonly pathOverrides: Readonly<Record<string, string | undefined>>
  readonly acceptStatusesAsSuccess: readonly number[]
  readonly segmentOut?: number | undefined
  readonly allowHttp: boolean
  readonly allowAddresses: readonly string[]
}

export interface OutboundPeer {
  readonly id: PeerId
  /** Its URL as the operator wrote it, if he did. */
  readonly url: string | undefined
  readonly profile: OutboundProfile
  readonly tls?: OutboundTls | undefined
}

/** Where a peer is called, and with which token. */
export interface Destination {
  readonly url: string
  readonly token: string
}

export interface Call {
  readonly peer: PeerId
  readonly to: Destination
  readonly method?: 'POST' | 'PUT' | 'DELETE'
  readonly message: string
  /** JSON. */
  readonly body: string
  readonly request: RequestId
  readonly correlation?: RequestId | undefined
  readonly withinMs: number
  readonly headers?: Readonly<Record<string, string>>
}

export type Caller = (call: Call) => Promise<HttpAnswer>

/** Makes single calls. Rejects when no answer came. */
export function restCaller(http: HttpClient, tokens: AccessTokens, peers: readonly OutboundPeer[]): Caller {
  const known = new Map(peers.map((peer) => [peer.id, { peer, reach: reachOf(peer) }]))
  return async (call) => {
    const { peer, reach } = known.get(call.peer)!
    const { profile } = peer
    const started = Date.now()
    const headers: Record<string, string> = {
      ...profile.headersOut,
      'content-type': 'application/json',
      'x-request-id': call.request,
      ...call.headers,
    }
    if (call.correlation !== undefined) headers['x-correlation-id'] = call.correlation
    const authorization = await authorize(profile.authOut, call.to.token, tokens, call.withinMs)
    if (authorization !== undefined) headers.authorization = authorization
    const base = (profile.baseUrlOverride ?? call.to.url).replace(/\/+$/, '')
    const answer = await http.send({
      method: call.method ?? 'POST',
      url: base + (profile.pathOverrides[call.message] ?? `/${messagePath(call.message)}`),
      headers,
      body: call.body,
      withinMs: Math.max(1, call.withinMs - (Date.now() - started)),
      reach,
    })
    if (answer.status === 401 && typeof profile.authOut === 'object') tokens.forget(profile.authOut)
    return answer
  }
}

export interface ModernWireOptions {
  readonly call: Caller
  readonly contract: Pick<JsonContract, 'print'>
  readonly peers: readonly OutboundPeer[]
  /** Where the peer is called now; undefined while it is not online. May reject when the state cannot be reached. */
  readonly address: (peer: PeerId) => Promise<Destination | undefined>
  /** Told of the status of every answer. */
  readonly observed: (peer: PeerId, status: number) => Promise<void>
}

export function modernWire({ call, contract, peers, address, observed }: ModernWireOptions): ModernWire {
  const profiles = new Map(peers.map((peer) => [peer.id, peer.profile]))
  return {
    async send(peer, message, value, ids, withinMs) {
      const profile = profiles.get(peer.id)!
      const deadline = Date.now() + withinMs
      try {
        const to = await address(peer.id)
        if (!to) return { verdict: 'unavailable', sentence: 'The peer is not online.' }
        let last: Outcome = { verdict: 'accepted' }
        for (const part of cut(value, ids, profile.segmentOut)) {
          const answer = await call({
            peer: peer.id,
            to,
            message,
            ...part,
            body: contract.print(message, part.body),
            withinMs: Math.max(1, deadline - Date.now()),
          })
          await observed(peer.id, answer.status).catch(() => undefined)
          last = outcomeOf(answer, message, profile)
          if (last.verdict !== 'accepted') break
        }
        return last
      } catch (cause) {
        return unanswered(cause)
      }
    },
  }
}

/** Calls of the session's own. Unlike other messages they are made before the peer is online. */
export function sessionCall(call: Caller, peers: readonly OutboundPeer[]): SessionCall {
  const profiles = new Map(peers.map((peer) => [peer.id, peer.profile]))
  return async (given) => {
    try {
      return outcomeOf(
        await call({ ...given, body: JSON.stringify(given.body) }),
        given.message,
        profiles.get(given.peer)!,
      )
    } catch (cause) {
      return unanswered(cause)
    }
  }
}

function unanswered(cause: unknown): Outcome {
  return { verdict: 'unavailable', sentence: sentenceOf(cause), cause }
}

function sentenceOf(cause: unknown): string {
  return cause instanceof NotReachable ? 'The address of the peer may not be called.' : 'The peer did not answer.'
}

function reachOf({ url, profile, tls }: OutboundPeer): Reach {
  const configured = [url, profile.baseUrlOverride].filter((own) => own !== undefined)
  return { configured, allowAddresses: profile.allowAddresses, allowHttp: profile.allowHttp, tls }
}

async function authorize(
  how: OutboundProfile['authOut'],
  token: string,
  tokens: AccessTokens,
  withinMs: number,
): Promise<string | undefined> {
  if (how === 'none') return undefined
  if (how === 'token') return `Token ${token}`
  return `Bearer ${how === 'bearer' ? token : await tokens.get(how, withinMs)}`
}

/** protocol/oscp-2.0.md section 11: these may pass later; any other 4xx, and 501, is the peer's final word. */
const passing = new Set([401, 403, 408, 425, 429])

/** What an answer means, whatever family the peer is of. */
export function outcomeOf(
  answer: HttpAnswer,
  message: string,
  profile: Pick<OutboundProfile, 'acceptStatusesAsSuccess'>,
): Outcome {
  return { ...verdictOf(answer, message, profile), status: answer.status }
}

function verdictOf(
  answer: HttpAnswer,
  message: string,
  profile: Pick<OutboundProfile, 'acceptStatusesAsSuccess'>,
): Outcome {
  const { status } = answer
  if (profile.acceptStatusesAsSuccess.includes(status)) return { verdict: 'accepted' }
  // Section 9.2: a conflict on a compliance error means that it was understood.
  if (status === 409 && message === 'GroupCapacityComplianceError') return { verdict: 'accepted' }
  if (status >= 200 && status < 300) {
    // A login page or a proxy's apology also comes with 200: nobody accepted a limit there.
    if (/^text\/html/i.test(answer.contentType))
      return { verdict: 'unavailable', sentence: `The peer answered HTML with status ${status}, not OSCP 2.0.` }
    return { verdict: 'accepted', body: parse(answer.body) }
  }
  const retryAfterMs = parseRetryAfter(answer.retryAfter)
  if (status >= 400 && status !== 501 && (status >= 500 || passing.has(status)))
    return {
      verdict: 'unavailable',
      sentence: `The peer answered ${status}.`,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    }
  if (status < 400)
    return { verdict: 'unavailable', sentence: `The peer answered ${status}; redirects are not followed.` }
  return { verdict: 'refused', sentence: messageOf(answer) ?? `The peer refused with status ${status}.` }
}

/** The `message` of an error body, whatever family the peer is of; undefined for anything else. */
function messageOf(answer: HttpAnswer): string | undefined {
  const body = parse(answer.body)
  const message = typeof body === 'object' && body !== null && 'message' in body ? body.message : undefined
  const text = Array.isArray(message) ? message.join('; ') : message
  return typeof text === 'string' && text.trim() !== '' ? text.slice(0, 500) : undefined
}

function parse(body: string): unknown {
  // What most answers are; an error that is caught costs more than sending them.
  if (body === '') return undefined
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
