/** What the exchange tells whoever watches it: one line per exchange, one per delivery, and alarms for people. */
import type { ErrorKind } from '../errors.ts'
import type { Receipt } from '../mapping/run.ts'
import type { ExchangeId, LinkId, PeerId, RequestId } from './ids.ts'

/** What both lines say of the message: how it is found again, on either wire. */
interface MessageIds {
  /** X-Request-ID of a 2.0 message; of one that we send to a 1.0 party also its MessageID. */
  readonly request?: RequestId | undefined
  /** X-Correlation-ID of a 2.0 message; of one that we send to a 1.0 party also its RelatesTo. */
  readonly correlation?: RequestId | undefined
  /** HTTP status of the answer, where it is known. */
  readonly status?: number | undefined
}

/** One message received and answered. */
export interface ExchangeLine extends MessageIds {
  readonly exchange: ExchangeId
  readonly peer: PeerId | undefined
  readonly link?: LinkId | undefined
  readonly operation: string | undefined
  readonly direction: 'toModern' | 'toLegacy'
  /** What it is about, by the 2.0 names; a cable that no link knows by its own. */
  readonly groups?: readonly string[]
  /** MessageID and RelatesTo of a 1.0 message. */
  readonly messageId?: string | undefined
  readonly relatesTo?: string | undefined
  /** `repeated`: it had been received before, and got its first answer again. */
  readonly outcome: 'accepted' | 'rejected' | 'repeated' | ErrorKind
  /** The exchange whose answer it got again, where that is known. */
  readonly first?: ExchangeId | undefined
  readonly durationMs: number
  readonly receipts: readonly Receipt[]
  readonly error?: unknown
}

/** One attempt to hand a peer a message: one version of one schedule, or one event. */
export interface DeliveryLine extends MessageIds {
  readonly peer: PeerId
  readonly link: LinkId
  /** Without it the attempt is one of UpdateGroupCapacityForecast. */
  readonly message?: string | undefined
  /** Which wire it left on; without it that of its peer. */
  readonly direction?: 'toModern' | 'toLegacy' | undefined
  readonly group?: string | undefined
  /** Of the schedule; events have none. */
  readonly version?: number | undefined
  readonly request: RequestId
  /** The exchanges that it carries on, as far as they are known. */
  readonly exchanges?: readonly ExchangeId[]
  /** When the oldest of them was accepted, in milliseconds since 1970, where that is known. */
  readonly acceptedAt?: number | undefined
  readonly attempt: number
  readonly outcome: 'accepted' | 'refused' | 'unavailable' | 'expired'
  readonly durationMs?: number | undefined
  readonly receipts?: readonly Receipt[]
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
  /** The peer could not take a limit or an event at the first attempt; it is stored and sent again. */
  | 'peer unavailable'
  /** A limit is owed on a link that is not configured any more, or now leads to another peer. */
  | 'owed to nobody'
  /**
   * A capacity provider is offline, or its limits have ended, and it left no fallback for that, nor is one configured: what the
   * operator holds stays in force.
   */
  | 'no fallback'
  /** Segments of a message came, and the rest of it did not in time: nothing of it was applied. */
  | 'segments incomplete'
  /** An answer that a legacy party wanted at an address of its own could not be delivered there. */
  | 'reply undelivered'
  /** What had to follow an answer, such as a counter-message, failed in a way nobody foresaw. */
  | 'failure after an answer'
  /** A file of a certificate, key or authority changed into something that cannot be used; the one before stays in use. */
  | 'certificate not replaced'
  /** A face has as many connections as it may, of all callers or of one: further ones are closed. Said once in half a minute. */
  | 'connections refused'
  /** A DSO met a wish for other capacities with a fault, or with an answer that says nothing: what held before holds. */
  | 'adjustment not decided'
  /** A flexibility provider says that it cannot stay within a forecast. */
  | 'forecast cannot be met'
  /** A DSO could not say what holds, or some of what it said could not be used. */
  | 'forecasts not fetched'
  /** No fallback is configured for what a flexibility provider may do when it hears nothing more: none is sent. */
  | 'no fallback configured'
  /** A peer failed so often in a row that what can wait is held back while single attempts look for it. */
  | 'peer spared'
  /** An event was refused, expired or was tried too long: it is in the dead list. */
  | 'message given up'
  /** The oldest message of the dead list was forgotten, to make room for another. */
  | 'dead list full'
  /** An event of the queue is not in the state any more: something else deletes what is kept there. */
  | 'event missing'
  /** A party answers that it takes no measurements: none are sent to it any more; to one of OSCP 2.0 until its next handshake. */
  | 'measurements not taken'
  /** Usage could not be kept for an optimizer, who does not get it; the capacity provider does. */
  | 'usage not kept'
  /** A legacy party has not called and not answered our heartbeats for so long that it does not count as alive. */
  | 'legacy party silent'
  /** Calls of an OSCP 2.0 party are answered with 401 or 403: it may have forgotten us. */
  | 'registration suspect'
  /** A registration will not come about without somebody: a new token, another configuration. */
  | 'registration failed'
  /** A handshake will not come about without somebody. */
  | 'handshake failed'
  /** What had to follow from a party's coming or going failed; it is tried again. */
  | 'session hook failed'
  /** An OSCP 2.0 party was online, and its heartbeat did not come in time. */
  | 'peer offline'
  /** Work on the agenda failed in a way nobody foresaw. */
  | 'agenda failure'

export interface Observer {
  exchanged(line: ExchangeLine): void
  attempted(line: DeliveryLine): void
  alarm(
    alarm: Alarm,
    about: { readonly peer?: PeerId; readonly link?: LinkId; readonly group?: string; readonly error?: unknown },
  ): void
}
