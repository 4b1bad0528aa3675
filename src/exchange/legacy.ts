/** What the exchange needs of the OSCP 1.0 wire outwards: one operation called at a legacy party, and what became of it. */
import type { Value } from '../mapping/compile.ts'
import type { ExchangeId, RequestId } from './ids.ts'
import type { LegacyPeer } from './peers.ts'

/** One call of an operation that a legacy party hosts. */
export interface LegacyCall {
  readonly peer: LegacyPeer
  /** Name in the party's contract, such as `RequestAdjustedCapacity`. */
  readonly operation: string
  /** The request's value in the contract's own terms, as a mapping made it. */
  readonly value: Value
  /** The operator the call is about or comes from, where the contract has a header for it. */
  readonly cspIdentity: string | undefined
  /** Becomes the MessageID: the same on every attempt of one message. */
  readonly request: RequestId
  /** Becomes RelatesTo, where the call answers an earlier message of the party. */
  readonly correlation?: RequestId | undefined
  /** The exchanges that the call carries on, for those who follow a message's way. */
  readonly exchanges?: readonly ExchangeId[]
  /** Limit of this attempt, in milliseconds. */
  readonly withinMs: number
}

/** `sentence` may be shown to the other side. A business `Rejected` is an answer, not a refusal. */
export type LegacyOutcome = (
  | { readonly verdict: 'answered'; readonly value: Value }
  /** A Sender fault, NotSupported, or an operation the party does not host: repeating it is pointless. */
  | { readonly verdict: 'refused'; readonly sentence: string; readonly unsupported: boolean }
  /** A Receiver fault, anything that is no SOAP answer, or no answer: it may pass later. */
  | {
      readonly verdict: 'unavailable'
      readonly sentence: string
      readonly retryAfterMs?: number
      readonly cause?: unknown
    }
) & {
  /** HTTP status of the answer; absent when none came. */
  readonly status?: number
}

/** The OSCP 1.0 wire outwards. Never rejects. */
export interface LegacyWire {
  call(call: LegacyCall): Promise<LegacyOutcome>
  /** Whether a call may have an answer at all: the party has a URL and hosts the operation, as far as is known now. */
  hosts(peer: LegacyPeer, operation: string): boolean
}
