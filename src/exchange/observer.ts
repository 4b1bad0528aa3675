/** What the exchange tells whoever watches it: one line per exchange, one per delivery, and alarms for people. */
import type { ErrorKind } from '../errors.ts'
import type { Receipt } from '../mapping/run.ts'
import type { ExchangeId, LinkId, PeerId, RequestId } from './ids.ts'

/** One message received and answered. */
export interface ExchangeLine {
  readonly exchange: ExchangeId
  readonly peer: PeerId | undefined
  readonly operation: string | undefined
  readonly direction: 'toModern' | 'toLegacy'
  readonly outcome: 'accepted' | 'rejected' | ErrorKind
  readonly durationMs: number
  readonly receipts: readonly Receipt[]
  readonly error?: unknown
}

/** One attempt to deliver one version of one schedule. */
export interface DeliveryLine {
  readonly peer: PeerId
  readonly link: LinkId
  readonly group: string
  readonly version: number
  readonly request: RequestId
  readonly attempt: number
  readonly outcome: 'accepted' | 'refused' | 'unavailable' | 'expired'
  readonly sentence: string | undefined
  readonly retryInMs: number | undefined
  readonly error?: unknown
}

/** What a person must hear of. */
export type Alarm =
  /** A limit reached the peer but could not be recorded: after a restart the gateway will not know of it. */
  | 'delivered but not recorded'
  /** The peer refused a limit after its sender had been told `Accepted`. */
  | 'refused after acceptance'
  /** A limit's last block ended before the peer could be reached. */
  | 'expired undelivered'
  /** The peer could not take a limit at the first attempt; it is stored and sent again. */
  | 'peer unavailable'
  /** A limit is owed on a link that is not configured any more, or now leads to another peer. */
  | 'owed to nobody'
  /** Segments of a message came, and the rest of it did not in time: nothing of it was applied. */
  | 'segments incomplete'
  /** An answer that a legacy party wanted at an address of its own could not be delivered there. */
  | 'reply undelivered'
  /** What had to follow an answer, such as a counter-message, failed in a way nobody foresaw. */
  | 'failure after an answer'
  /** Work on the agenda failed in a way nobody foresaw. */
  | 'agenda failure'

export interface Observer {
  exchanged(line: ExchangeLine): void
  attempted(line: DeliveryLine): void
  alarm(
    alarm: Alarm,
    about: { readonly peer: PeerId; readonly link?: LinkId; readonly group?: string; readonly error?: unknown },
  ): void
}
