/**
 * Does what is due: claims records whose time has come, and hands each to whoever knows its kind.
 * Limits: a record whose work fails stays leased and comes again when the lease ends; nothing is lost by a crash.
 */
import type { PeerId } from './ids.ts'
import type { Ledger, LedgerKey } from './ledger.ts'
import type { Observer } from './observer.ts'

/** Work on one kind of record; the kind is the first part of a record's id. */
export interface Worker {
  readonly leaseMs: number
  resume(key: LedgerKey): Promise<void>
  /** Whatever else is to be done now and then. */
  tidy?(): Promise<void>
}

export interface AgendaOptions {
  readonly ledger: Ledger
  readonly observer: Observer
  readonly workers: ReadonlyMap<string, Worker>
  readonly peers: () => readonly PeerId[]
  /** Pause between two looks, in milliseconds. */
  readonly every: number
  /** How many records of one peer are worked on at a time. */
  readonly perPeer: number
}

export class Agenda {
  private readonly options: AgendaOptions
  private readonly busy = new Map<PeerId, number>()
  private timer: NodeJS.Timeout | undefined
  private readonly running = new Set<Promise<void>>()
  private looking: Promise<void> = Promise.resolve()
  private stopped = false

  constructor(options: AgendaOptions) {
    this.options = options
  }

  start(): void {
    const next = () => {
      if (this.stopped) return
      this.timer = setTimeout(() => {
        this.looking = this.look().finally(next)
      }, this.options.every)
    }
    next()
  }

  /** Takes no more work; resolves when the last look is over. Work already handed out goes on. */
  async stop(): Promise<void> {
    this.stopped = true
    clearTimeout(this.timer)
    await this.looking
  }

  /** Resolves when nothing that was handed out runs any more. */
  async settled(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running)
  }

  private async look(): Promise<void> {
    await Promise.all(this.options.peers().map((peer) => this.lookAt(peer)))
    // What cannot be tidied now, because the state is away, is tidied at a later look.
    for (const worker of this.options.workers.values()) await worker.tidy?.().catch(() => undefined)
  }

  /** Takes as much of a peer's due work as there is room for, and comes back at once where there may be more. */
  private async lookAt(peer: PeerId): Promise<void> {
    const free = this.options.perPeer - (this.busy.get(peer) ?? 0)
    if (free <= 0 || this.stopped) return
    const leaseMs = Math.max(...[...this.options.workers.values()].map((worker) => worker.leaseMs))
    // An unreachable store is seen by readiness and by every caller; here there is only nothing to do.
    const ids = await this.options.ledger.claim(peer, free, leaseMs).catch(() => [])
    const work = Promise.all(ids.map((id) => this.track(this.work({ peer, id }))))
    if (ids.length === free) void work.then(() => this.lookAt(peer))
  }

  private track(work: Promise<void>): Promise<void> {
    this.running.add(work)
    return work.finally(() => this.running.delete(work))
  }

  /** Never rejects. */
  private async work(key: LedgerKey): Promise<void> {
    const worker = this.options.workers.get(key.id.split('/', 1)[0]!)
    this.busy.set(key.peer, (this.busy.get(key.peer) ?? 0) + 1)
    try {
      await worker?.resume(key)
    } catch (error) {
      this.options.observer.alarm('agenda failure', { peer: key.peer, error })
    } finally {
      this.busy.set(key.peer, this.busy.get(key.peer)! - 1)
    }
  }
}
