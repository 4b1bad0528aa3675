/**
 * How a session changes its state, and what follows from it: who is told, who starts a handshake, which deadlines run.
 * Limits: pure; nothing else sets `state`.
 */
import type { SessionState } from './api.ts'
import { horizon } from './demands.ts'
import { type Env, initiatorOf, newTask, type SessionRecord, without, withTask } from './record.ts'

/** How long we leave it to the other side to start the handshake before we try, in milliseconds. */
export const patienceForHandshake = 180_000

export function enter(record: SessionRecord, state: SessionState, env: Env): SessionRecord {
  if (state === 'REGISTERED' && initiatorOf(env.peer) === 'none') return enter(record, 'ONLINE', env)
  if (state === 'ONLINE') return goOnline(record, env)
  if (record.state === state) return record
  const changed: SessionRecord = { ...record, state, since: env.now, offlineAt: undefined }
  const told =
    record.state === 'ONLINE'
      ? withTask(without(changed, 'tell online', 'heartbeat'), newTask(env, 'tell offline'))
      : changed
  if (state === 'REGISTERED' || state === 'OFFLINE') return scheduleHandshake(told, env)
  return without(told, 'handshake', 'acknowledge')
}

/** Also for a peer that is online: a completed handshake is news, because the peer may have forgotten everything. */
function goOnline(record: SessionRecord, env: Env): SessionRecord {
  const since = record.state === 'ONLINE' ? record.since : env.now
  const online = { ...record, state: 'ONLINE' as const, since, doubts: 0, lastError: undefined }
  const told = withTask(without(online, 'tell offline'), newTask(env, 'tell online'))
  const { heartbeat } = record.demands
  const promised = heartbeat === undefined ? undefined : env.now + horizon(heartbeat)
  return beat({ ...told, promised, offlineAt: firstDeadline(record, env) }, env)
}

/** Until its first heartbeat a peer has as long as our own heartbeats promise. */
function firstDeadline(record: SessionRecord, { peer, now }: Env): number | undefined {
  const { heartbeats, heartbeatInterval } = peer.profile
  if (heartbeats === 'none' || initiatorOf(peer) === 'none') return undefined
  if (record.noHeartbeats && record.lastBeat === undefined) return undefined
  return now + horizon(heartbeatInterval)
}

/** Heartbeats to a peer that asked for them, the first at once; none to any other. */
export function beat(record: SessionRecord, env: Env): SessionRecord {
  const wanted = record.demands.heartbeat !== undefined && env.peer.profile.heartbeats === 'on' && !record.noHeartbeats
  if (!wanted || record.state !== 'ONLINE') return without(record, 'heartbeat')
  return withTask(record, newTask(env, 'heartbeat'))
}

/**
 * Ours soon, when it is ours to start; else late, because a handshake that was lost must not leave the two apart for ever.
 * Never when the profile says that they start: such a peer may have no route for it.
 */
export function scheduleHandshake(record: SessionRecord, env: Env): SessionRecord {
  const initiator = initiatorOf(env.peer)
  if (initiator === 'we') {
    // Not at once: the answer that got us here may still be on its way out, and the peer may have things to store.
    return withTask(record, newTask(env, 'handshake', { due: env.now + 500 + Math.round(env.random() * 1000) }))
  }
  if (initiator === 'none' || env.peer.profile.handshakeInitiator !== 'downstream') return record
  return withTask(record, newTask(env, 'handshake', { due: env.now + patienceForHandshake }))
}
