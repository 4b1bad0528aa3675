/**
 * Registration as a pure machine (section 6): each function takes the record and what happened, and gives the next record.
 * Limits: everything to be sent is a task in the record, so it is stored before it is sent. A Register that answers one of
 * ours, however that shows, is never called back, which is what keeps peers that always call back from doing so for ever.
 */
import { GatewayError } from '../errors.ts'
import type { RequestId } from '../exchange/ids.ts'
import {
  type Env,
  initiatorOf,
  lastOf,
  newTask,
  type SessionRecord,
  type Task,
  taskOf,
  without,
  withTask,
} from './record.ts'
import { enter, scheduleHandshake } from './states.ts'
import { sameHash, type TokenHash } from './tokens.ts'
import type { Sealed } from './vault.ts'

/** How long a replaced token of ours is still honoured, in milliseconds. */
export const grace = 60_000
/** For so long after we told a peer a token, a Register that comes with it is taken for the answer, in milliseconds. */
export const answerWindow = 20 * 60_000
/** After an answer is sent, a crash is noticed by the agenda this much later, in milliseconds. */
export const afterAnswer = 10_000

/** A Register that was read and can be served. */
export interface Registration {
  readonly hash: TokenHash
  readonly sealed: Sealed
  readonly url: string
  readonly version: string
  readonly request: RequestId
  readonly correlation: RequestId | undefined
}

/** What the token that a message came with is to us now; undefined: nothing. */
export function roleOf(record: SessionRecord, hash: TokenHash, now: number) {
  const { first, offered, current, old } = record.ours
  const is = (known: TokenHash | undefined) => known !== undefined && sameHash(known, hash)
  if (is(offered)) return 'offered'
  if (is(current?.hash)) return 'current'
  if (is(first?.hash) && now < first!.until) return 'first'
  return old.some((one) => is(one.hash) && now < one.until) ? 'old' : undefined
}

/** We start, with the peer's TOKEN_A, which is used for one registration only. */
export function begin(record: SessionRecord, env: Env, tokenA: TokenHash): SessionRecord {
  const offer = env.issue()
  const task = newTask(env, 'register', { offer })
  const cleared = without(enter(record, 'PENDING', env), 'counter-register', 'update', 'unregister')
  return withTask(
    {
      ...cleared,
      theirs: undefined,
      spent: tokenA,
      ours: { ...record.ours, offered: offer.hash },
      asked: lastOf(record.asked, task.request),
    },
    task,
  )
}

/** We change our token, or tell where we moved to; the state stays, and a handshake follows (section 6.4). */
export function rotate(record: SessionRecord, env: Env): SessionRecord {
  if (!record.theirs || taskOf(record, 'update') || taskOf(record, 'counter-register')) return record
  const offer = env.issue()
  const task = newTask(env, 'update', { offer })
  return withTask({ ...record, ours: { ...record.ours, offered: offer.hash } }, task)
}

/** POST register, and PUT by a peer that was never fully registered. Throws `token-unknown`. */
export function registered(record: SessionRecord, env: Env, given: Registration, credential: TokenHash): SessionRecord {
  const role = roleOf(record, credential, env.now)
  if (!role) throw new GatewayError('token-unknown', 'This token is not valid.')
  const correlates = given.correlation !== undefined && record.asked.includes(given.correlation)
  const inTime = role === 'current' && env.now < record.ours.current!.at + answerWindow
  const awaited = taskOf(record, 'register')?.offer?.hash === credential
  const answers = correlates || awaited || inTime || role === 'offered' || role === 'old'
  const repeated = isRepeat(record, given)
  // The peer may send it again because it never heard of ours: that is still owed, or is owed no more.
  if (repeated && !answers && (role !== 'first' || taskOf(record, 'counter-register'))) return record
  const known = repeated ? record : { ...record, theirs: theirsOf(given), seen: lastOf(record.seen, seenOf(given)) }
  if (!answers) return callBack(known, env, given, role === 'first' ? credential : undefined)
  const answered = record.tasks.find(({ request }) => request === given.correlation)?.offer?.hash
  const has = arrived(known, env, role === 'offered' ? credential : (answered ?? ''))
  const settled = complete(without(has, 'register'), env)
  return repeated || settled.state !== record.state ? settled : renewed(settled, env)
}

/** PUT register. Throws `token-unknown`. */
export function updated(record: SessionRecord, env: Env, given: Registration, credential: TokenHash): SessionRecord {
  const role = roleOf(record, credential, env.now)
  if (role === 'first' || record.state === 'PENDING' || record.state === 'NEW')
    return registered(record, env, given, credential)
  if (!role) throw new GatewayError('token-unknown', 'This token is not valid.')
  if (isRepeat(record, given)) return record
  return renewed({ ...record, theirs: theirsOf(given), seen: lastOf(record.seen, seenOf(given)) }, env)
}

/** DELETE register, and an operator's word: tokens and address are forgotten, except a TOKEN_A that still waits. */
export function forgotten(record: SessionRecord, env: Env, unregister: boolean): SessionRecord {
  const { theirs } = record
  const first = record.ours.first?.hash === record.begunWith ? undefined : record.ours.first
  const gone = enter(record, first ? 'PENDING' : 'NEW', env)
  const { tasks, state, since, spent, asked, demands, noHeartbeats } = gone
  const kept: SessionRecord = {
    state,
    since,
    spent,
    asked,
    ours: { first, old: [] },
    tasks: tasks.filter(({ kind }) => kind === 'tell offline'),
    seen: [],
    demands: { ...demands, heartbeat: undefined },
    noHeartbeats,
    unregistered: theirs !== undefined || record.unregistered,
    doubts: 0,
  }
  if (!unregister || !theirs) return kept
  return withTask(kept, newTask(env, 'unregister', { to: { url: theirs.url, sealed: theirs.sealed } }))
}

/** A TOKEN_A of ours for the peer to begin with. */
export function issued(record: SessionRecord, env: Env, hash: TokenHash, until: number): SessionRecord {
  const next = { ...record, ours: { ...record.ours, first: { hash, until } } }
  return record.state === 'NEW' ? enter(next, 'PENDING', env) : next
}

/** The peer has our newest token: it used it, or answered 2xx. The one before is honoured for a while. */
export function arrived(record: SessionRecord, env: Env, hash = record.ours.offered): SessionRecord {
  const { offered, current, old } = record.ours
  if (hash === undefined || hash !== offered) return record
  const replaced = current ? [{ hash: current.hash, until: env.now + grace }] : []
  return {
    ...record,
    announced: env.baseUrl,
    tasks: record.tasks.flatMap((task): Task[] => {
      if (task.offer?.hash !== hash) return [task]
      // A Register of ours that arrived is still owed its answer; the others are done.
      return task.kind === 'register' && !record.theirs ? [sentAndWaiting(task, env)] : []
    }),
    ours: {
      ...record.ours,
      offered: undefined,
      current: { hash, at: env.now },
      old: [...old.filter(({ until }) => env.now < until), ...replaced],
    },
  }
}

/** How long the answer to our Register is waited for before it is sent again, in milliseconds. */
export function sentAndWaiting(task: Task, env: Env): Task {
  const wait = Math.min(15 * 60_000, 60_000 * 2 ** task.attempts)
  return { ...task, sent: true, takenUntil: undefined, due: env.now + wait }
}

/** Both have the other's token: what was pending is complete, the TOKEN_A behind it is burnt. */
export function complete(record: SessionRecord, env: Env): SessionRecord {
  if (!record.theirs || !record.ours.current || record.ours.offered) return record
  const { first } = record.ours
  const burnt = first && first.hash === record.begunWith ? undefined : first
  const done = { ...record, begunWith: undefined, ours: { ...record.ours, first: burnt } }
  if (record.state !== 'PENDING' && record.state !== 'NEW') return done
  return enter(
    { ...done, lastError: undefined, noHeartbeats: false, unregistered: undefined, lastBeat: undefined, doubts: 0 },
    'REGISTERED',
    env,
  )
}

/** After a Register that needs no answer: the same state, and a new handshake if it is ours to start. */
function renewed(record: SessionRecord, env: Env): SessionRecord {
  if (record.state === 'PENDING' || initiatorOf(env.peer) !== 'we') return record
  return scheduleHandshake(record, env)
}

/** The other side began: our own Register goes back after the 204, with the token that is still to be told, or a new one. */
function callBack(record: SessionRecord, env: Env, given: Registration, begunWith: TokenHash | undefined) {
  const pending = begunWith === undefined ? record : { ...enter(record, 'PENDING', env), begunWith }
  const offer = record.tasks.find((task) => task.offer?.hash === record.ours.offered)?.offer ?? env.issue()
  const correlation = given.request
  const task = newTask(env, 'counter-register', { offer, correlation, due: env.now + afterAnswer })
  return withTask(
    {
      ...without(pending, 'update', 'unregister'),
      ours: { ...pending.ours, offered: offer.hash },
      asked: lastOf(pending.asked, task.request),
    },
    task,
  )
}

function theirsOf({ hash, sealed, url, version }: Registration) {
  return { hash, sealed, url, version }
}

function seenOf({ request, hash }: Registration) {
  return { request, hash }
}

function isRepeat(record: SessionRecord, { request, hash, url }: Registration): boolean {
  if (record.theirs?.hash === hash && record.theirs.url === url) return true
  return record.seen.some((one) => one.request === request && one.hash === hash)
}
