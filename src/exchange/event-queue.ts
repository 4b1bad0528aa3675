/**
 * The queue of events of each peer: added in one step with what belongs to them, then sent one after the other, by one sender.
 * Limits: at least once. A message that may pass later holds up those behind it, until it passes or is given up.
 */
import { GatewayError } from '../errors.ts'
import type { Worker } from './agenda.ts'
import type { Breakers } from './breaker.ts'
import { EventSender } from './event-sender.ts'
import type { Event, EventKind, EventQueue } from './events.ts'
import type { PeerId } from './ids.ts'
import type { Change, Ledger, LedgerKey } from './ledger.ts'
import type { Observer } from './observer.ts'
import { buried, type Dead, type DeadLimits, emptyQueue, eventId, type Queue, queueKey } from './queue-record.ts'
import type { RetryTimes } from './retry.ts'
import { Turns } from './turns.ts'

export interface EventsOptions {
  readonly ledger: Ledger
  readonly observer: Observer
  /** Who sends events, by the name that they are stored under. */
  readonly kinds: ReadonlyMap<string, EventKind>
  readonly times: Omit<RetryTimes, 'longestRetryAfter'> & {
    /** How long one attempt usually takes at most, in milliseconds. */
    readonly attempt: number
    /** How much longer a lease lasts than that, so that the outcome can be recorded; milliseconds. */
    readonly leaseMargin?: number
    /** The age from which on a failed attempt is the last one, in milliseconds. */
    readonly giveUpAfter: number
  }
  /** How many events may wait for one peer. */
  readonly limit: number
  readonly dead: DeadLimits
  /** Without it a peer that does not answer is not spared. */
  readonly breakers?: Breakers | undefined
  /** Milliseconds since 1970, UTC. */
  readonly now: () => number
  readonly newId: () => string
  /** A number in [0, 1). */
  readonly random: () => number
}

export class Events implements EventQueue, Worker {
  private readonly options: EventsOptions
  /** Writers of one process take turns, so that they rarely lose against each other. */
  private readonly turns = new Turns<PeerId>()
  private readonly sender: EventSender
  private readonly running = new Set<Promise<unknown>>()

  constructor(options: EventsOptions) {
    this.options = options
    this.sender = new EventSender(options, this.turns)
  }

  /** How long the agenda must leave a claimed queue alone, in milliseconds. */
  get leaseMs(): number {
    return this.sender.leaseMs
  }

  /**
   * As `EventQueue` says. Throws `peer-unavailable` when the queue is full: whoever sends knows then that the message was not
   * taken, and may send it again. Nothing that was accepted is thrown away for it.
   */
  async add(peer: PeerId, event: Event, also: readonly Change[] = []): Promise<boolean> {
    const added = await this.turns.take(peer, () => this.append(peer, event, also))
    if (added?.sender !== undefined) this.begin(peer, added.sender, true)
    return added !== undefined
  }

  /** Sends what a claimed queue holds. For the agenda. */
  async resume({ peer }: LedgerKey): Promise<void> {
    const sender = this.options.newId()
    const taken = await this.turns.take(peer, () => this.sender.take(peer, sender))
    if (taken) await this.begin(peer, sender, false)
  }

  /** What waits for a peer is tried now, because it is back. Rejects while the state is away. */
  async hasten(peer: PeerId): Promise<void> {
    await this.turns.take(peer, async () => {
      const stored = await this.options.ledger.read<Queue>(queueKey(peer))
      if (!stored || stored.record.first === stored.record.next || stored.record.sender !== undefined) return
      // If another was faster, the queue is being sent or was added to, and comes when it is due.
      await this.sender.write(peer, stored.revision, stored.record, { in: 0 }, [])
    })
  }

  /** Writes a message that never was an event into the dead list. Rejects while the state is away. */
  async bury(peer: PeerId, dead: Dead): Promise<void> {
    const { observer, now, dead: limits } = this.options
    const forgotten = await this.turns.take(peer, async () => {
      for (;;) {
        const { record, revision } = (await this.sender.known(peer)) ?? { record: undefined, revision: 0 }
        const grave = buried(record ?? emptyQueue(now()), dead, limits)
        const due = record ? 'unchanged' : 'not due'
        if (await this.sender.write(peer, revision, grave.queue, due, grave.changes)) return grave.forgotten
      }
    })
    if (forgotten !== undefined) observer.alarm('dead list full', { peer, link: dead.link })
  }

  /** Begins to send nothing more: what is added from now on is left to others, or to the next start. */
  drain(): void {
    this.sender.drain()
  }

  /** Resolves when nothing is being sent any more. */
  async settled(): Promise<void> {
    while (this.running.size > 0) await Promise.allSettled(this.running)
  }

  private begin(peer: PeerId, sender: string, isFresh: boolean): Promise<void> {
    const work = this.sender.run(peer, sender, isFresh)
    this.running.add(work)
    return work.finally(() => this.running.delete(work))
  }

  /** Undefined when one of the caller's records was changed by somebody else; an idle queue is taken to be sent at once. */
  private async append(
    peer: PeerId,
    event: Event,
    also: readonly Change[],
  ): Promise<{ readonly sender: string | undefined } | undefined> {
    const { ledger, limit, now, newId } = this.options
    const key = queueKey(peer)
    for (let lost: number | undefined; ; ) {
      // Not recalled: a store that hangs fails this, and nothing is written of what its sender is told was not taken.
      const { record, revision } = (await ledger.read<Queue>(key)) ?? { record: undefined, revision: 0 }
      // The queue is as it was, so it must have been one of the caller's records.
      if (revision === lost) return undefined
      const queue = record ?? emptyQueue(now())
      if (queue.next - queue.first >= limit)
        throw new GatewayError('peer-unavailable', 'Too many messages wait for the other party; send it again later.')
      const isIdle = queue.first === queue.next
      const sender = isIdle && !this.sender.isDrained ? newId() : undefined
      const due = isIdle ? { in: sender === undefined ? 0 : this.leaseMs } : 'unchanged'
      const longer = { ...queue, next: queue.next + 1, ...(isIdle ? { sender } : {}) }
      const write = { record: event, due: 'not due', keepFor: this.sender.keepFor } as const
      const changes = [{ id: eventId(queue.next), revision: 0, write }, ...also]
      if (await this.sender.write(peer, revision, longer, due, changes)) return { sender }
      lost = revision
    }
  }
}
