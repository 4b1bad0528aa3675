/**
 * Sends what a peer's queue holds, in order, for as long as it is the queue's sender, and records what became of each event.
 * Limits: a sender that dies, or cannot reach the state, leaves a lease that runs out; then the same event is sent again.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { GatewayError } from '../errors.ts'
import { type After, type Final, judged, notNow, outOfTime, queueAfter } from './event-outcome.ts'
import type { EventsOptions } from './event-queue.ts'
import type { Event, EventOutcome } from './events.ts'
import type { PeerId } from './ids.ts'
import type { Change, Due, Stored } from './ledger.ts'
import { eventId, type Queue, queueKey, queueSize } from './queue-record.ts'
import type { Turns } from './turns.ts'

/** An attempt that takes longer than this many usual ones is left to itself. */
const longestAttempt = 10
/** However many want to add: the lease must not run out meanwhile. */
const urgent = true
/** Records outlive what they are needed for: a gateway that stood still for a month goes on where it was. */
const month = 30 * 24 * 3600_000

/** An attempt, and what it led to. */
interface Tried extends After {
  readonly attempt: number
  readonly durationMs: number
}

export class EventSender {
  private readonly options: EventsOptions
  private readonly turns: Turns<PeerId>
  private drained = false

  constructor(options: EventsOptions, turns: Turns<PeerId>) {
    this.options = options
    this.turns = turns
  }

  get leaseMs(): number {
    return this.options.times.attempt + this.leaseMargin
  }

  private get leaseMargin(): number {
    return this.options.times.leaseMargin ?? 5_000
  }

  /** How long queues and events are kept after their last change, in milliseconds. */
  get keepFor(): number {
    return Math.max(this.options.times.giveUpAfter, this.options.dead.keepFor) + month
  }

  get isDrained(): boolean {
    return this.drained
  }

  drain(): void {
    this.drained = true
  }

  /** The queue as far as it is known: who writes what follows from it learns whether it still was so. */
  async known(peer: PeerId): Promise<Stored<Queue> | undefined> {
    const key = queueKey(peer)
    return this.options.ledger.recall<Queue>(key) ?? (await this.options.ledger.read<Queue>(key))
  }

  write(peer: PeerId, revision: number, record: Queue, due: Due, also: readonly Change[]): Promise<boolean> {
    const lasting = { text: () => JSON.stringify(record), apart: {}, size: queueSize }
    const queue = { id: queueKey(peer).id, revision, write: { record, lasting, due, keepFor: this.keepFor } }
    return this.options.ledger.writeAll(peer, [queue, ...also])
  }

  /** Makes `sender` the one who sends what a claimed queue holds. False when there is nothing to send, or another was faster. */
  async take(peer: PeerId, sender: string): Promise<boolean> {
    const stored = await this.options.ledger.read<Queue>(queueKey(peer))
    if (!stored) return false
    const { record, revision } = stored
    const isIdle = record.first === record.next
    if (!isIdle && this.drained) return false
    const due: Due = isIdle ? 'not due' : { in: this.leaseMs }
    return (await this.write(peer, revision, { ...record, sender: isIdle ? undefined : sender }, due, [])) && !isIdle
  }

  /**
   * Sends until the queue is empty, an event must wait, or the queue is somebody else's. What is fresh is tried even if the
   * peer did not answer of late. Never rejects.
   */
  async run(peer: PeerId, sender: string, isFresh: boolean): Promise<void> {
    const { ledger, observer, breakers } = this.options
    try {
      for (let isFirst = true; ; isFirst = false) {
        const queue = (await this.known(peer))?.record
        if (queue?.sender !== sender) return
        const event = (await ledger.read<Event>({ peer, id: eventId(queue.first) }))?.record
        const started = this.options.now()
        const inMs = (isFirst && isFresh) || !event ? 0 : (breakers?.wait(peer) ?? 0)
        const outcome = inMs > 0 ? notNow(inMs) : event && (await this.attempt(peer, sender, event, queue.attempts + 1))
        if (!event) observer.alarm('event missing', { peer })
        const took = this.options.now() - started
        const goesOn = await this.persist(() => this.settle(peer, sender, queue.first, event, outcome, took))
        if (!goesOn) return
      }
    } catch (error) {
      // While the state is away there is nothing to be done that the lease's end will not bring back.
      if (!(error instanceof GatewayError && error.kind === 'state-unavailable'))
        observer.alarm('agenda failure', { peer, error })
    }
  }

  /** Rather records a little later than sends twice: tries as long as the lease surely lasts. */
  private async persist<T>(record: () => Promise<T>): Promise<T> {
    for (let left = this.leaseMargin / 2; ; left -= 250) {
      try {
        return await record()
      } catch (error) {
        if (left <= 0) throw error
        await delay(250)
      }
    }
  }

  private async attempt(peer: PeerId, sender: string, event: Event, attempt: number): Promise<Final> {
    const { kinds, now } = this.options
    if (event.expires !== undefined && event.expires <= now())
      return outOfTime('It expired before it could be delivered.', false)
    const kind = kinds.get(event.kind)
    if (!kind) return { verdict: 'later', sentence: `This gateway does not know how to send ${event.kind}.` }
    const stop = new AbortController()
    const renewing = setInterval(() => void this.renew(peer, sender).catch(() => undefined), this.leaseMs / 3).unref()
    const endless = delay(longestAttempt * this.leaseMs, undefined, { signal: stop.signal, ref: false }).then(
      (): EventOutcome => ({ verdict: 'later', sentence: 'The attempt did not end.' }),
    )
    endless.catch(() => undefined)
    try {
      const outcome = await Promise.race([kind.send(peer, event, attempt), endless])
      this.options.breakers?.report(peer, outcome.verdict !== 'later')
      return outcome
    } catch (cause) {
      return { verdict: 'later', sentence: 'The message could not be sent.', cause }
    } finally {
      clearInterval(renewing)
      stop.abort()
    }
  }

  /** A long attempt keeps the queue. */
  private renew(peer: PeerId, sender: string): Promise<void> {
    return this.turns.take(
      peer,
      async () => {
        const stored = await this.options.ledger.read<Queue>(queueKey(peer))
        if (stored?.record.sender === sender)
          await this.write(peer, stored.revision, stored.record, { in: this.leaseMs }, [])
      },
      urgent,
    )
  }

  /** Records the outcome. True when there is more to send, and we are to send it. */
  private settle(
    peer: PeerId,
    sender: string,
    number: number,
    event: Event | undefined,
    outcome: Final | undefined,
    durationMs: number,
  ): Promise<boolean> {
    return this.turns.take(
      peer,
      async () => {
        let final = event && outcome ? judged(event, outcome, this.options) : undefined
        for (let lost: number | undefined; ; ) {
          const stored = await this.known(peer)
          if (stored?.record.sender !== sender) return false
          const { record, revision } = stored
          // It was recorded before, only the answer got lost.
          if (record.first !== number) return true
          if (revision === lost) {
            // One of the records that were to change with it was changed by another: only its kind can say what follows.
            const sentence = 'What belongs to the message was changed meanwhile.'
            final = { verdict: 'later', sentence }
            lost = undefined
          }
          const after = queueAfter(record, event, final, this.options)
          const remains = after.queue.first < after.queue.next
          const keeps = remains && !this.drained && after.pause === undefined
          const due: Due = remains ? { in: keeps ? this.leaseMs : (after.pause ?? 0) } : 'not due'
          const queue = { ...after.queue, sender: keeps ? sender : undefined }
          if (await this.write(peer, revision, queue, due, after.changes)) {
            if (event && final && final.verdict !== 'not now')
              this.tell(peer, event, final, { attempt: record.attempts + 1, durationMs, ...after })
            return keeps
          }
          lost = revision
        }
      },
      urgent,
    )
  }

  private tell(peer: PeerId, event: Event, outcome: EventOutcome, tried: Tried): void {
    const { attempt, durationMs, pause, forgotten } = tried
    const { observer, kinds } = this.options
    const { kind: message, link, group, request, exchange } = event
    const sentence = 'sentence' in outcome ? outcome.sentence : 'reason' in outcome ? outcome.reason : undefined
    const dead = 'wasTried' in outcome ? 'expired' : 'refused'
    const result = ({ done: 'accepted', dead, later: 'unavailable' } as const)[outcome.verdict]
    const line = {
      peer,
      link,
      message,
      direction: kinds.get(message)?.direction ?? 'toModern',
      group,
      request,
      exchanges: [exchange],
      acceptedAt: event.at,
      attempt,
      outcome: result,
      status: outcome.status,
      // What expired before it was its turn was not tried.
      durationMs: 'wasTried' in outcome && !outcome.wasTried ? undefined : durationMs,
      sentence,
      retryInMs: pause,
    }
    const error = 'cause' in outcome ? { error: outcome.cause } : {}
    observer.attempted({ ...line, ...error })
    const about = { peer, link, ...(event.group === undefined ? {} : { group: event.group }) }
    if (outcome.verdict === 'dead') observer.alarm('message given up', { ...about, error: outcome.reason })
    if (forgotten !== undefined) observer.alarm('dead list full', about)
    if (outcome.verdict === 'later' && attempt === 1) observer.alarm('peer unavailable', about)
  }
}
