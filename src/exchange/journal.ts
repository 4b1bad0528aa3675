/**
 * What happened: one entry for each message received and each attempt to deliver one, kept for a while, to be asked for later.
 * Limits: ids, outcomes and what was done to which field; never a body, a value or a token. The last N entries of each peer,
 * and none older than its time: for people who look into something, not a record to rely upon.
 */
import type { ErrorKind } from '../errors.ts'
import type { Fidelity } from '../mapping/rules.ts'
import type { ReceiptEntry } from '../mapping/run.ts'
import type { ExchangeId, LinkId, PeerId } from './ids.ts'
import type { DeliveryLine, ExchangeLine } from './observer.ts'

export type JournalOutcome = ExchangeLine['outcome'] | DeliveryLine['outcome'] | ErrorKind

export interface JournalEntry {
  /** Unique; of two entries of one process and millisecond the later one has the greater. */
  readonly id: string
  /** When it was over: milliseconds since 1970, UTC. */
  readonly at: number
  /** `in`: a message received and answered; `out`: one attempt to deliver one. */
  readonly way: 'in' | 'out'
  /** What an exchange is called. Attempts have none, but say in `from` which they carry on; a repeat says whose answer it got. */
  readonly exchange?: ExchangeId | undefined
  readonly from?: readonly ExchangeId[] | undefined
  /** Who sent it, or was sent it; absent when nobody knows who called. */
  readonly peer?: PeerId | undefined
  readonly link?: LinkId | undefined
  readonly direction: 'toModern' | 'toLegacy'
  /** Operation or message, by the name that the peer's wire has for it. */
  readonly message?: string | undefined
  readonly groups: readonly string[]
  readonly request?: string | undefined
  readonly correlation?: string | undefined
  readonly messageId?: string | undefined
  readonly relatesTo?: string | undefined
  readonly outcome: JournalOutcome
  /** HTTP status of the answer, where it is known. */
  readonly status?: number | undefined
  readonly durationMs?: number | undefined
  /** Of attempts: counted from 1; the version of the schedule; how long until the next. */
  readonly attempt?: number | undefined
  readonly version?: number | undefined
  readonly retryInMs?: number | undefined
  readonly receipt?: JournalReceipt | undefined
  /** Hash of the mappings that were in force. */
  readonly mapping?: string | undefined
  /** What went wrong, as the partner may hear it. */
  readonly error?: string | undefined
}

/** All receipts of one exchange together: what was done to which field, how often, and how exact the whole is. */
export interface JournalReceipt {
  readonly fidelity: Fidelity
  readonly entries: readonly ReceiptEntry[]
}

/** Entries of which everything given here holds. */
export interface JournalQuery {
  /** '' for callers whom nobody knows. */
  readonly peer?: string | undefined
  /** This exchange, and attempts that carry it on. */
  readonly exchange?: string | undefined
  readonly request?: string | undefined
  readonly correlation?: string | undefined
  readonly messageId?: string | undefined
  readonly group?: string | undefined
  readonly outcome?: string | undefined
  /** Milliseconds since 1970: not before `since`, before `until`. */
  readonly since?: number | undefined
  readonly until?: number | undefined
  /** One of these ids, in whatever place an entry has ids: for following an exchange. */
  readonly anyOf?: ReadonlySet<string> | undefined
  readonly limit: number
  /** The `next` of the page before. */
  readonly after?: string | undefined
}

export interface JournalPage {
  /** The newest first. */
  readonly entries: readonly JournalEntry[]
  /** Where the next page begins; undefined when this was the last. */
  readonly next: string | undefined
}

export interface Journal {
  /** Returns at once and never throws; what the store cannot take is dropped, and counted. */
  add(entry: JournalEntry): void
  /** Rejects with `state-unavailable` when the store cannot be reached. */
  find(query: JournalQuery): Promise<JournalPage>
  /** How many entries were dropped since the start. */
  readonly dropped: number
  /** Writes down what was added, as far as the store can be reached, and ends. */
  close(): Promise<void>
}

/** How much a journal keeps: entries of each peer, and for how many milliseconds. */
export interface JournalCaps {
  readonly perPeer: number
  readonly keepFor: number
}

export function matches(entry: JournalEntry, query: JournalQuery): boolean {
  const { peer, exchange, request, correlation, messageId, group, outcome, since, until, anyOf, after } = query
  return (
    (peer === undefined || (entry.peer ?? '') === peer) &&
    (exchange === undefined || entry.exchange === exchange || isFrom(entry, exchange)) &&
    (request === undefined || entry.request === request) &&
    (correlation === undefined || entry.correlation === correlation || entry.relatesTo === correlation) &&
    (messageId === undefined || idsOnWire(entry).includes(messageId)) &&
    (group === undefined || entry.groups.includes(group)) &&
    (outcome === undefined || entry.outcome === outcome) &&
    (since === undefined || entry.at >= since) &&
    (until === undefined || entry.at < until) &&
    (anyOf === undefined || idsOf(entry).some((id) => anyOf.has(id))) &&
    (after === undefined || positionOf(entry) < after)
  )
}

/** Where an entry stands: texts that sort as the entries do. */
export function positionOf({ at, id }: JournalEntry): string {
  return `${String(at).padStart(15, '0')}/${id}`
}

/** The page that these entries make: each of them matches, but they come unsorted and may be too many. */
export function pageOf(found: readonly JournalEntry[], limit: number): JournalPage {
  const unique = new Map(found.map((entry) => [positionOf(entry), entry]))
  const sorted = [...unique].sort(([a], [b]) => (a < b ? 1 : -1))
  const page = sorted.slice(0, limit)
  return { entries: page.map(([, entry]) => entry), next: sorted.length > limit ? page.at(-1)?.[0] : undefined }
}

/** Every id by which another entry may refer to this one, or this one to another. */
export function idsOf({ exchange, from, request, correlation, messageId, relatesTo }: JournalEntry): string[] {
  return [exchange, ...(from ?? []), request, correlation, messageId, relatesTo].filter((id) => id !== undefined)
}

/** A request to a 1.0 party leaves with its request id as MessageID. */
function idsOnWire({ way, direction, messageId, request }: JournalEntry): (string | undefined)[] {
  return way === 'out' && direction === 'toLegacy' ? [messageId, request] : [messageId]
}

function isFrom({ from }: JournalEntry, exchange: string): boolean {
  return from?.some((id) => id === exchange) ?? false
}
