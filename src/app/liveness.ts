/** Who of the parties is there, as the others are told: heartbeats to legacy parties, and whether a modern one is online. */
import { randomUUID } from 'node:crypto'
import { Heartbeats } from '../exchange/heartbeats.ts'
import type { PeerId } from '../exchange/ids.ts'
import type { LegacyWire } from '../exchange/legacy.ts'
import type { Sessions } from '../session/sessions.ts'
import type { Ground } from './parts.ts'

export function openHeartbeats(ground: Ground, sessions: Sessions, wire: LegacyWire): Heartbeats {
  const { config, ledger, links, liveness, observer, now } = ground
  return new Heartbeats({
    ledger,
    links,
    wire,
    liveness,
    observer,
    isOnline: (peer) => isOnline(sessions, peer, now()),
    attempt: config.delivery.timeout,
    offlineAfter: config.offlineAfter,
    now,
    newId: randomUUID,
  })
}

/** Whether a modern party counts as online: also not when its deadline has passed and nobody has noticed yet. */
export async function isOnline(sessions: Sessions, peer: PeerId, now: number): Promise<boolean> {
  const { state, offlineAt } = await sessions.state(peer)
  return state === 'ONLINE' && (offlineAt === undefined || now < offlineAt)
}
