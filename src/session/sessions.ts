/**
 * Sessions with all modern peers: who is calling, what it says about itself, what is owed to it, where it is called.
 * Limits: a caller is found by looking at the record of each configured peer, which are few; so a token is good on every
 * replica as soon as it is stored. While the state is away, a token that was good within the last minute still is.
 */
import { asGatewayError, GatewayError } from '../errors.ts'
import type { PeerId } from '../exchange/ids.ts'
import type { LedgerKey } from '../exchange/ledger.ts'
import type { AfterAnswer, Face, ModernRequest } from '../exchange/modern.ts'
import type { Value } from '../mapping/compile.ts'
import type { Address, Authenticated, SessionApi, SessionPeer, SessionView } from './api.ts'
import { acknowledged, alive, doubted, shakeHands } from './liveness.ts'
import { type Env, fresh, initiatorOf, type SessionRecord, type Task, type TaskKind, taskOf } from './record.ts'
import { isRegister, readRegister } from './register-body.ts'
import {
  arrived,
  complete,
  forgotten,
  issued,
  type Registration,
  registered,
  roleOf,
  rotate,
  updated,
} from './registration.ts'
import { Runner, type RunnerOptions } from './runner.ts'
import { startUp } from './start-up.ts'
import { hashOf, newToken, sameHash } from './tokens.ts'
import { viewOf } from './view.ts'

export interface SessionsOptions extends RunnerOptions {
  readonly peers: readonly SessionPeer[]
}

/** How long a token that was good is believed without looking, in milliseconds (design: outage table). */
const believed = 60_000
const sessionMessages = new Set(['Register', 'Handshake', 'HandshakeAcknowledge', 'Heartbeat'])

export class Sessions implements SessionApi {
  private readonly options: SessionsOptions
  private readonly peers: ReadonlyMap<PeerId, SessionPeer>
  private readonly inboundHashes: ReadonlyMap<PeerId, string>
  private readonly runner: Runner
  /** Tokens found lately, by hash: where to look first, and whom to believe in an outage. */
  private readonly lately = new Map<string, { readonly who: Authenticated; readonly at: number }>()
  private readonly doubtful = new Set<PeerId>()

  constructor(options: SessionsOptions) {
    this.options = options
    this.peers = new Map(options.peers.map((peer) => [peer.id, peer]))
    this.inboundHashes = new Map(
      options.peers.flatMap(({ id, inboundToken }) => (inboundToken ? [[id, hashOf(inboundToken)] as const] : [])),
    )
    this.runner = new Runner(options)
    this.runner.answeredInline = (peer, task, body) => this.takeInline(peer, task, body)
  }

  /** How long the agenda must leave a claimed record alone, in milliseconds. */
  get leaseMs(): number {
    return this.runner.leaseMs
  }

  /** Begins what the configuration asks for: registrations that are ours to start, a new address to tell. Safe to repeat. */
  async start(): Promise<void> {
    for (const peer of this.peers.values())
      await this.runner.change(peer, (record, env) => startUp(record, env, this.options.vault))
  }

  /** For the agenda. */
  async resume(key: LedgerKey): Promise<void> {
    const peer = this.peers.get(key.peer)
    if (peer) await this.runner.run(peer)
  }

  settled(): Promise<void> {
    return this.runner.settled()
  }

  async authenticate(face: Face | undefined, token: string): Promise<Authenticated | undefined> {
    const hash = hashOf(token)
    const known = this.lately.get(hash)
    const candidates = [...this.peers.values()].filter((peer) => face === undefined || faceOf(peer) === face)
    try {
      const first = candidates.filter(({ id }) => id === known?.who.peer)
      const found = (await this.find(first, hash)) ?? (await this.find(candidates, hash))
      this.remember(hash, found)
      return found
    } catch (thrown) {
      const error = asGatewayError(thrown)
      const recent = known !== undefined && this.options.now() - known.at <= believed
      if (error.kind !== 'state-unavailable' || !recent) throw error
      return face === undefined || known.who.face === face ? known.who : undefined
    }
  }

  async receive(request: ModernRequest): Promise<AfterAnswer | undefined> {
    const { message, value } = request
    const peer = this.peer(request.peer)
    if (message === 'Register') return this.register(request, registered)
    const record = await this.runner.change(peer, (record, env) => {
      if (message === 'Handshake') return shakeHands(record, env, value, request.request)
      if (message === 'HandshakeAcknowledge') return acknowledged(record, env, value, request.correlation)
      if (message === 'Heartbeat') return alive(record, env, value)
      throw new GatewayError('operation-unknown', 'This message is not part of a session.')
    })
    return message === 'Handshake' ? this.later(peer, record, 'acknowledge') : undefined
  }

  update(request: ModernRequest): Promise<AfterAnswer | undefined> {
    return this.register(request, updated)
  }

  async remove(request: Omit<ModernRequest, 'value'>): Promise<void> {
    const peer = this.registering(request.peer)
    await this.runner.change(peer, (record, env) => {
      const role = roleOf(record, request.credential ?? '', env.now)
      if (role === undefined || role === 'first') throw new GatewayError('token-unknown', 'This token is not valid.')
      return forgotten(record, env, false)
    })
  }

  async admit(id: PeerId, message: string): Promise<void> {
    if (sessionMessages.has(message)) return
    const peer = this.peer(id)
    if (isAlwaysOnline(peer)) return
    const { state } = await this.runner.read(peer)
    if (state === 'ONLINE') return
    const lenient = peer.profile.forecastsBeforeHandshake === 'accept' && message === 'UpdateGroupCapacityForecast'
    if (lenient && (state === 'REGISTERED' || state === 'OFFLINE')) return
    throw new GatewayError('not-online', 'A handshake must be completed first.')
  }

  async address(id: PeerId): Promise<Address | undefined> {
    const peer = this.peer(id)
    const { profile, url, token = '' } = peer
    if (!isAlwaysOnline(peer)) {
      const { state, theirs } = await this.runner.read(peer)
      if (state !== 'ONLINE') return undefined
      if (peer.registration !== 'none') {
        const opened = theirs && this.options.vault.open(id, theirs.sealed)
        return opened === undefined ? undefined : { url: profile.baseUrlOverride ?? theirs!.url, token: opened }
      }
    }
    const base = profile.baseUrlOverride ?? url
    return base === undefined ? undefined : { url: base, token }
  }

  async observed(id: PeerId, status: number | undefined): Promise<void> {
    const refused = status === 401 || status === 403
    if (!refused && (status === undefined || status >= 300 || !this.doubtful.delete(id))) return
    if (refused) this.doubtful.add(id)
    const trusted = (record: SessionRecord) => (record.doubts === 0 ? record : { ...record, doubts: 0 })
    await this.runner.change(this.peer(id), refused ? doubted : trusted)
  }

  async state(id: PeerId): Promise<SessionView> {
    const peer = this.peer(id)
    return viewOf(peer, await this.runner.read(peer))
  }

  /** The session as such a record tells it; without one, as it is before anything has happened. */
  view(id: PeerId, record: SessionRecord | undefined): SessionView {
    const peer = this.peer(id)
    return viewOf(peer, record ?? fresh(peer, this.options.now()))
  }

  async closed(id: PeerId): Promise<string | undefined> {
    const peer = this.peer(id)
    if (peer.registration === 'none') return undefined
    const { unregistered } = await this.runner.read(peer)
    return unregistered
      ? 'The other side has unregistered; nothing is sent to it unless it registers again.'
      : undefined
  }

  /** A TOKEN_A for a peer that starts: said once, good for `lifetime` milliseconds and one registration. */
  async issueToken(id: PeerId, lifetime: number): Promise<string> {
    const peer = this.registering(id)
    const token = newToken()
    await this.runner.change(peer, (record, env) => issued(record, env, hashOf(token), env.now + lifetime))
    return token
  }

  /** Forgets a peer's tokens and address at once, and tells it so as soon as it can be reached. */
  async forget(id: PeerId): Promise<void> {
    const peer = this.peer(id)
    // A TOKEN_A in the configuration has had its use, too: the next start must not begin with it again.
    const spent = peer.token === undefined ? undefined : hashOf(peer.token)
    await this.runner.change(peer, (record, env) => {
      const { first: _, ...ours } = record.ours
      return { ...forgotten({ ...record, ours }, env, true), spent }
    })
  }

  /** Gives the peer a new token of ours (PUT register). */
  async rotate(id: PeerId): Promise<void> {
    await this.runner.change(this.registering(id), rotate)
  }

  private async register(request: ModernRequest, step: typeof registered): Promise<AfterAnswer | undefined> {
    const peer = this.registering(request.peer)
    const given = this.read(peer, request.value, request)
    const credential = request.credential ?? ''
    const record = await this.runner.change(peer, (record, env) => step(record, env, given, credential))
    return this.later(peer, record, 'counter-register')
  }

  private read(peer: SessionPeer, value: Value, ids: Pick<ModernRequest, 'request' | 'correlation'>): Registration {
    const { token, url, version } = readRegister(value, peer)
    const sealed = this.options.vault.seal(peer.id, token)
    return { hash: hashOf(token), sealed, url, version, request: ids.request, correlation: ids.correlation }
  }

  /** The body of the answer to our Register is the peer's Register, as if it had come with the token we had just told. */
  private async takeInline(peer: SessionPeer, task: Task, body: unknown): Promise<void> {
    if (!isRegister(body) || !task.offer) return
    const { hash } = task.offer
    try {
      const given = this.read(peer, body, {
        request: `inline ${task.request}` as Task['request'],
        correlation: task.request,
      })
      await this.runner.change(peer, (record, env) =>
        roleOf(record, hash, env.now) ? registered(record, env, given, hash) : record,
      )
    } catch (error) {
      this.options.observer.alarm('registration failed', { peer: peer.id, error })
    }
  }

  /** What was stored as owed after the answer, done as soon as that is on the wire; if not, the agenda does it later. */
  private later(peer: SessionPeer, record: SessionRecord, kind: TaskKind): AfterAnswer | undefined {
    const task = taskOf(record, kind)
    if (!task) return undefined
    return () => this.runner.run(peer, [task.request]).catch(() => undefined)
  }

  private async find(peers: readonly SessionPeer[], hash: string): Promise<Authenticated | undefined> {
    const found = await Promise.all(peers.map((peer) => this.recognise(peer, hash)))
    return found.find((one) => one !== undefined)
  }

  private async recognise(peer: SessionPeer, hash: string): Promise<Authenticated | undefined> {
    const who = { peer: peer.id, face: faceOf(peer), credential: hash }
    if (peer.registration === 'none') {
      const own = this.inboundHashes.get(peer.id)
      return own !== undefined && sameHash(own, hash) ? { ...who, scope: 'all' } : undefined
    }
    const role = roleOf(await this.runner.read(peer), hash, this.options.now())
    if (role === undefined) return undefined
    // That the peer has the token proves that the Register with it arrived, whatever became of the answer.
    if (role === 'offered') await this.runner.change(peer, (record, env) => proven(record, env, hash))
    return { ...who, scope: role === 'first' ? 'register' : 'all' }
  }

  private remember(hash: string, who: Authenticated | undefined): void {
    this.lately.delete(hash)
    if (who) this.lately.set(hash, { who, at: this.options.now() })
    for (const oldest of this.lately.keys()) if (this.lately.size > 1000) this.lately.delete(oldest)
  }

  private peer(id: PeerId): SessionPeer {
    const peer = this.peers.get(id)
    if (!peer) throw new GatewayError('peer-unknown', 'This party is not configured.')
    return peer
  }

  private registering(id: PeerId): SessionPeer {
    const peer = this.peer(id)
    if (peer.registration !== 'none') return peer
    throw new GatewayError(
      'not-online',
      'With this party no registration is agreed: addresses and tokens are set by hand.',
    )
  }
}

function proven(record: SessionRecord, env: Env, hash: string): SessionRecord {
  return record.ours.offered === hash ? complete(arrived(record, env), env) : record
}

function isAlwaysOnline(peer: SessionPeer): boolean {
  return peer.registration === 'none' && initiatorOf(peer) === 'none'
}

function faceOf(peer: SessionPeer): Face {
  return peer.role === 'fp' ? 'cp' : 'fp'
}
