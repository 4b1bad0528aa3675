/**
 * What an operator of OSCP 1.0 says to its capacity provider, put together: requests for other capacities, and usage.
 * Limits: what comes back to it, its limits, is built elsewhere.
 */
import { randomUUID } from 'node:crypto'
import { isLegacy } from '../config.ts'
import type { EventKind, EventQueue } from '../exchange/events.ts'
import { adjustmentFlow, adjustmentMessage } from '../exchange/flows/adjustment.ts'
import { modernEvent } from '../exchange/flows/modern-event.ts'
import { Untaken } from '../exchange/flows/untaken.ts'
import { assetMeasurements, groupMeasurements, usageFlow } from '../exchange/flows/usage.ts'
import type { PeerId } from '../exchange/ids.ts'
import type { LegacyFlow } from '../exchange/receive.ts'
import type { Ground } from './parts.ts'
import type { Party } from './party.ts'

export interface CspRequests {
  /** By the 2.0 message that the operation leads to. */
  readonly flows: ReadonlyMap<string, LegacyFlow>
  readonly kinds: ReadonlyMap<string, EventKind>
  /** A party has shaken hands anew. Rejects while the state is away. */
  online(peer: PeerId): Promise<void>
}

export function openCspRequests(ground: Ground, { wire, sessions }: Party, events: EventQueue): CspRequests {
  const { config, ledger, links, observer, now } = ground
  const untaken = new Untaken(ledger, observer)
  const profile = (id: PeerId) => {
    const peer = config.peers[id]!
    if (isLegacy(peer)) throw new TypeError(`${id} speaks OSCP 1.0 and has no profile`)
    return peer.profile
  }
  const closed = (peer: PeerId) => sessions.closed(peer)
  const common = { ledger, events, now, newId: randomUUID, closed }
  const pause = (peer: PeerId) => profile(peer).adjustEvery
  const styles = async (peer: PeerId) => (await sessions.state(peer)).measurementConfiguration
  const usage = usageFlow({
    ...common,
    observer,
    profile,
    styles,
    untaken: untaken.reason.bind(untaken),
    kept: ground.usage.add.bind(ground.usage),
  })
  const sending = { wire, links, attempt: config.delivery.timeout }
  const measurements = (message: string) =>
    modernEvent(message, {
      ...sending,
      withheld: (peer) => untaken.reason(peer, message),
      refused: (peer, outcome) => untaken.note(peer, message, outcome),
    })
  return {
    flows: new Map([
      [adjustmentMessage, adjustmentFlow({ ...common, pause, mostBlocks: config.limits.blocks })],
      [groupMeasurements, usage],
    ]),
    kinds: new Map([
      [adjustmentMessage, modernEvent(adjustmentMessage, sending)],
      [groupMeasurements, measurements(groupMeasurements)],
      [assetMeasurements, measurements(assetMeasurements)],
    ]),
    online: (peer) => untaken.forget(peer),
  }
}
