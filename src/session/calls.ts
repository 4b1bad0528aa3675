/**
 * What we call a peer for: which tasks are due, what each sends where, and what its outcome makes of the record.
 * Limits: pure, except that tokens are opened to be sent. An outcome whose task is gone meanwhile changes nothing: the peer's
 * own message was faster.
 */
import type { Outcome } from '../exchange/peers.ts'
import type { Value } from '../mapping/compile.ts'
import { horizon, writeDemands } from './demands.ts'
import { acknowledgedWithin, beaten, doubted, nextBeat, silent, withoutHeartbeats } from './liveness.ts'
import { backoff, type Env, initiatorOf, lastOf, type SessionRecord, type Task, without, withTask } from './record.ts'
import { arrived, complete, sentAndWaiting } from './registration.ts'
import { enter, scheduleHandshake } from './states.ts'
import type { Vault } from './vault.ts'

const minute = 60_000
const longestPause = 5 * minute
/** For how long each is worth another attempt, in milliseconds; what is not here is tried for ever. */
const worthwhile: Partial<Record<Task['kind'], number>> = {
  'counter-register': 24 * 60 * minute,
  acknowledge: 10 * minute,
  unregister: 60 * minute,
}

export interface Call {
  readonly task: Task
  readonly message: 'Register' | 'Handshake' | 'HandshakeAcknowledge' | 'Heartbeat'
  readonly method: 'POST' | 'PUT' | 'DELETE'
  readonly url: string
  readonly token: string
  readonly body: Value
}

/** Deadlines that have passed, and the tasks that are to be done now: those due, and those whose answer just left. */
export function take(record: SessionRecord, env: Env, leaseMs: number, answered: readonly string[] = []) {
  const current = waitedFor(silent(expired(record, env), env), env)
  const isDue = (task: Task) =>
    !task.sent && (task.takenUntil ?? 0) <= env.now && (task.due <= env.now || answered.includes(task.request))
  const takenUntil = env.now + leaseMs
  const due = current.tasks.filter(isDue)
  const tasks = current.tasks.map((task) => (isDue(task) ? { ...task, takenUntil } : task))
  return { record: due.length > 0 ? { ...current, tasks } : current, due }
}

/** What a task sends. A sentence instead when it cannot be sent. */
export function callOf(task: Task, record: SessionRecord, env: Env, vault: Vault): Call | string {
  const { peer } = env
  const open = (sealed: string) => vault.open(peer.id, sealed)
  const to = task.to ?? record.theirs
  const fixed = task.kind === 'register' || peer.registration === 'none'
  const url = fixed ? peer.url : (peer.profile.baseUrlOverride ?? to?.url)
  const token = fixed ? (peer.token ?? '') : to && open(to.sealed)
  if (url === undefined) return 'No address of the peer is known.'
  if (token === undefined) return "The peer's token cannot be opened with the keys that are configured."
  // An unregister carries a Register because some demand one; the token in it is random, for nobody shall call us any more.
  const ours = task.kind === 'unregister' ? env.issue() : task.offer
  const shown = ours && open(ours.sealed)
  const register = { token: shown, version_url: [{ version: '2.0', base_url: env.baseUrl }] }
  const address = { task, url, token }
  switch (task.kind) {
    case 'handshake':
      return { ...address, message: 'Handshake', method: 'POST', body: writeDemands(peer, 'handshake') }
    case 'acknowledge':
      return { ...address, message: 'HandshakeAcknowledge', method: 'POST', body: writeDemands(peer, 'acknowledge') }
    case 'heartbeat': {
      const at = new Date(env.now + horizon(record.demands.heartbeat ?? minute)).toISOString()
      return { ...address, message: 'Heartbeat', method: 'POST', body: { offline_mode_at: at } }
    }
    default: {
      if (shown === undefined) return 'Our token cannot be opened with the keys that are configured.'
      const method = task.kind === 'unregister' ? 'DELETE' : task.kind === 'update' && !task.asPost ? 'PUT' : 'POST'
      return { ...address, message: 'Register', method, body: register }
    }
  }
}

/** The record after a call was answered, or was not. */
export function settle(record: SessionRecord, env: Env, done: Task, outcome: Outcome): SessionRecord {
  const task = record.tasks.find(({ kind, request }) => kind === done.kind && request === done.request)
  if (!task || task.sent) return record
  const { status } = outcome
  const released = { ...task, takenUntil: undefined, attempts: task.attempts + 1 }
  if (outcome.verdict === 'accepted') return accepted({ ...record, doubts: 0 }, env, task)
  const sentence = outcome.sentence
  if (status === 404 || status === 405 || status === 501) {
    const other = unsupported(record, env, released, status)
    if (other) return other
  }
  const told = { ...record, lastError: sentence }
  if (outcome.verdict === 'refused') return refused(told, env, released, sentence)
  const known = status === 401 || status === 403 ? doubted(told, env) : told
  if (task.kind === 'heartbeat') return nextBeat(known, env, task, false)
  const until = worthwhile[task.kind]
  const hopeless = task.kind === 'register' && (status === 401 || status === 403) && released.attempts >= 5
  if (hopeless || (until !== undefined && env.now - task.createdAt >= until))
    return refused(known, env, released, sentence)
  const wait = backoff(env, task.attempts, longestPause)
  // Honoured, but not for ever: what a peer once said must not keep it apart from us.
  const asked = Math.min(60 * minute, outcome.retryAfterMs ?? 0)
  return withTask(known, { ...released, due: env.now + Math.max(wait, asked) })
}

function accepted(record: SessionRecord, env: Env, task: Task): SessionRecord {
  switch (task.kind) {
    case 'register':
    case 'counter-register':
    case 'update': {
      const has = arrived(record, env, task.offer!.hash)
      // A Register sent again after it had arrived: its token is current already, and the answer is waited for again.
      const rest = has.tasks.some(({ request, sent }) => request === task.request && !sent)
        ? task.kind === 'register' && !has.theirs
          ? withTask(has, sentAndWaiting({ ...task, attempts: task.attempts + 1 }, env))
          : without(has, task.kind)
        : has
      const done = complete(rest, env)
      const moved = done.state !== record.state || initiatorOf(env.peer) !== 'we' || task.kind === 'register'
      return moved ? done : scheduleHandshake(done, env)
    }
    case 'handshake':
      return withTask(record, { ...task, takenUntil: undefined, sent: true, due: env.now + acknowledgedWithin })
    case 'acknowledge':
      return enter(without(record, 'acknowledge'), 'ONLINE', env)
    case 'heartbeat':
      return beaten(record, env, task)
    default:
      return without(record, task.kind)
  }
}

/** A heartbeat that was not sent, because nobody stands behind us: it would promise what nobody keeps. */
export function withheld(record: SessionRecord, env: Env, done: Task): SessionRecord {
  const task = record.tasks.find(({ kind, request }) => kind === done.kind && request === done.request)
  return task ? nextBeat(record, env, task, true) : record
}

/** The peer has no such route: PUT becomes POST, heartbeats end, an unregister has nothing left to do. */
function unsupported(record: SessionRecord, env: Env, task: Task, status: number): SessionRecord | undefined {
  if (task.kind === 'heartbeat' && status !== 405) return withoutHeartbeats(record)
  if (task.kind === 'unregister') return without(record, 'unregister')
  if (task.kind !== 'update' || task.asPost || status !== 405) return undefined
  const again = { ...task, request: env.newId(), asPost: true, due: env.now, attempts: 0 }
  return withTask({ ...record, asked: lastOf(record.asked, again.request) }, again)
}

/** The peer's final word. A handshake is tried again all the same, rarely: nothing else would ever bring it back. */
function refused(record: SessionRecord, env: Env, task: Task, sentence: string): SessionRecord {
  switch (task.kind) {
    case 'register':
    case 'counter-register':
    case 'update': {
      const rest = without(record, task.kind)
      const offered = rest.tasks.some(({ offer }) => offer?.hash === rest.ours.offered) ? rest.ours.offered : undefined
      // Not used up after all: the next start may try again, when whoever was asked has put things right.
      const spent = task.kind === 'register' ? undefined : rest.spent
      const dropped = { ...rest, spent, ours: { ...rest.ours, offered } }
      env.alarm('registration failed', sentence)
      if (record.state !== 'PENDING' || dropped.tasks.some(({ offer }) => offer)) return dropped
      const failed = { ...dropped, theirs: undefined, begunWith: undefined }
      return failed.ours.first ? failed : enter(failed, 'NEW', env)
    }
    case 'handshake':
      if (task.attempts === 1) env.alarm('handshake failed', sentence)
      return withTask(record, { ...task, due: env.now + 3 * longestPause })
    case 'acknowledge':
      env.alarm('handshake failed', sentence)
      return without(record, 'acknowledge')
    case 'heartbeat':
      return nextBeat(record, env, task, true)
    default:
      return without(record, task.kind)
  }
}

/** A message of the peer's own that did not come: we ask again, with a new request id, since a repeat would get no answer. */
function waitedFor(record: SessionRecord, env: Env): SessionRecord {
  let current = record
  for (const task of record.tasks) if (task.sent && task.due <= env.now) current = askedAgain(current, env, task)
  return current
}

function askedAgain(record: SessionRecord, env: Env, task: Task): SessionRecord {
  const again = { ...task, sent: undefined, attempts: task.attempts + 1, request: env.newId(), due: env.now }
  if (task.kind !== 'handshake') return withTask({ ...record, asked: lastOf(record.asked, again.request) }, again)
  // Online by the peer's own handshake, it may never answer ours.
  if (record.state === 'ONLINE' && task.attempts >= 5) return without(record, 'handshake')
  return withTask(record, { ...again, due: env.now + backoff(env, task.attempts, longestPause) })
}

function expired(record: SessionRecord, env: Env): SessionRecord {
  const { first } = record.ours
  if (!first || env.now < first.until) return record
  const next = { ...record, ours: { ...record.ours, first: undefined } }
  return record.state === 'PENDING' && record.tasks.length === 0 ? enter(next, 'NEW', env) : next
}

/** Told, so not owed any more; unless it changed its state again meanwhile. */
export function told(record: SessionRecord, task: Task): SessionRecord {
  return { ...record, tasks: record.tasks.filter(({ request }) => request !== task.request) }
}

/** A task of ours could not even be tried. */
export function untold(record: SessionRecord, env: Env, task: Task): SessionRecord {
  const found = record.tasks.some(({ request }) => request === task.request)
  if (!found) return record
  const due = env.now + backoff(env, task.attempts, minute)
  return withTask(record, { ...task, takenUntil: undefined, attempts: task.attempts + 1, due })
}
