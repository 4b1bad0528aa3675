/**
 * What the other rooms see of OSCP 2.0 sessions: who calls, what it may say now, where and with what to call it.
 * Limits: a token appears here only on its way in (`authenticate`) and on its way out (`address`); nothing else shows one.
 */
import type { PeerId, RequestId } from '../exchange/ids.ts'
import type { AfterAnswer, Face, ModernReceiver, ModernRequest } from '../exchange/modern.ts'
import type { Outcome } from '../exchange/peers.ts'
import type { Value } from '../mapping/compile.ts'

/** protocol/oscp-2.0.md section 14. */
export type SessionState = 'NEW' | 'PENDING' | 'REGISTERED' | 'ONLINE' | 'OFFLINE'

/** What of a peer's profile (src/config/profile.ts, same names and meanings) a session goes by. Times in milliseconds. */
export interface SessionProfile {
  /** `none`: the peer is online as soon as it is registered. With registration none, downstream means none: only `we` or `they` start one. */
  readonly handshakeInitiator: 'downstream' | 'we' | 'they' | 'none'
  readonly handshakeBody: 'wrapped' | 'flat'
  readonly measurementConfiguration: readonly string[]
  readonly ackMeasurementConfiguration: readonly string[]
  /** `none`: neither asked for nor sent, and silence never means offline. */
  readonly heartbeats: 'on' | 'none'
  readonly heartbeatInterval: number
  readonly heartbeatBringsOnline: boolean
  readonly forecastsBeforeHandshake: 'refuse' | 'accept'
  readonly requireCorrelation: boolean
  readonly tokenMaxLength: number
  readonly baseUrlOverride?: string | undefined
  readonly allowHttp: boolean
}

/** One modern peer as configured. */
export interface SessionPeer {
  readonly id: PeerId
  readonly role: 'fp' | 'cp' | 'co'
  /** Who sends the first Register: nobody, we with `token` (the peer's TOKEN_A), or they. */
  readonly registration: 'none' | 'we start' | 'they start'
  /** Its base URL as known out of band: where our first Register goes, and what a relative base_url is resolved against. */
  readonly url: string | undefined
  readonly token: string | undefined
  /** With registration none: what it calls us with. */
  readonly inboundToken?: string | undefined
  readonly profile: SessionProfile
}

/** One call of the session's own; the REST wire makes it the way the peer's profile says. Never rejects. */
export type SessionCall = (call: {
  readonly peer: PeerId
  readonly to: Address
  readonly method: 'POST' | 'PUT' | 'DELETE'
  readonly message: 'Register' | 'Handshake' | 'HandshakeAcknowledge' | 'Heartbeat'
  readonly body: Value
  readonly request: RequestId
  readonly correlation: RequestId | undefined
  readonly withinMs: number
}) => Promise<Outcome>

/** Proof of which token a request came with; opaque, and useless for calling anybody. */
export type Credential = string

export interface Authenticated {
  readonly peer: PeerId
  /** The role we play towards this peer. */
  readonly face: Face
  /** `register`: a TOKEN_A, only good for POST (and PUT, A-29) register; anything else with it is `token-unknown`. */
  readonly scope: 'register' | 'all'
  /** To be passed on as `ModernRequest.credential`. */
  readonly credential: Credential
}

/**
 * What the REST wire needs. `receive` takes Register (POST), Handshake, HandshakeAcknowledge and Heartbeat, and checks itself
 * whether the peer's state admits them; every other message goes through `admit` first. The value of the last three may be
 * the JSON object as it came: it is read liberally here (flat, numeric strings, unknown styles, unusable times).
 * Every method throws GatewayError: `token-unknown` 403, `not-online` 403, `version-unsupported` 501, `invalid-message` 400,
 * `state-unavailable` 503.
 */
export interface SessionApi extends ModernReceiver {
  /**
   * The peer this token was issued to, or undefined (answer 403 `token-unknown`; without any token 401 `token-missing`).
   * `token` is the bare value, without a scheme. `face` undefined (path without a role) looks at all peers.
   */
  authenticate(face: Face | undefined, token: string): Promise<Authenticated | undefined>
  /** PUT register. */
  update(request: ModernRequest): Promise<AfterAnswer | undefined>
  /** DELETE register, with whatever body or none. */
  remove(request: Omit<ModernRequest, 'value'>): Promise<void>
  /** Throws `not-online` when this message may not be received in the peer's state. */
  admit(peer: PeerId, message: string): Promise<void>
  /** Where and with what to send the peer ordinary messages now; undefined while it is not online, for it would refuse them. */
  address(peer: PeerId): Promise<Address | undefined>
  /** What became of a call made with that address, by its HTTP status: 401 and 403 make the registration suspect. */
  observed(peer: PeerId, status: number | undefined): Promise<void>
  state(peer: PeerId): Promise<SessionView>
  /** A sentence when its registration was ended by either side and none has come about since: nothing is sent to it. */
  closed(peer: PeerId): Promise<string | undefined>
}

export interface Address {
  readonly url: string
  readonly token: string
}

/** For people: CLI and console. Times in milliseconds since 1970. */
export interface SessionView {
  readonly peer: PeerId
  readonly role: 'fp' | 'cp' | 'co'
  readonly registration: SessionPeer['registration']
  readonly state: SessionState
  /** Since when; undefined where nothing was ever stored. */
  readonly since: number | undefined
  readonly url: string | undefined
  readonly version: string | undefined
  /** From when it counts as offline unless it says something; undefined when silence means nothing. */
  readonly offlineAt: number | undefined
  readonly lastSeen: number | undefined
  /** Seconds between heartbeats, asked of the other side. */
  readonly weAsk: number | undefined
  readonly theyAsk: number | undefined
  /** The styles of measurement it asked us for. */
  readonly measurementConfiguration: readonly string[]
  /** It answered a heartbeat with 404 or 501. */
  readonly noHeartbeats: boolean
  /** A TOKEN_A of ours waits to be used until then. */
  readonly tokenWaitsUntil: number | undefined
  /** It unregistered, or an operator made us forget it, and it has not registered again: nothing is sent to it. */
  readonly unregistered: boolean
  /** What is owed to it: `counter-register`, `handshake`, … */
  readonly owed: readonly string[]
  readonly suspect: boolean
  readonly lastError: string | undefined
}
