/**
 * Capacity forecasts as desired state: what a group's schedule must be is stored first, then sent until the peer has it.
 * Limits: at least once; while one version is being sent a newer one waits, so a peer never gets them out of order.
 */
import { asGatewayError, GatewayError } from '../errors.ts'
import type { Value } from '../mapping/compile.ts'
import {
  type Delivery,
  emptyRecord,
  type ForecastRecord,
  lastEnd,
  type Moment,
  type Result,
  received,
  settledBy,
  verdictOn,
} from './forecast-record.ts'
import type { RequestId } from './ids.ts'
import type { Due, Ledger, LedgerKey, Stored } from './ledger.ts'
import type { Observer } from './observer.ts'
import type { Link, Links, ModernWire } from './peers.ts'
import { blocksOf, endOf, forecastOf } from './schedule.ts'

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
/** A peer that asks for more would outlast the limits it keeps waiting; in milliseconds. */
const longestRetryAfter = 600_000
/** How often one who waits for another sender looks again, in milliseconds. */
const lookAgain = 50

/** Whether somebody still waits for the verdict: if not, bad news must go to a person. */
interface Waiter {
  waiting: boolean
}

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
   * Stores a forecast (an UpdateGroupCapacityForecast), then tries to deliver it, and says by `deadline` (milliseconds
   * since 1970) what became of it. Throws `state-unavailable` when it could neither be stored nor delivered.
   */
  async accept(link: Link, forecast: Value, kept: Value, deadline: number): Promise<Verdict> {
    const committed = await this.commit(link, forecast, kept).catch((error: unknown) => asGatewayError(error))
    if (committed instanceof GatewayError) return this.deliverUnrecorded(link, forecast, committed)
    const { key, stored, mine } = committed
    const waiter = { waiting: true }
    const settled = mine
      ? this.track(this.attempt(link, key, stored, waiter))
      : this.watch(key, stored.record.version, waiter)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), deadline - this.options.now()).unref()
    })
    const verdict = await Promise.race([settled, late])
    clearTimeout(timer)
    waiter.waiting = false
    return verdict ?? { verdict: 'stored' }
  }

  /** Delivers what a claimed record still owes. For the agenda. */
  async resume(key: LedgerKey): Promise<void> {
    const stored = await this.options.ledger.read<ForecastRecord>(key)
    if (!stored) return
    const { record, revision } = stored
    if (!record.delivery) {
      await this.write(key, revision, record, 'not due')
      return
    }
    const link = this.options.links.byId(record.link)
    if (!link) throw new Error(`A forecast is owed on the link ${record.link}, which is not configured any more`)
    const taken = { ...record, delivery: { ...record.delivery, sender: this.options.newId() } }
    if (!(await this.write(key, revision, taken, { in: this.leaseMs }))) return // somebody was faster
    await this.track(this.attempt(link, key, { record: taken, revision: revision + 1 }, { waiting: false }))
  }

  /** Resolves when no attempt is running any more. */
  async settled(): Promise<void> {
    while (this.running.size > 0) await Promise.allSettled(this.running)
  }

  private async commit(link: Link, forecast: Value, kept: Value) {
    const [group, type] = [forecast.group_id as string, forecast.type as string]
    const key: LedgerKey = { peer: link.modern.id, id: `forecast/${link.id}/${group}/${type}` }
    const blocks = blocksOf(forecast)
    for (;;) {
      const stored = await this.options.ledger.read<ForecastRecord>(key)
      const old = stored?.record ?? emptyRecord(link.id, group, type)
      const record = received(old, blocks, kept, this.moment())
      const mine = old.delivery?.sender === undefined
      const revision = stored?.revision ?? 0
      if (await this.write(key, revision, record, mine ? { in: this.leaseMs } : 'unchanged'))
        return { key, mine, stored: { record, revision: revision + 1 } }
    }
  }

  /** Sends the delivery that this process is the sender of, and records what the peer said. */
  private async attempt(link: Link, key: LedgerKey, stored: Stored<ForecastRecord>, waiter: Waiter): Promise<Verdict> {
    const { record } = stored
    const delivery = record.delivery!
    const result = await this.send(link, record, delivery)
    const retryInMs = result.verdict === 'unavailable' ? this.pause(delivery, result.retryAfterMs) : undefined
    this.tell(link, record, result, retryInMs, waiter)
    try {
      await this.settle(key, stored, delivery, result, retryInMs)
    } catch (error) {
      // The lease runs out and the same delivery is sent again: at least once. The peer knows it by its request id.
      const about = { peer: link.modern.id, link: link.id, group: record.group, error }
      if (result.verdict === 'accepted') this.options.observer.alarm('delivered but not recorded', about)
    }
    if (result.verdict === 'unavailable') return { verdict: 'stored' }
    return result.verdict === 'refused'
      ? { verdict: 'refused', sentence: result.sentence }
      : { verdict: result.verdict }
  }

  private async send(link: Link, { group, type }: ForecastRecord, { blocks, request }: Delivery): Promise<Result> {
    const { wire, times, now } = this.options
    if (endOf(blocks) <= now()) return { verdict: 'expired' }
    return wire.send(link.modern, messageName, forecastOf(group, type, blocks), { request }, times.attempt)
  }

  /** One line for the attempt; an alarm where somebody has been told `Accepted` for what now does not arrive. */
  private tell(
    link: Link,
    record: ForecastRecord,
    result: Result,
    retryInMs: number | undefined,
    waiter: Waiter,
  ): void {
    const { observer } = this.options
    const { version, request, attempts } = record.delivery!
    const about = { peer: link.modern.id, link: link.id, group: record.group }
    const sentence = 'sentence' in result ? result.sentence : undefined
    const error = 'cause' in result ? { error: result.cause } : {}
    observer.attempted({
      ...about,
      version,
      request,
      attempt: attempts + 1,
      outcome: result.verdict,
      sentence,
      retryInMs,
      ...error,
    })
    // A delivery may hold earlier versions too, whose senders have their answer already.
    const promised = !waiter.waiting || version > record.settled + 1
    if (result.verdict === 'expired' && promised) observer.alarm('expired undelivered', about)
    if (result.verdict === 'refused' && promised) observer.alarm('refused after acceptance', about)
    if (result.verdict === 'unavailable' && attempts === 0) observer.alarm('peer unavailable', about)
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
      const record = settledBy(current.record, result, this.moment())
      const due: Due = record.delivery ? { in: retryInMs ?? 0 } : 'not due'
      if (await this.write(key, current.revision, record, due)) return
      current = await this.options.ledger.read<ForecastRecord>(key)
    }
  }

  /** Waits while another sender works on this record. */
  private async watch(key: LedgerKey, version: number, waiter: Waiter): Promise<Verdict> {
    while (waiter.waiting) {
      await sleep(lookAgain)
      const record = (await this.options.ledger.read<ForecastRecord>(key).catch(() => undefined))?.record
      if (!record) continue
      const verdict = verdictOn(record, version)
      if (verdict === 'accepted') return { verdict }
      if (verdict !== 'open') return { verdict: 'refused', sentence: verdict.refused }
      // It waits for its next attempt: there is nothing to hear before that.
      if (record.delivery && record.delivery.sender === undefined && record.delivery.attempts > 0) break
    }
    return { verdict: 'stored' }
  }

  /** State cannot be reached: refusing a limit would be less safe than applying it, so it is sent all the same. */
  private async deliverUnrecorded(link: Link, forecast: Value, error: GatewayError): Promise<Verdict> {
    const { wire, observer, newId, now } = this.options
    if (endOf(blocksOf(forecast)) <= now()) return { verdict: 'expired' }
    const ids = { request: newId() as RequestId }
    const outcome = await wire.send(link.modern, messageName, forecast, ids, link.answerWithin)
    if (outcome.verdict === 'unavailable') throw error
    if (outcome.verdict === 'refused') return { verdict: 'refused', sentence: outcome.sentence }
    const group = forecast.group_id as string
    observer.alarm('delivered but not recorded', { peer: link.modern.id, link: link.id, group, error })
    return { verdict: 'accepted' }
  }

  /** Full jitter below a doubling bound; a longer Retry-After is honoured, within reason. Milliseconds. */
  private pause({ attempts }: Delivery, retryAfterMs = 0): number {
    const { firstRetry, longestRetry } = this.options.times
    const bound = Math.min(longestRetry, firstRetry * 2 ** attempts)
    return Math.max(Math.min(retryAfterMs, longestRetryAfter), Math.round(this.options.random() * bound))
  }

  private moment(): Moment {
    return { now: this.options.now(), newId: this.options.newId }
  }

  private write(key: LedgerKey, revision: number, record: ForecastRecord, due: Due): Promise<boolean> {
    const now = this.options.now()
    return this.options.ledger.write(key, revision, {
      record,
      due,
      keepFor: Math.max(now, lastEnd(record)) - now + week,
    })
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
