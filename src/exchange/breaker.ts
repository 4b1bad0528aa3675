/**
 * Spares a peer that does not answer: after some failures in a row what can wait is held back, and one attempt at a time looks
 * whether the peer is there again. Limits: known to this process only; what is fresh is always tried, and counts as a look.
 */
import type { PeerId } from './ids.ts'

export type CircuitState = 'closed' | 'open' | 'half-open'

export interface Circuit {
  readonly peer: PeerId
  readonly state: CircuitState
  /** Since when, in milliseconds since 1970. */
  readonly since: number
}

export interface BreakersOptions {
  /** After this many failures in a row a peer is spared. */
  readonly threshold: number
  /** First and longest pause between two looks, in milliseconds; it doubles. */
  readonly firstPause: number
  readonly longestPause: number
  /** A look of which nothing was heard for this long has come to nothing, in milliseconds. */
  readonly lookMs: number
  /** Milliseconds since 1970, UTC. */
  readonly now: () => number
  /** A number in [0, 1). */
  readonly random: () => number
  readonly onChange: (circuit: Circuit, before: CircuitState) => void
}

interface Known {
  readonly state: CircuitState
  readonly since: number
  readonly failures: number
  /** The bound of the pause that is on, and when the next look may be made. */
  readonly pause: number
  readonly nextLook: number
}

export class Breakers {
  private readonly options: BreakersOptions
  private readonly peers = new Map<PeerId, Known>()

  constructor(options: BreakersOptions) {
    this.options = options
  }

  /** How long an attempt that can wait has to, in milliseconds; 0 lets it go, and asks for a `report` of it. */
  wait(peer: PeerId): number {
    const { now, random, lookMs } = this.options
    const known = this.known(peer)
    if (known.state === 'closed') return 0
    const left = known.nextLook - now()
    // Those who wait do not all come back in the same moment.
    if (left > 0) return Math.ceil(Math.min(left, known.pause) + random() * known.pause)
    this.become(peer, { ...known, state: 'half-open', nextLook: now() + lookMs })
    return 0
  }

  /** What came of an attempt, whoever made it: whether the peer said anything that counts. */
  report(peer: PeerId, isAvailable: boolean): void {
    const { threshold, firstPause, longestPause, now, random } = this.options
    const known = this.known(peer)
    if (isAvailable) {
      this.become(peer, { ...known, state: 'closed', failures: 0, pause: firstPause })
      return
    }
    const failures = known.failures + 1
    if (known.state === 'closed' && failures < threshold) {
      this.peers.set(peer, { ...known, failures })
      return
    }
    // Fresh attempts that fail while others wait do not put off the next look.
    if (known.state === 'open') return
    const pause = known.state === 'half-open' ? Math.min(longestPause, known.pause * 2) : known.pause
    this.become(peer, { ...known, state: 'open', failures, pause, nextLook: now() + pause * (0.5 + random() / 2) })
  }

  /** How every peer stands of which anything was reported. */
  circuits(): Circuit[] {
    return [...this.peers].map(([peer, { state, since }]) => ({ peer, state, since }))
  }

  private known(peer: PeerId): Known {
    const { now, firstPause } = this.options
    const fresh = () => ({ state: 'closed', since: now(), failures: 0, pause: firstPause, nextLook: 0 }) as const
    return this.peers.get(peer) ?? fresh()
  }

  private become(peer: PeerId, next: Known): void {
    const before = this.known(peer).state
    const since = next.state === before ? next.since : this.options.now()
    this.peers.set(peer, { ...next, since })
    if (next.state !== before) this.options.onChange({ peer, state: next.state, since }, before)
  }
}
