/**
 * What the configuration asks of a session when the gateway starts, compared with what is stored of it.
 * Limits: pure but for the tokens sealed again; running it twice, or on two replicas, changes nothing more.
 */
import { type Env, fresh, initiatorOf, type SessionRecord, taskOf } from './record.ts'
import { begin, rotate } from './registration.ts'
import { beat, scheduleHandshake } from './states.ts'
import { hashOf } from './tokens.ts'
import type { Sealed, Vault } from './vault.ts'

export function startUp(stored: SessionRecord, env: Env, vault: Vault): SessionRecord {
  const { peer } = env
  const record = resealed(otherKind(stored, env), env, vault)
  if (peer.registration === 'we start' && peer.token !== undefined) {
    const tokenA = hashOf(peer.token)
    if (record.spent !== tokenA) return begin(record, env, tokenA)
  }
  const moved = record.theirs !== undefined && record.announced !== undefined && record.announced !== env.baseUrl
  return revived(moved && record.state !== 'PENDING' ? rotate(record, env) : record, env)
}

/** The peer was configured for registration and no longer is, or the other way round: nothing that is stored holds. */
function otherKind(record: SessionRecord, env: Env): SessionRecord {
  const registers = env.peer.registration !== 'none'
  const past = record.state === 'NEW' || record.state === 'PENDING'
  const fits = registers ? past || record.theirs !== undefined : !past && record.theirs === undefined
  return fits ? record : fresh(env.peer, env.now)
}

/** Whatever should be on its way and is not, because the profile changed or an older version did not know of it. */
function revived(record: SessionRecord, env: Env): SessionRecord {
  const waits = record.state === 'REGISTERED' || record.state === 'OFFLINE'
  if (waits && initiatorOf(env.peer) !== 'none' && !taskOf(record, 'handshake')) return scheduleHandshake(record, env)
  const beats = record.state === 'ONLINE' && record.demands.heartbeat !== undefined
  return beats && !taskOf(record, 'heartbeat') && !record.noHeartbeats ? beat(record, env) : record
}

/** Every sealed token under the newest key. */
function resealed(record: SessionRecord, env: Env, vault: Vault): SessionRecord {
  let changed = false
  const renew = (sealed: Sealed): Sealed => {
    const renewed = vault.renew(env.peer.id, sealed)
    changed ||= renewed !== sealed
    return renewed
  }
  const again = {
    ...record,
    theirs: record.theirs && { ...record.theirs, sealed: renew(record.theirs.sealed) },
    tasks: record.tasks.map((task) => ({
      ...task,
      ...(task.offer ? { offer: { ...task.offer, sealed: renew(task.offer.sealed) } } : {}),
      ...(task.to ? { to: { ...task.to, sealed: renew(task.to.sealed) } } : {}),
    })),
  }
  return changed ? again : record
}
