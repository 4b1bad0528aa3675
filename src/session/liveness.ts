/**
 * Handshake and heartbeats as a pure machine (section 7): when two registered peers count each other as online.
 * Limits: without a handshake of its own a side goes by the other's; a peer that never shows a sign is tried for ever, ever
 * more rarely.
 */
import { GatewayError } from '../errors.ts'
import type { RequestId } from '../exchange/ids.ts'
import type { Value } from '../mapping/compile.ts'
import { horizon, readDemands, readOfflineAt } from './demands.ts'
import { type Env, initiatorOf, newTask, type SessionRecord, type Task, taskOf, without, withTask } from './record.ts'
import { afterAnswer } from './registration.ts'
import { beat, enter, scheduleHandshake } from './states.ts'

/** How long an acknowledgement is waited for, in milliseconds (section 7.2). */
export const acknowledgedWithin = 60_000

/** The other side's demands are stored and acknowledged after the 204; ours stand (tie-break). Throws `not-online`. */
export function shakeHands(record: SessionRecord, env: Env, value: Value, request: RequestId): SessionRecord {
  registeredOrRefuse(record)
  const demands = readDemands(value)
  const own = taskOf(record, 'handshake')
  // One that only waited for theirs not to come has lost its reason.
  const mine = own && initiatorOf(env.peer) !== 'we' && own.attempts === 0 && !own.sent && own.takenUntil === undefined
  const due = env.now + afterAnswer
  const known = { ...(mine ? without(record, 'handshake') : record), ...stored(demands), lastSeen: env.now }
  return withTask(known, newTask(env, 'acknowledge', { correlation: request, due }))
}

/** Both are online now. One that answers nothing of ours only brings its demands. Throws `not-online`, `invalid-message`. */
export function acknowledged(
  record: SessionRecord,
  env: Env,
  value: Value,
  correlation: RequestId | undefined,
): SessionRecord {
  registeredOrRefuse(record)
  if (correlation === undefined && env.peer.profile.requireCorrelation)
    throw new GatewayError('invalid-message', 'X-Correlation-ID is required on an acknowledgement.')
  const asked = taskOf(record, 'handshake')
  const open = asked !== undefined && (asked.sent === true || asked.takenUntil !== undefined || asked.attempts > 0)
  const known = { ...record, ...stored(readDemands(value)), lastSeen: env.now }
  const online = open ? enter(without(known, 'handshake'), 'ONLINE', env) : beat(known, env)
  return value.offline_mode_at === undefined ? online : alive(online, env, value)
}

/** A heartbeat is noted in every registered state, and moves the deadline of a peer that is online. Throws `not-online`. */
export function alive(record: SessionRecord, env: Env, value: Value): SessionRecord {
  registeredOrRefuse(record)
  const known = { ...record, lastSeen: env.now, lastBeat: env.now }
  if (env.peer.profile.heartbeats === 'none') return known
  const offlineAt = readOfflineAt(value.offline_mode_at, env.now, env.peer.profile.heartbeatInterval)
  const suffices = env.peer.profile.heartbeatBringsOnline || initiatorOf(env.peer) === 'none'
  if (known.state === 'ONLINE') return { ...known, offlineAt }
  return suffices ? { ...enter(known, 'ONLINE', env), offlineAt } : known
}

/** When the next heartbeat of ours is due: well before the other side misses it, and not all at once after a restart. */
export function nextBeat(record: SessionRecord, env: Env, task: Task, succeeded: boolean): SessionRecord {
  const interval = Math.max(1000, record.demands.heartbeat ?? 0)
  const regular = interval * (0.5 + 0.3 * env.random())
  const pause = succeeded ? regular : Math.min(regular, Math.max(1000, interval / 4))
  return withTask(
    record,
    newTask(env, 'heartbeat', { due: task.due + pause > env.now ? task.due + pause : env.now + pause }),
  )
}

/** A heartbeat was taken. After a pause longer than the last one promised, only a new handshake ends the peer's offline mode. */
export function beaten(record: SessionRecord, env: Env, task: Task): SessionRecord {
  const late = record.promised !== undefined && env.now >= record.promised
  const promised = env.now + horizon(record.demands.heartbeat ?? 0)
  return nextBeat({ ...(late ? scheduleHandshake(record, env) : record), promised }, env, task, true)
}

/** The peer has no route for heartbeats: no more are sent, and its own silence means nothing unless it ever sent one. */
export function withoutHeartbeats(record: SessionRecord): SessionRecord {
  const offlineAt = record.lastBeat === undefined ? undefined : record.offlineAt
  return { ...without(record, 'heartbeat'), noHeartbeats: true, offlineAt }
}

/** The deadline of its last heartbeat has passed. */
export function silent(record: SessionRecord, env: Env): SessionRecord {
  if (record.state !== 'ONLINE' || record.offlineAt === undefined || env.now < record.offlineAt) return record
  env.alarm('peer offline', 'No heartbeat came in time.')
  return enter(record, 'OFFLINE', env)
}

/** Calls answered with 401 or 403, one after another: three make an end of being online (section 14). */
export function doubted(record: SessionRecord, env: Env): SessionRecord {
  const doubts = record.doubts + 1
  const known = { ...record, doubts, lastError: 'The peer refuses our token.' }
  if (doubts === 1) env.alarm('registration suspect', known.lastError)
  return doubts < 3 || record.state !== 'ONLINE' || initiatorOf(env.peer) === 'none'
    ? known
    : enter(known, 'OFFLINE', env)
}

function stored({ heartbeat, measurements }: ReturnType<typeof readDemands>) {
  return { demands: { heartbeat, measurements } }
}

function registeredOrRefuse(record: SessionRecord): void {
  if (record.state === 'NEW' || record.state === 'PENDING')
    throw new GatewayError('not-online', 'The registration is not complete.')
}
