/**
 * Writes to records of one peer that are asked for in one turn of the event loop, made as one change of all of them: what a script
 * costs by itself, here and in Redis, is more than what one record costs.
 * Limits: where they cannot all be made, each is made by itself, so nobody is refused for what somebody else wrote.
 */
import { GatewayError } from '../../errors.ts'
import type { PeerId } from '../../exchange/ids.ts'
import type { Change } from '../../exchange/ledger.ts'

/** Makes all of these changes, of different records, or none. Rejects with `state-unavailable`. */
type Make = (peer: PeerId, changes: readonly Change[]) => Promise<boolean>

interface Waiting {
  readonly change: Change
  readonly resolve: (isMade: boolean) => void
  readonly reject: (error: unknown) => void
}

/** Redis does nothing else while it makes them: some milliseconds' work. */
const mostTogether = 32

export class Gathering {
  private readonly waiting = new Map<PeerId, Waiting[]>()
  private readonly make: Make
  private readonly atOnce: (work: () => void) => void

  /** `atOnce` sends what is asked of Redis meanwhile in one piece. */
  constructor(make: Make, atOnce: (work: () => void) => void) {
    this.make = make
    this.atOnce = atOnce
  }

  /** As `make`, for one change. */
  add(peer: PeerId, change: Change): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (this.waiting.size === 0) setImmediate(() => this.makeAll())
      const others = this.waiting.get(peer)
      // Two changes of one record are made one after the other.
      const fits = others && others.length < mostTogether && others.every((other) => other.change.id !== change.id)
      if (others && !fits) void this.makeTogether(peer, others)
      if (others && fits) others.push({ change, resolve, reject })
      else this.waiting.set(peer, [{ change, resolve, reject }])
    })
  }

  /** What waits is asked for now. */
  makeAll(): void {
    const all = [...this.waiting]
    this.waiting.clear()
    this.atOnce(() => {
      for (const [peer, waiting] of all) void this.makeTogether(peer, waiting)
    })
  }

  private async makeTogether(peer: PeerId, waiting: readonly Waiting[]): Promise<void> {
    const [first, ...others] = waiting
    if (others.length === 0) return this.makeAlone(peer, first!)
    try {
      const areMade = await this.make(
        peer,
        waiting.map(({ change }) => change),
      )
      if (areMade) {
        for (const { resolve } of waiting) resolve(true)
        return
      }
    } catch (error) {
      if (!isRefused(error)) {
        for (const { reject } of waiting) reject(error)
        return
      }
    }
    for (const each of waiting) void this.makeAlone(peer, each)
  }

  private makeAlone(peer: PeerId, { change, resolve, reject }: Waiting): Promise<void> {
    return this.make(peer, [change]).then(resolve, reject)
  }
}

/** Whether Redis has answered, and said no: to all of them, perhaps because of one. */
function isRefused(error: unknown): boolean {
  const cause = error instanceof GatewayError ? error.cause : undefined
  return cause instanceof Error && cause.name === 'ReplyError'
}
