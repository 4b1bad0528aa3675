/**
 * Rate limits by the generic cell rate algorithm, in this process: one number per party.
 * Limits: one process; by itself it is exact only where there is one replica.
 */
import type { PeerId } from '../../exchange/ids.ts'
import type { Pace, Rate } from '../../exchange/pace.ts'

export class MemoryPace implements Pace {
  private readonly now: () => number
  /** When each party would be silent for long enough again, in milliseconds. */
  private readonly busyUntil = new Map<PeerId, number>()

  /** `now` in milliseconds; it must not go back. */
  constructor(now: () => number) {
    this.now = now
  }

  async take(peer: PeerId, { perSecond, burst }: Rate): Promise<number> {
    const now = this.now()
    const interval = 1000 / perSecond
    const busy = Math.max(now, this.busyUntil.get(peer) ?? now)
    const early = busy - now - interval * (burst - 1)
    if (early > 0) return early
    this.busyUntil.set(peer, busy + interval)
    return 0
  }
}
