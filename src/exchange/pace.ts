/** How often a party may speak, as its rate limit says; counted for all replicas together. */
import { GatewayError } from '../errors.ts'
import type { PeerId } from './ids.ts'

export interface Rate {
  /** Messages a second for long. */
  readonly perSecond: number
  /** Messages at once after silence; at least 1. */
  readonly burst: number
}

export interface Pace {
  /** Counts one message of this peer: 0 when it may pass, or how many milliseconds too early it is. Never rejects. */
  take(peer: PeerId, rate: Rate): Promise<number>
}

/** Resolves when the message may pass. Throws GatewayError `busy` that says how long to wait. */
export type KeepPace = (peer: PeerId) => Promise<void>

export function keepPace(pace: Pace, rates: ReadonlyMap<PeerId, Rate>): KeepPace {
  return async (peer) => {
    const rate = rates.get(peer)
    if (!rate) return
    const early = await pace.take(peer, rate)
    if (early <= 0) return
    const retryAfter = Math.ceil(early / 1000)
    throw new GatewayError('busy', `More messages than agreed: wait ${retryAfter} s.`, { retryAfter })
  }
}
