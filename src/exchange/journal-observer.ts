/**
 * Writes down in the journal what the exchange tells its observers: lines become entries, without a body or a value.
 * Limits: never throws and never waits. Alarms are not entries: each accompanies one.
 */
import { errorTable, GatewayError } from '../errors.ts'
import type { Fidelity } from '../mapping/rules.ts'
import { type Receipt, worst } from '../mapping/run.ts'
import type { LinkId, PeerId } from './ids.ts'
import type { Journal, JournalEntry, JournalReceipt } from './journal.ts'
import type { DeliveryLine, ExchangeLine, Observer } from './observer.ts'
import { merged } from './receipts.ts'

/** More than any message needs: what a partner sends must not make an entry large. */
const mostGroups = 50
const mostExchanges = 32
const mostReceiptEntries = 60
const longestError = 500
export const longestId = 200

export interface JournalObserverOptions {
  readonly journal: Journal
  readonly now: () => number
  /** Tells the entries of this process from those of others that share the journal. */
  readonly process: string
  /** Whether a party is one of OSCP 1.0. */
  readonly isLegacy: (peer: PeerId) => boolean
  /** Hash of the mappings of a link. */
  readonly mappingOf: (link: LinkId) => string | undefined
}

export function journalObserver({ journal, now, process, isLegacy, mappingOf }: JournalObserverOptions): Observer {
  let count = 0
  // Sorts as it counts, for as many entries as a process makes in its life.
  const nextId = () => `${(count++).toString(36).padStart(8, '0')}-${process}`
  const origin = (link: LinkId | undefined) => ({
    id: nextId(),
    at: now(),
    mapping: link === undefined ? undefined : mappingOf(link),
  })
  return {
    exchanged: (line) => journal.add(entryOfExchange(line, origin(line.link))),
    attempted: (line) => journal.add(entryOfAttempt(line, origin(line.link), isLegacy(line.peer))),
    alarm: () => undefined,
  }
}

/** One literal makes an entry: to spread objects of this many fields together takes ten times as long (measured). */
type Origin = Pick<JournalEntry, 'id' | 'at' | 'mapping'>

function entryOfExchange(line: ExchangeLine, { id, at, mapping }: Origin): JournalEntry {
  const { exchange, peer, operation, direction, groups = [], outcome, status, durationMs } = line
  return {
    id,
    at,
    way: 'in',
    exchange,
    from: line.first && [line.first],
    peer,
    link: line.link,
    direction,
    message: operation,
    groups: groups.slice(0, mostGroups),
    request: cut(line.request, longestId),
    correlation: cut(line.correlation, longestId),
    messageId: cut(line.messageId, longestId),
    relatesTo: cut(line.relatesTo, longestId),
    outcome,
    status: status ?? statusOf(line),
    durationMs,
    receipt: summaryOf(line.receipts),
    mapping,
    error: cut(sentenceOf(line.error), longestError),
  }
}

function entryOfAttempt(line: DeliveryLine, { id, at, mapping }: Origin, legacy: boolean): JournalEntry {
  const {
    peer,
    direction = legacy ? 'toLegacy' : 'toModern',
    message = 'UpdateGroupCapacityForecast',
    group,
    exchanges = [],
  } = line
  const { request, correlation, outcome, status, durationMs, attempt, version, retryInMs, receipts = [] } = line
  return {
    id,
    at,
    way: 'out',
    from: exchanges.slice(-mostExchanges),
    peer,
    link: line.link,
    direction,
    message,
    groups: group === undefined ? [] : [group],
    request,
    correlation,
    outcome,
    status,
    durationMs,
    attempt,
    version,
    retryInMs,
    receipt: summaryOf(receipts),
    mapping,
    error: cut(line.sentence, longestError),
  }
}

/** What the error table says of it; a fault of SOAP 1.1 and one of 1.2 may differ, and then it is not known here. */
function statusOf({ direction, outcome }: ExchangeLine): number | undefined {
  if (outcome === 'accepted' || outcome === 'rejected' || outcome === 'repeated')
    return direction === 'toModern' ? 200 : 204
  const { soap11, soap12, json } = errorTable[outcome]
  if (direction === 'toLegacy') return json
  return soap11 === soap12 ? soap11 : undefined
}

/** A message of many cables has a receipt for each, which mostly say the same. */
function summaryOf(receipts: readonly Receipt[]): JournalReceipt | undefined {
  if (receipts.length === 0) return undefined
  const fidelity = receipts.reduce<Fidelity>((all, receipt) => worst(all, receipt.fidelity), 'exact')
  const [one, other] = receipts
  // A request and its answer: they have nothing in common, and to look for it would cost more than all the rest.
  const isFew = receipts.length <= 2
  const entries = isFew ? one!.entries.concat(other?.entries ?? []) : merged(receipts.flatMap(({ entries }) => entries))
  return { fidelity, entries: entries.length > mostReceiptEntries ? entries.slice(0, mostReceiptEntries) : entries }
}

/** What a partner is told: a cause may name hosts and quote documents. */
function sentenceOf(error: unknown): string | undefined {
  if (error === undefined) return undefined
  if (!(error instanceof GatewayError)) return 'The gateway could not handle this message.'
  const fields = error.problems.slice(0, 5).map(({ path, sentence }) => `${path} ${sentence}`)
  return fields.length === 0 ? error.message : `${error.message} (${fields.join('; ')})`
}

function cut(text: string | undefined, longest: number): string | undefined {
  return text?.slice(0, longest)
}
