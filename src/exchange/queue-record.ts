/**
 * What the gateway knows of one peer's queue of events and of its dead list, and how both change: pure, so it can be tested.
 * Limits: numbers only grow; a queue made anew starts at the time of its making, beyond whatever an earlier one left behind.
 */
import type { Event } from './events.ts'
import type { ExchangeId, LinkId, PeerId } from './ids.ts'
import type { Change, LedgerKey } from './ledger.ts'

export interface Queue {
  /** The number of the event that is sent next, and of the one that is added next: equal when there is none. */
  readonly first: number
  readonly next: number
  /** How often the first has been tried in vain. */
  readonly attempts: number
  /** Who sends just now: it holds the lease, and nobody else may move the queue on. */
  readonly sender?: string | undefined
  /** The oldest number that the dead list may hold, and the one it gives next. */
  readonly dead: { readonly first: number; readonly next: number }
}

/** How much memory a queue's record takes up, in bytes, roughly. */
export const queueSize = 500

/** A message that nobody will send any more, and why. */
export interface Dead {
  /** The event's kind, or `forecast`: a schedule that its sender believes delivered. */
  readonly kind: string
  readonly link: LinkId
  readonly group?: string | undefined
  readonly exchange?: ExchangeId | undefined
  readonly reason: string
  /** When it was given up, in milliseconds since 1970. */
  readonly at: number
  readonly attempts: number
  /** What else tells a schedule from others: its type, its version, the id it was sent under, when it would have ended. */
  readonly details?: Readonly<Record<string, string | number>> | undefined
  /** What can be put into the queue once more; absent where only its sender can send it anew. */
  readonly event?: Event | undefined
}

export interface DeadLimits {
  /** How long a dead message is kept, in milliseconds. */
  readonly keepFor: number
  /** How many are kept of each peer. */
  readonly limit: number
}

export function emptyQueue(now: number): Queue {
  return { first: now, next: now, attempts: 0, dead: { first: now, next: now } }
}

export function queueKey(peer: PeerId): LedgerKey {
  return { peer, id: 'queue' }
}

export function eventId(number: number): string {
  return `event/${padded(number)}`
}

export function deadId(number: number): string {
  return `dead/${padded(number)}`
}

/** The queue once its first event is done with. */
export function movedOn(queue: Queue): Queue {
  return { ...queue, first: queue.first + 1, attempts: 0 }
}

/** The queue with one more dead message, the changes to make together with it, and the message that has to go for it. */
export function buried(
  queue: Queue,
  dead: Dead,
  { keepFor, limit }: DeadLimits,
): { queue: Queue; changes: Change[]; forgotten: string | undefined } {
  const { first, next } = queue.dead
  const isFull = next - first >= limit
  const forgotten = isFull ? deadId(first) : undefined
  const write: Change = { id: deadId(next), revision: 0, write: { record: dead, due: 'not due', keepFor } }
  return {
    queue: { ...queue, dead: { first: isFull ? first + 1 : first, next: next + 1 } },
    changes: forgotten === undefined ? [write] : [write, { id: forgotten, revision: 1, remove: true }],
    forgotten,
  }
}

/** Sorts as text as it does as a number. */
function padded(number: number): string {
  return String(number).padStart(14, '0')
}
