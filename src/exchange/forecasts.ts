/**
 * Capacity forecasts as desired state: what a group's schedule must be is stored first, then sent until the peer has it.
 * Limits: at least once; while one version is being sent a newer one waits, so a peer never gets them out of order.
 */
import { asGatewayError, GatewayError } from '../errors.ts'
import type { Value } from '../mapping/compile.ts'
import type { RequestId } from './ids.ts'
import type { Due, Ledger, LedgerKey, Stored } from './ledger.ts'
import type { Observer } from './observer.ts'
import type { Link, Links, ModernWire, Outcome } from './peers.ts'
import { type Block, blocksOf, endOf, forecastOf, overlay } from './schedule.ts'

/** What the peer should have of one group and type, and what is known of what it has. */
export interface ForecastRecord {
  readonly link: Link['id']
  readonly group: string
  readonly type: string
  /** Counts the messages received; each is a newer version of the schedule. */
  readonly version: number
  /** The newest version the peer has answered for. */
  readonly settled: number
  /** The schedule as the peer has acknowledged it. */
  readonly held: readonly Block[]
  /** The message that is owed to the peer, or being sent to it when it has a sender. */
  readonly delivery?: Delivery | undefined
  /** What arrived while the delivery was being sent; laid over it when that is settled. */
  readonly since?: readonly Block[] | undefined
  /** The last versions the peer refused, for a sender who still waits. */
  readonly refused?: { readonly from: number; readonly to: number; readonly sentence: string } | undefined
  /** What the mapping keeps for later, such as the forecastId. */
  readonly kept: Value
}

interface Delivery {
  readonly version: number
  /** The same on every attempt, with the same blocks: a repeat is recognisable, and byte for byte the same. */
  readonly request: RequestId
  readonly blocks: readonly Block[]
  readonly attempts: number
  readonly sender?: string | undefined
}

/** The peer's verdict; 'stored': it will be delivered, the peer has not answered yet; 'expired': there was nothing left to send. */
export type Verdict =
  | { readonly verdict: 'accepted' | 'stored' | 'expired' }
  | { readonly verdict: 'refused'; readonly sentence: string }

export interface DeliveryTimes {
  /** Limit of one attempt, in milliseconds. */
  readonly attempt: number
  /** First and longest pause between attempts, in milliseconds; the pause is random below a doubling bound. */
  readonly firstRetry: number
  readonly longestRetry: number
}

export interface ForecastsOptions {
  readonly ledger: Ledger
  readonly wire: ModernWire
  readonly links: Links
  readonly observer: Observer
  readonly times: DeliveryTimes
  /** Milliseconds since 1970, UTC. */
  readonly now: () => number
  readonly newId: () => string
  /** A number in [0, 1). */
  readonly random: () => number
}

const messageName = 'UpdateGroupCapacityForecast'
const week = 7 * 24 * 3600_000
/** How much longer a lease lasts than the attempt it covers. */
const leaseMargin = 5_000

export class Forecasts {
  private readonly options: ForecastsOptions
  private readonly running = new Set<Promise<unknown>>()

  constructor(options: ForecastsOptions) {
    this.options = options
  }

  /** How long the agenda must leave a claimed record alone, in milliseconds. */
  get leaseMs(): number {
    return this.options.times.attempt + leaseMargin
  }

  /**
   * Stores a forecast (an UpdateGroupCapacityForecast), then tries to deliver it, and says what became of it within
   * `link.answerWithin`. Throws `state-unavailable` when it could neither be stored nor delivered.
   */
  async accept(link: Link, forecast: Value, kept: Value): Promise<Verdict> {
    const committed = await this.commit(link, forecast, kept).catch((error: unknown) => asGatewayError(error))
    if (committed instanceof GatewayError) return this.deliverUnrecorded(link, forecast, committed)
    const waiter = { waiting: true }
    const settled = committed.mine
      ? this.track(this.attempt(link, committed.key, committed.stored, waiter))
      : this.watch(committed.key, committed.stored.record.version, waiter)
    const verdict = await Promise.race([settled, sleep(link.answerWithin).then(() => undefined)])
    waiter.waiting = false
    return verdict ?? { verdict: 'stored' }
  }

  /** Delivers what a claimed record still owes. For the agenda. */
  async resume(key: LedgerKey): Promise<void> {
    const stored = await this.options.ledger.read<ForecastRecord>(key)
    if (!stored) return
    const { record, revision } = stored
    const link = this.options.links.byId(record.link)
    if (!record.delivery || !link) {
      await this.write(key, revision, record, 'not due')
      return
    }
    const taken = { ...record, delivery: { ...record.delivery, sender: this.options.newId() } }
    if (!(await this.write(key, revision, taken, { in: this.leaseMs }))) return // somebody was faster
    await this.track(this.attempt(link, key, { record: taken, revision: revision + 1 }, { waiting: false }))
  }

  /** Resolves when no attempt is running any more. */
  async settled(): Promise<void> {
    while (this.running.size > 0) await Promise.allSettled(this.running)
  }

  private async commit(link: Link, forecast: Value, kept: Value) {
    const { ledger, newId, now } = this.options
    const [group, type] = [forecast.group_id as string, forecast.type as string]
    const key: LedgerKey = { peer: link.modern.id, id: `forecast/${link.id}/${group}/${type}` }
    const blocks = blocksOf(forecast)
    for (;;) {
      const stored = await ledger.read<ForecastRecord>(key)
      const old: ForecastRecord = stored?.record ?? {
        link: link.id,
        group,
        type,
        version: 0,
        settled: 0,
        held: [],
        kept: {},
      }
      const version = old.version + 1
      const flying = old.delivery?.sender !== undefined
      const record: ForecastRecord = flying
        ? { ...old, version, kept, since: old.since ? this.overlay(old.since, blocks) : blocks }
        : {
            ...old,
            version,
            kept,
            delivery: {
              version,
              request: newId() as RequestId,
              // A peer that keeps up gets exactly the blocks of this message, any other the whole remaining schedule.
              blocks: old.delivery ? this.overlay(this.overlay(old.held, old.delivery.blocks), blocks) : blocks,
              attempts: old.delivery?.attempts ?? 0,
              sender: newId(),
            },
          }
      const revision = stored?.revision ?? 0
      if (await this.write(key, revision, record, flying ? 'unchanged' : { in: this.leaseMs }, now()))
        return { key, mine: !flying, stored: { record, revision: revision + 1 } }
    }
  }

  /** Sends the delivery that this process is the sender of, and records what the peer said. */
  private async attempt(
    link: Link,
    key: LedgerKey,
    stored: Stored<ForecastRecord>,
    waiter: { waiting: boolean },
  ): Promise<Verdict> {
    const { wire, now, times, observer } = this.options
    const delivery = stored.record.delivery!
    const { group, type } = stored.record
    const about = { peer: link.modern.id, link: link.id, group }
    const expired = endOf(delivery.blocks) <= now()
    const outcome: Outcome | 'expired' = expired
      ? 'expired'
      : await wire.send(
          link.modern,
          messageName,
          forecastOf(group, type, delivery.blocks),
          { request: delivery.request },
          times.attempt,
        )
    const retryInMs =
      outcome !== 'expired' && outcome.verdict === 'unavailable'
        ? this.pause(delivery, outcome.retryAfterMs)
        : undefined
    observer.attempted({
      ...about,
      version: delivery.version,
      request: delivery.request,
      attempt: delivery.attempts + 1,
      outcome: outcome === 'expired' ? 'expired' : outcome.verdict,
      sentence: outcome !== 'expired' && 'sentence' in outcome ? outcome.sentence : undefined,
      retryInMs,
      ...(outcome !== 'expired' && 'cause' in outcome ? { error: outcome.cause } : {}),
    })
    // Whoever sent an earlier version that this delivery also holds has been told `Accepted` already.
    const promised = !waiter.waiting || delivery.version > stored.record.settled + 1
    if (outcome === 'expired' && promised) observer.alarm('expired undelivered', about)
    if (outcome !== 'expired' && outcome.verdict === 'refused' && promised)
      observer.alarm('refused after acceptance', about)
    try {
      await this.settle(key, stored, delivery, outcome, retryInMs ?? 0)
    } catch (error) {
      // The lease runs out and the same delivery is sent again: at least once. The peer knows it by its request id.
      if (outcome !== 'expired' && outcome.verdict === 'accepted')
        observer.alarm('delivered but not recorded', { ...about, error })
    }
    if (outcome === 'expired') return { verdict: 'expired' }
    if (outcome.verdict === 'unavailable') return { verdict: 'stored' }
    return outcome.verdict === 'accepted' ? { verdict: 'accepted' } : { verdict: 'refused', sentence: outcome.sentence }
  }

  private async settle(
    key: LedgerKey,
    stored: Stored<ForecastRecord>,
    delivery: Delivery,
    outcome: Outcome | 'expired',
    retryInMs: number,
  ): Promise<void> {
    let current: Stored<ForecastRecord> | undefined = stored
    while (current?.record.delivery && current.record.delivery.sender === delivery.sender) {
      const [record, due] = this.after(current.record, current.record.delivery, outcome, retryInMs)
      if (await this.write(key, current.revision, record, due)) return
      current = await this.options.ledger.read<ForecastRecord>(key)
    }
  }

  /** The record after the peer's word on its delivery. */
  private after(
    record: ForecastRecord,
    delivery: Delivery,
    outcome: Outcome | 'expired',
    retryInMs: number,
  ): [ForecastRecord, Due] {
    const verdict = outcome === 'expired' ? 'expired' : outcome.verdict
    if (verdict === 'unavailable') {
      const { sender: _, ...waiting } = { ...delivery, attempts: delivery.attempts + 1 }
      if (!record.since) return [{ ...record, delivery: waiting }, { in: retryInMs }]
      const blocks = this.overlay(this.overlay(record.held, delivery.blocks), record.since)
      return [this.owing(record, blocks, waiting.attempts), { in: retryInMs }]
    }
    const held = verdict === 'accepted' ? this.overlay(record.held, delivery.blocks) : record.held
    const settled = { ...record, held, settled: delivery.version, delivery: undefined }
    const known =
      outcome !== 'expired' && outcome.verdict === 'refused'
        ? { ...settled, refused: { from: record.settled + 1, to: delivery.version, sentence: outcome.sentence } }
        : settled
    if (!record.since) return [known, 'not due']
    return [this.owing(known, this.overlay(held, record.since), 0), { in: 0 }]
  }

  private owing(record: ForecastRecord, blocks: readonly Block[], attempts: number): ForecastRecord {
    const request = this.options.newId() as RequestId
    return { ...record, since: undefined, delivery: { version: record.version, request, blocks, attempts } }
  }

  /** Waits while another sender works on this record. */
  private async watch(key: LedgerKey, version: number, waiter: { waiting: boolean }): Promise<Verdict> {
    while (waiter.waiting) {
      await sleep(50)
      const stored = await this.options.ledger.read<ForecastRecord>(key).catch(() => undefined)
      if (!stored || stored.record.settled < version) continue
      const { refused } = stored.record
      if (refused && refused.from <= version && version <= refused.to)
        return { verdict: 'refused', sentence: refused.sentence }
      return { verdict: 'accepted' }
    }
    return { verdict: 'stored' }
  }

  /** State cannot be reached: refusing a limit would be less safe than applying it, so it is sent all the same. */
  private async deliverUnrecorded(link: Link, forecast: Value, error: GatewayError): Promise<Verdict> {
    const { wire, observer, newId } = this.options
    const request = newId() as RequestId
    const outcome = await wire.send(link.modern, messageName, forecast, { request }, link.answerWithin)
    if (outcome.verdict === 'unavailable') throw error
    if (outcome.verdict === 'refused') return { verdict: 'refused', sentence: outcome.sentence }
    observer.alarm('delivered but not recorded', {
      peer: link.modern.id,
      link: link.id,
      group: forecast.group_id as string,
      error,
    })
    return { verdict: 'accepted' }
  }

  /** Full jitter below a doubling bound; a longer Retry-After is honoured. Milliseconds. */
  private pause(delivery: Delivery, retryAfterMs = 0): number {
    const { times, random } = this.options
    const bound = Math.min(times.longestRetry, times.firstRetry * 2 ** delivery.attempts)
    return Math.max(retryAfterMs, Math.round(random() * bound))
  }

  private overlay(older: readonly Block[], newer: readonly Block[]): Block[] {
    return overlay(older, newer, this.options.now(), true)
  }

  private write(
    key: LedgerKey,
    revision: number,
    record: ForecastRecord,
    due: Due,
    now = this.options.now(),
  ): Promise<boolean> {
    const end = Math.max(now, endOf(record.held), endOf(record.delivery?.blocks ?? []), endOf(record.since ?? []))
    return this.options.ledger.write(key, revision, { record, due, keepFor: end - now + week })
  }

  private track<T>(work: Promise<T>): Promise<T> {
    this.running.add(work)
    const done = () => this.running.delete(work)
    work.then(done, done)
    return work
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}
