/** A session for people to look at: everything but the tokens. */
import type { SessionPeer, SessionView } from './api.ts'
import { initiatorOf, type SessionRecord } from './record.ts'

export function viewOf(peer: SessionPeer, record: SessionRecord): SessionView {
  const { profile } = peer
  const asks = profile.heartbeats === 'on' && initiatorOf(peer) !== 'none'
  const seconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1000)
  return {
    peer: peer.id,
    role: peer.role,
    registration: peer.registration,
    state: record.state,
    since: record.since,
    url: record.theirs ? (profile.baseUrlOverride ?? record.theirs.url) : peer.url,
    version: record.theirs?.version,
    offlineAt: record.state === 'ONLINE' ? record.offlineAt : undefined,
    lastSeen: record.lastSeen,
    weAsk: asks ? seconds(profile.heartbeatInterval) : undefined,
    theyAsk: seconds(record.demands.heartbeat),
    measurementConfiguration: record.demands.measurements,
    noHeartbeats: record.noHeartbeats,
    tokenWaitsUntil: record.ours.first?.until,
    unregistered: record.unregistered ?? false,
    owed: record.tasks.map(({ kind, sent }) => (sent ? `answer to ${kind}` : kind)),
    suspect: record.doubts > 0,
    lastError: record.lastError,
  }
}
