/**
 * What is remembered of one OSCP 2.0 peer, and the few changes to it that every machine shares.
 * Limits: plain data without a token in the clear: those we issued are hashes, those we hold are sealed. Times in milliseconds.
 */
import type { RequestId } from '../exchange/ids.ts'
import type { SessionPeer, SessionState } from './api.ts'
import type { TokenHash } from './tokens.ts'
import type { Sealed } from './vault.ts'

/** A token we put into a Register: sealed as long as the Register may have to be sent again. */
export interface Offer {
  readonly hash: TokenHash
  readonly sealed: Sealed
}

export type TaskKind =
  | 'register'
  | 'counter-register'
  | 'update'
  | 'unregister'
  | 'handshake'
  | 'acknowledge'
  | 'heartbeat'
  | 'tell online'
  | 'tell offline'

/** Something owed: a call to the peer, or a word to the rest of the gateway. It stays until it has succeeded or is given up. */
export interface Task {
  readonly kind: TaskKind
  /** The same on every attempt of one message (section 11). */
  readonly request: RequestId
  readonly correlation?: RequestId | undefined
  readonly due: number
  /** Somebody works on it until then; after that it may be taken again, because that somebody must have died. */
  readonly takenUntil?: number | undefined
  readonly attempts: number
  readonly createdAt: number
  /** Answered with 2xx; what is waited for until `due` is the peer's own message. */
  readonly sent?: boolean | undefined
  /** The token that a Register carries. */
  readonly offer?: Offer | undefined
  /** PUT was answered with 405, so POST is tried (section 6.4). */
  readonly asPost?: boolean | undefined
  /** Where an unregister goes: the record has forgotten the address by then. */
  readonly to?: { readonly url: string; readonly sealed: Sealed } | undefined
}

/** What a peer's session is called in the state. */
export const sessionId = 'session'

export interface SessionRecord {
  readonly state: SessionState
  readonly since: number
  /** What the peer may call us with. */
  readonly ours: {
    /** A TOKEN_A we issued: only good for Register. */
    readonly first?: { readonly hash: TokenHash; readonly until: number } | undefined
    /** Told in a Register that is not known to have arrived: good for everything, since its use proves that it has. */
    readonly offered?: TokenHash | undefined
    readonly current?: { readonly hash: TokenHash; readonly at: number } | undefined
    /** Replaced, and good for a minute more. */
    readonly old: readonly { readonly hash: TokenHash; readonly until: number }[]
  }
  /** What we call the peer with, and where. */
  readonly theirs?:
    | { readonly hash: TokenHash; readonly sealed: Sealed; readonly url: string; readonly version: string }
    | undefined
  /** The TOKEN_A of ours with which the peer began the registration that is going on. */
  readonly begunWith?: TokenHash | undefined
  /** The configured TOKEN_A with which we began last: never used for a second registration. */
  readonly spent?: TokenHash | undefined
  /** The base URL we told the peer. */
  readonly announced?: string | undefined
  readonly tasks: readonly Task[]
  /** Request ids of our last Registers: a Register that correlates to one is an answer, however late. */
  readonly asked: readonly RequestId[]
  /** The last Registers taken in, so that one that comes twice does not undo what came between. */
  readonly seen: readonly { readonly request: RequestId; readonly hash: TokenHash }[]
  /** What the peer asked of us. `heartbeat` in milliseconds. */
  readonly demands: { readonly heartbeat?: number | undefined; readonly measurements: readonly string[] }
  readonly offlineAt?: number | undefined
  /** What our last heartbeat promised: from then on the peer takes us for offline, unless it hears of us. */
  readonly promised?: number | undefined
  readonly lastSeen?: number | undefined
  readonly lastBeat?: number | undefined
  readonly noHeartbeats: boolean
  /** A registration was ended by either side, and none has come about since. */
  readonly unregistered?: boolean | undefined
  /** How many calls in a row were answered with 401 or 403. */
  readonly doubts: number
  readonly lastError?: string | undefined
}

/** Everything a machine may know besides the record and what happened: time, chance, fresh ids and tokens, and an ear. */
export interface Env {
  readonly peer: SessionPeer
  readonly now: number
  /** A number in [0, 1). */
  readonly random: () => number
  readonly newId: () => RequestId
  readonly issue: () => Offer
  /** Our base URL towards this peer. */
  readonly baseUrl: string
  readonly alarm: (alarm: SessionAlarm, sentence: string) => void
}

export type SessionAlarm =
  /** Calls are answered with 401 or 403: the peer may have forgotten us. */
  | 'registration suspect'
  /** It will not come about without somebody: a new token, another configuration. */
  | 'registration failed'
  | 'handshake failed'
  | 'peer offline'

const remembered = 8

export function fresh(peer: SessionPeer, now: number): SessionRecord {
  const state = peer.registration !== 'none' ? 'NEW' : initiatorOf(peer) === 'none' ? 'ONLINE' : 'REGISTERED'
  return {
    state,
    since: now,
    ours: { old: [] },
    tasks: [],
    asked: [],
    seen: [],
    demands: { measurements: [] },
    noHeartbeats: false,
    doubts: 0,
  }
}

/** Who starts the handshake. Downstream is from capacity provider to flexibility provider to optimizer (section 7.2). */
export function initiatorOf({ profile, registration, role }: SessionPeer): 'we' | 'they' | 'none' {
  if (profile.handshakeInitiator !== 'downstream') return profile.handshakeInitiator
  if (registration === 'none') return 'none'
  return role === 'cp' ? 'they' : 'we'
}

export function taskOf(record: SessionRecord, kind: TaskKind): Task | undefined {
  return record.tasks.find((task) => task.kind === kind)
}

/** With this task instead of any other of its kind. */
export function withTask(record: SessionRecord, task: Task): SessionRecord {
  return { ...record, tasks: [...record.tasks.filter(({ kind }) => kind !== task.kind), task] }
}

export function without(record: SessionRecord, ...kinds: readonly TaskKind[]): SessionRecord {
  return { ...record, tasks: record.tasks.filter(({ kind }) => !kinds.includes(kind)) }
}

export function lastOf<T>(list: readonly T[], item: T): T[] {
  return [...list, item].slice(-remembered)
}

/** Full jitter above half of a doubling bound, so that attempts neither bunch nor come at once. */
export function backoff(env: Env, attempts: number, longest: number): number {
  return Math.round(Math.min(longest, 1000 * 2 ** attempts) * (0.5 + env.random() / 2))
}

export function newTask(env: Env, kind: TaskKind, rest: Partial<Task> = {}): Task {
  return { kind, request: env.newId(), due: env.now, attempts: 0, createdAt: env.now, ...rest }
}

/** When the record wants attention next; undefined when nothing is owed and no deadline runs. */
export function dueAt(record: SessionRecord): number | undefined {
  const times = record.tasks.map(({ due, takenUntil = 0 }) => Math.max(due, takenUntil))
  if (record.state === 'ONLINE' && record.offlineAt !== undefined) times.push(record.offlineAt)
  if (record.ours.first) times.push(record.ours.first.until)
  return times.length > 0 ? Math.min(...times) : undefined
}
