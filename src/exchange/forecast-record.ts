/**
 * What the gateway knows of one group's schedule at one peer, and how it changes: pure, so that every order can be tested.
 * Limits: unless the record says otherwise OSCP 1.0's rule holds: a newer forecast replaces what was said about its time,
 * whatever the phase.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Value } from '../mapping/compile.ts'
import type { ExchangeId, LinkId, RequestId } from './ids.ts'
import type { Outcome } from './peers.ts'
import { type Block, endOf, overlay } from './schedule.ts'

/** What the peer should have of one group and type, and what is known of what it has. */
export interface ForecastRecord {
  readonly link: LinkId
  readonly group: string
  readonly type: string
  /** A newer forecast replaces only what was said of its own phases, as in OSCP 2.0; absent: of all. */
  readonly perPhase?: boolean | undefined
  /** Counts the messages received; each is a newer version of the schedule. */
  readonly version: number
  /** When the newest came, in milliseconds since 1970; absent where an earlier release of the gateway wrote it. */
  readonly at?: number
  /** The newest version the peer has answered for, and when it did. */
  readonly settled: number
  readonly settledAt?: number
  /** The schedule as the peer has acknowledged it. */
  readonly held: readonly Block[]
  /** The message that is owed to the peer, or being sent to it when it has a sender. */
  readonly delivery?: Delivery | undefined
  /** What arrived while the delivery was being sent; laid over it when that is settled. */
  readonly since?: readonly Block[] | undefined
  /** The exchanges that the newest unsettled versions came with, oldest first. */
  readonly from?: readonly Source[] | undefined
  readonly sinceCause?: Cause | undefined
  /** What the peer said of the last versions, oldest first, for senders who still wait to hear it. */
  readonly said: readonly Said[]
  /** The ids of the last messages the peer was sent, oldest first: what it says of a forecast, it says of one of these. */
  readonly sent?: readonly RequestId[] | undefined
  /** What the mapping keeps for later, such as the forecastId. */
  readonly kept: Value
}

/** The exchange that a version came with. */
export interface Source {
  readonly version: number
  readonly exchange: ExchangeId
  /** When, in milliseconds since 1970; absent where an earlier release of the gateway wrote it. */
  readonly at?: number
}

export interface Delivery {
  readonly version: number
  /** The same on every attempt, with the same blocks: a repeat is recognisable, and byte for byte the same. */
  readonly request: RequestId
  readonly blocks: readonly Block[]
  readonly attempts: number
  readonly sender?: string | undefined
  readonly cause?: Cause | undefined
}

/** What a delivery came of. Where several messages became one delivery, the newest that says something. */
export interface Cause {
  /** The earlier message of the receiver that this one answers. */
  readonly correlation?: RequestId | undefined
  /** The other side's message that it carries on. */
  readonly origin?: RequestId | undefined
  /** What OSCP 1.0 calls the forecast. */
  readonly forecastId?: string | undefined
}

/** And the exchange it came with, for those who follow a message's way. */
export interface Origin extends Cause {
  readonly exchange?: ExchangeId | undefined
}

/** The peer's word on the versions from `from` to `to`; no sentence means that it took them. */
interface Said {
  readonly from: number
  readonly to: number
  readonly refused?: string | undefined
}

/** Time and fresh identifiers, as every change needs them. */
export interface Moment {
  readonly now: number
  readonly newId: () => string
}

export type Result = Outcome | { readonly verdict: 'expired' }

/** More than a sender can miss between two looks. */
const remembered = 32
/** Of forecasts that come every quarter of an hour, those of most of a day. */
const rememberedSent = 64

export function emptyRecord(link: LinkId, group: string, type: string, perPhase = false): ForecastRecord {
  const record = { link, group, type, version: 0, settled: 0, held: [], said: [], kept: {} }
  return perPhase ? { ...record, perPhase } : record
}

/** The record with one more message. Its delivery is the caller's to send, unless another sender is at work. */
export function received(
  record: ForecastRecord,
  blocks: readonly Block[],
  kept: Value,
  { now, newId }: Moment,
  origin: Origin = {},
): ForecastRecord {
  const version = record.version + 1
  const { exchange, ...cause } = origin
  const from = exchange ? [...(record.from ?? []), { version, exchange, at: now }].slice(-remembered) : record.from
  const next = { ...record, version, at: now, kept, from }
  const { delivery } = record
  if (delivery?.sender !== undefined)
    return { ...next, since: over(record.since, blocks, now, record), sinceCause: newest(record.sinceCause, cause) }
  return {
    ...next,
    delivery: {
      version: next.version,
      request: newId() as RequestId,
      // A peer that keeps up gets exactly the blocks of this message, any other the whole remaining schedule.
      blocks: delivery ? over(over(record.held, delivery.blocks, now, record), blocks, now, record) : blocks,
      attempts: delivery?.attempts ?? 0,
      sender: newId(),
      cause: newest(delivery?.cause, cause),
    },
  }
}

/**
 * The record with blocks that the peer has taken while the state could not be reached: newer than all the record knows.
 * What is owed carries them from now on; what is being sent just now may arrive after them, so they follow it once more.
 */
export function alsoTaken(record: ForecastRecord, blocks: readonly Block[], { now, newId }: Moment): ForecastRecord {
  const held = over(record.held, blocks, now, record)
  const { delivery } = record
  if (!delivery) return { ...record, held }
  if (delivery.sender !== undefined) return { ...record, held, since: over(record.since, blocks, now, record) }
  const request = newId() as RequestId
  return { ...record, held, delivery: { ...delivery, request, blocks: over(delivery.blocks, blocks, now, record) } }
}

/** The record after the peer's word on its delivery, and with what is owed next, if anything. */
export function settledBy(before: ForecastRecord, result: Result, { now, newId }: Moment): ForecastRecord {
  const delivery = before.delivery!
  const record = result.verdict === 'expired' ? before : { ...before, sent: withSent(before.sent, delivery.request) }
  const owing = (from: ForecastRecord, blocks: readonly Block[], attempts: number, cause?: Cause): ForecastRecord => ({
    ...from,
    since: undefined,
    sinceCause: undefined,
    delivery: { version: record.version, request: newId() as RequestId, blocks, attempts, cause },
  })
  if (result.verdict === 'unavailable') {
    const attempts = delivery.attempts + 1
    if (!record.since) return { ...record, delivery: { ...delivery, attempts, sender: undefined } }
    const blocks = over(over(record.held, delivery.blocks, now, record), record.since, now, record)
    return owing(record, blocks, attempts, newest(delivery.cause, record.sinceCause))
  }
  const held = result.verdict === 'accepted' ? over(record.held, delivery.blocks, now, record) : record.held
  const refused = result.verdict === 'refused' ? result.sentence : undefined
  const said = [...record.said, { from: record.settled + 1, to: delivery.version, refused }].slice(-remembered)
  const from = record.from?.filter(({ version }) => version > delivery.version)
  const answered = { settled: delivery.version, settledAt: now }
  const settled: ForecastRecord = { ...record, ...answered, held, said, from, delivery: undefined }
  return record.since ? owing(settled, over(held, record.since, now, record), 0, record.sinceCause) : settled
}

/**
 * The record with all that the peer should hold owed to it once more, because it may have forgotten; unchanged where what is
 * owed says all of it anyway. What is on its way stays as it is, and all of it follows.
 */
export function owedAgain(record: ForecastRecord, { now, newId }: Moment): ForecastRecord {
  const { held, delivery, since } = record
  if (!delivery) {
    const blocks = held.filter((block) => block.end > now)
    const request = newId() as RequestId
    return blocks.length === 0
      ? record
      : { ...record, delivery: { version: record.version, request, blocks, attempts: 0 } }
  }
  const blocks = over(held, delivery.blocks, now, record)
  // A message that could not be delivered at once may speak of a few hours only.
  if (isDeepStrictEqual(over([], delivery.blocks, now, record), blocks)) return record
  if (delivery.sender !== undefined) return { ...record, since: since ?? [] }
  return { ...record, delivery: { ...delivery, request: newId() as RequestId, blocks } }
}

/**
 * The record with all that holds owed once more, as the answer to a message of the peer; unchanged where nothing holds.
 * What is on its way stays as it is: the answer follows it.
 */
export function answeredAgain(record: ForecastRecord, cause: Cause, moment: Moment): ForecastRecord {
  const { delivery } = record
  if (delivery?.sender !== undefined)
    return { ...record, since: record.since ?? [], sinceCause: newest(record.sinceCause, cause) }
  const owed = owedAgain(record, moment)
  if (!owed.delivery) return record
  // Another message, because it now says what it answers.
  const request = moment.newId() as RequestId
  return { ...owed, delivery: { ...owed.delivery, request, cause: newest(owed.delivery.cause, cause) } }
}

/** Whether the peer was sent a message with this id, or is just being sent it. */
export function wasSent({ sent, delivery }: ForecastRecord, request: string): boolean {
  return delivery?.request === request || (sent ?? []).some((id) => id === request)
}

function withSent(sent: readonly RequestId[] = [], request: RequestId): readonly RequestId[] {
  return sent.at(-1) === request ? sent : [...sent, request].slice(-rememberedSent)
}

/** The exchanges whose forecasts the delivery carries. */
export function carriedBy({ from = [], delivery }: Pick<ForecastRecord, 'from' | 'delivery'>): ExchangeId[] {
  return from.filter(({ version }) => delivery && version <= delivery.version).map(({ exchange }) => exchange)
}

/** When the oldest of them came, as far as it is known. */
export function carriedSince({ from = [], delivery }: ForecastRecord): number | undefined {
  return from.find(({ version, at }) => delivery && version <= delivery.version && at !== undefined)?.at
}

/** A claim means that whoever was sending has had its time. */
export function withoutSender(record: ForecastRecord): ForecastRecord {
  return record.delivery ? { ...record, delivery: { ...record.delivery, sender: undefined } } : record
}

/** When the last block that the record knows of ends; -Infinity when it knows of none. */
export function lastEnd({ held, delivery, since }: ForecastRecord): number {
  return Math.max(endOf(held), endOf(delivery?.blocks ?? []), endOf(since ?? []))
}

/** What the peer said of a version; 'forgotten' when it answered too long ago to tell. */
export function verdictOn(
  record: ForecastRecord,
  version: number,
): 'open' | 'accepted' | 'forgotten' | { readonly refused: string } {
  if (record.settled < version) return 'open'
  const found = record.said.find(({ from, to }) => from <= version && version <= to)
  if (!found) return 'forgotten'
  return found.refused === undefined ? 'accepted' : { refused: found.refused }
}

function newest(older: Cause | undefined, newer: Cause | undefined): Cause | undefined {
  if (!older && !newer) return undefined
  const known = [older, newer]
    .flatMap((cause) => Object.entries(cause ?? {}))
    .filter(([, value]) => value !== undefined)
  return known.length === 0 ? undefined : Object.fromEntries(known)
}

function over(
  older: readonly Block[] | undefined,
  newer: readonly Block[],
  now: number,
  { perPhase }: ForecastRecord,
): readonly Block[] {
  return older ? overlay(older, newer, now, !perPhase) : newer
}
