/**
 * Makes single attempts to deliver what a record owes, and records what the peer said; a bounded number per peer at a time.
 * Limits: the caller has made itself the record's sender. What the state cannot take down is remembered in this process.
 */
import pLimit, { type LimitFunction } from 'p-limit'
import {
  carriedBy,
  carriedSince,
  type Delivery,
  type ForecastRecord,
  type Moment,
  type Result,
  settledBy,
} from './forecast-record.ts'
import type { ForecastsOptions } from './forecasts.ts'
import type { PeerId } from './ids.ts'
import type { Due, LedgerKey, Stored } from './ledger.ts'
import type { Link } from './peers.ts'
import type { ProcessMemory } from './process-memory.ts'
import { retryPause } from './retry.ts'
import { endOf } from './schedule.ts'
import type { Verdict } from './waiting.ts'

/** How much longer a lease lasts than the attempt it covers: time to record the outcome. */
const leaseMargin = 5_000
/** A peer that asks for more would outlast the limits it keeps waiting; in milliseconds. */
const longestRetryAfter = 600_000
/** Attempts at one peer at a time; more would wait for connections while their time runs. */
const perPeer = 64

export interface RecordWriter {
  /** False when somebody else wrote after `stored`. */
  write(key: LedgerKey, stored: Stored<ForecastRecord>, record: ForecastRecord, due: Due): Promise<boolean>
  moment(): Moment
}

export class Attempts {
  private readonly running = new Set<Promise<unknown>>()
  private readonly limits = new Map<PeerId, LimitFunction>()
  private readonly options: ForecastsOptions
  private readonly records: RecordWriter
  private readonly memory: ProcessMemory

  constructor(options: ForecastsOptions, records: RecordWriter, memory: ProcessMemory) {
    this.options = options
    this.records = records
    this.memory = memory
  }

  /** How long a record is left alone for one attempt, in milliseconds. */
  get leaseMs(): number {
    return this.options.times.attempt + leaseMargin
  }

  /** Makes one attempt as soon as the peer has room for it. Never rejects. */
  run(link: Link, key: LedgerKey, stored: Stored<ForecastRecord>): Promise<Verdict> {
    const limit = this.limits.get(key.peer) ?? pLimit(perPeer)
    this.limits.set(key.peer, limit)
    const queued = this.options.now()
    const work = limit(() => this.inTime(link, key, stored, queued))
    const name = `${key.peer} ${key.id}`
    const done = () => {
      this.running.delete(work)
      if (this.memory.flying.get(name) === work) this.memory.flying.delete(name)
    }
    this.running.add(work)
    this.memory.flying.set(name, work)
    work.then(done, done)
    return work
  }

  /** The attempt this process is making for a record, if any. */
  underWay({ peer, id }: LedgerKey): Promise<unknown> | undefined {
    return this.memory.flying.get(`${peer} ${id}`)
  }

  /** Resolves when no attempt is running any more. */
  async settled(): Promise<void> {
    while (this.running.size > 0) await Promise.allSettled(this.running)
  }

  /** Having waited for its turn, an attempt must not outlive its lease: then it is taken anew, or left to whoever has it. */
  private async inTime(link: Link, key: LedgerKey, stored: Stored<ForecastRecord>, queued: number): Promise<Verdict> {
    if (this.options.now() - queued < leaseMargin / 2) return this.attempt(link, key, stored)
    const current = await this.options.ledger.read<ForecastRecord>(key).catch(() => undefined)
    const sender = stored.record.delivery?.sender
    if (!current || current.record.delivery?.sender !== sender) return { verdict: 'stored' }
    const renewed = await this.records.write(key, current, current.record, { in: this.leaseMs }).catch(() => false)
    if (!renewed) return { verdict: 'stored' }
    return this.attempt(link, key, { record: current.record, revision: current.revision + 1 })
  }

  private async attempt(link: Link, key: LedgerKey, stored: Stored<ForecastRecord>): Promise<Verdict> {
    const { record } = stored
    const delivery = record.delivery!
    const started = this.options.now()
    const result = await this.send(link, record, delivery)
    if (result.verdict !== 'expired') this.options.breakers?.report(key.peer, result.verdict !== 'unavailable')
    const retryInMs = result.verdict === 'unavailable' ? this.pause(delivery, result.retryAfterMs) : undefined
    this.tell(link, key, record, result, { durationMs: this.options.now() - started, retryInMs })
    try {
      await this.settle(key, stored, delivery, result, retryInMs)
    } catch (error) {
      // The lease runs out and the same is sent again: at least once. The peer knows it by its request id.
      if (result.verdict === 'accepted') this.takenUnrecorded(link, key, record, delivery, error)
    }
    if (result.verdict === 'unavailable') return { verdict: 'stored' }
    if (result.verdict === 'refused') return { verdict: 'refused', sentence: result.sentence }
    return { verdict: result.verdict }
  }

  private takenUnrecorded(
    link: Link,
    key: LedgerKey,
    record: ForecastRecord,
    { blocks }: Delivery,
    error: unknown,
  ): void {
    this.memory.unrecorded.add(key, link, blocks, this.options.now())
    const about = { peer: key.peer, link: link.id, group: record.group, error }
    this.options.observer.alarm('delivered but not recorded', about)
  }

  private async send(link: Link, record: ForecastRecord, delivery: Delivery): Promise<Result> {
    const { receiver, times, now } = this.options
    if (endOf(delivery.blocks) <= now()) return { verdict: 'expired' }
    return receiver.send(link, record, delivery, times.attempt)
  }

  /** One line for the attempt; an alarm where somebody has been told `Accepted` for what now does not arrive. */
  private tell(
    link: Link,
    key: LedgerKey,
    record: ForecastRecord,
    result: Result,
    times: { readonly durationMs: number; readonly retryInMs: number | undefined },
  ): void {
    const { observer } = this.options
    const { version, request, attempts } = record.delivery!
    const about = { peer: key.peer, link: link.id, group: record.group }
    const sentence = 'sentence' in result ? result.sentence : undefined
    const { message, direction } = this.options.receiver.describe(link)
    // One literal makes a line: to spread objects together takes several times as long.
    observer.attempted({
      peer: key.peer,
      link: link.id,
      message,
      direction,
      group: record.group,
      version,
      request,
      exchanges: carriedBy(record),
      acceptedAt: carriedSince(record),
      attempt: attempts + 1,
      outcome: result.verdict,
      status: 'status' in result ? result.status : undefined,
      durationMs: times.durationMs,
      sentence,
      retryInMs: times.retryInMs,
      error: 'cause' in result ? result.cause : undefined,
    })
    // A delivery may hold earlier versions too, whose senders have their answer already.
    const promised = !this.memory.waiting.hasAll(key, record.settled + 1, version)
    if (result.verdict === 'expired' && promised) observer.alarm('expired undelivered', about)
    if (result.verdict === 'refused' && promised) observer.alarm('refused after acceptance', about)
    if ((result.verdict === 'expired' || result.verdict === 'refused') && promised)
      this.bury(key, record, sentence ?? 'Its last block ended before it could be delivered.')
    if (result.verdict === 'unavailable' && attempts === 0) observer.alarm('peer unavailable', about)
  }

  /** An alarm has told of it already: if it cannot be kept as well, it is only not in the list. */
  private bury({ peer }: LedgerKey, record: ForecastRecord, reason: string): void {
    const { link, group, type } = record
    const { version, request, attempts, blocks } = record.delivery!
    // Of a schedule that ended altogether nothing may be left, not even when.
    const ended = blocks.length > 0 ? { ended: new Date(endOf(blocks)).toISOString() } : {}
    const details = { type, version, request, ...ended }
    const exchange = carriedBy(record).at(-1)
    const dead = {
      kind: 'forecast',
      link,
      group,
      exchange,
      reason,
      at: this.options.now(),
      attempts: attempts + 1,
      details,
    }
    const buried = Promise.resolve(this.options.bury?.(peer, dead)).catch(() => undefined)
    this.running.add(buried)
    void buried.then(() => this.running.delete(buried))
  }

  private async settle(
    key: LedgerKey,
    stored: Stored<ForecastRecord>,
    { sender }: Delivery,
    result: Result,
    retryInMs: number | undefined,
  ): Promise<void> {
    let current: Stored<ForecastRecord> | undefined = stored
    while (current?.record.delivery && current.record.delivery.sender === sender) {
      const record = settledBy(current.record, result, this.records.moment())
      const due: Due = record.delivery ? { in: retryInMs ?? 0 } : 'not due'
      if (await this.records.write(key, current, record, due)) return
      current = await this.options.ledger.read<ForecastRecord>(key)
    }
  }

  /** Full jitter below a doubling bound; a longer Retry-After is honoured, within reason. Milliseconds. */
  private pause({ attempts }: Delivery, retryAfterMs = 0): number {
    const { times, random } = this.options
    return retryPause({ ...times, longestRetryAfter }, attempts, retryAfterMs, random())
  }
}
