/**
 * Messages that each must arrive: usage, adjustments, compliance errors. Delivered in order per peer, at least once, or dead.
 * Limits: what a message means is known to its kind; here it is only kept, sent in turn, and given up with a reason.
 */
import type { Value } from '../mapping/compile.ts'
import type { ExchangeId, LinkId, PeerId, RequestId } from './ids.ts'
import type { Change } from './ledger.ts'

/** One message for one peer, as it is kept until the peer has it. */
export interface Event {
  /** Who sends it on and knows what follows: the name of an `EventKind`. */
  readonly kind: string
  readonly link: LinkId
  /** The group (2.0 name) it is about, for people and for finding it. */
  readonly group?: string | undefined
  /** What its kind needs to send it. */
  readonly value: Value
  /** The same on every attempt. */
  readonly request: RequestId
  readonly correlation?: RequestId | undefined
  /** The exchange it came with. */
  readonly exchange: ExchangeId
  /** When it was stored, and from when on it is worth nothing any more: milliseconds since 1970. */
  readonly at: number
  readonly expires?: number | undefined
}

/** What became of one attempt; `also` are changes of the receiving peer's own records, made together with forgetting the event. */
export type EventOutcome = (
  | { readonly verdict: 'done'; readonly also?: readonly Change[] }
  /** The peer's final no: into the dead list with this reason. */
  | { readonly verdict: 'dead'; readonly reason: string; readonly also?: readonly Change[] }
  | {
      readonly verdict: 'later'
      readonly sentence: string
      readonly retryAfterMs?: number
      readonly cause?: unknown
    }
) & {
  /** HTTP status of the answer; absent when none came. */
  readonly status?: number | undefined
}

/** How events of one kind are sent. Everything in it must be safe to do twice. */
export interface EventKind {
  /** Which wire it leaves on. Default: the 2.0 one. */
  readonly direction?: 'toModern' | 'toLegacy'
  /** Makes one attempt, and does what follows from its answer. `attempt` counts from 1. May reject: that is `later`. */
  send(peer: PeerId, event: Event, attempt: number): Promise<EventOutcome>
}

/** Where flows put their messages. */
export interface EventQueue {
  /**
   * Stores an event as the last of its peer's queue and makes these changes of the same peer's records, both or neither. False
   * when somebody else changed one of the records first. Throws `state-unavailable`; then it must not be acknowledged.
   */
  add(peer: PeerId, event: Event, also?: readonly Change[]): Promise<boolean>
}
