/**
 * Capacity forecasts as desired state: what a group's schedule must be is stored first, then sent until the peer has it.
 * Limits: at least once; while one version is being sent a newer one waits, so a peer never gets them out of order.
 * What a peer took while the state was away is known to this process only, until the state is back.
 */
import pLimit from 'p-limit'
import { asGatewayError, GatewayError } from '../errors.ts'
import type { Value } from '../mapping/compile.ts'
import { Attempts, type RecordWriter } from './attempts.ts'
import type { Breakers } from './breaker.ts'
import { Deadlines } from './deadlines.ts'
import { DirectDelivery } from './direct-delivery.ts'
import { forecastKey, groupOf, typeOf } from './forecast-key.ts'
import type { ForecastNames } from './forecast-names.ts'
import {
  alsoTaken,
  answeredAgain,
  type Cause,
  emptyRecord,
  type ForecastRecord,
  lastEnd,
  type Moment,
  type Origin,
  owedAgain,
  received,
  withoutSender,
} from './forecast-record.ts'
import type { PeerId } from './ids.ts'
import type { Change, Due, Ledger, LedgerKey, Stored, Write } from './ledger.ts'
import type { Observer } from './observer.ts'
import type { Link, Links } from './peers.ts'
import { ProcessMemory } from './process-memory.ts'
import type { Dead } from './queue-record.ts'
import type { Receiver } from './receivers.ts'
import { lasting } from './record-text.ts'
import type { RetryTimes } from './retry.ts'
import { type Block, blocksOf } from './schedule.ts'
import { type Verdict, wordOn } from './waiting.ts'

export interface ForecastsOptions {
  readonly ledger: Ledger
  readonly receiver: Receiver
  /** Learns what forecasts are called by those they come from. */
  readonly names?: ForecastNames
  /** Sees each forecast as it is stored. */
  readonly watch?: { hears(key: LedgerKey, version: number, blocks: readonly Block[]): void }
  readonly links: Links
  readonly observer: Observer
  /** `attempt` limits one attempt, in milliseconds; the pauses between them are random below a doubling bound. */
  readonly times: Omit<RetryTimes, 'longestRetryAfter'> & { readonly attempt: number }
  /** Without it a peer that does not answer is not spared. */
  readonly breakers?: Breakers | undefined
  /** Keeps for people what was promised and does not arrive. Rejects while the state is away. */
  readonly bury?: ((peer: PeerId, dead: Dead) => Promise<void>) | undefined
  /** Shared with those it replaces. Default: its own. */
  readonly memory?: ProcessMemory | undefined
  /** Milliseconds since 1970, UTC. */
  readonly now: () => number
  readonly newId: () => string
  /** A number in [0, 1). */
  readonly random: () => number
}

const week = 7 * 24 * 3600_000
/** A head start for the fallbacks of a peer that came back, in milliseconds: they must be there if it goes again. */
const limitsAfterFallbacks = 500
/** Commits at a time: a large message must not wait for its own writes until they time out. */
const commitsAtOnce = 64

export class Forecasts {
  private readonly options: ForecastsOptions
  private readonly memory: ProcessMemory
  private readonly attempts: Attempts
  private readonly committing = pLimit(commitsAtOnce)
  private readonly deadlines = new Deadlines()
  private readonly direct: DirectDelivery

  constructor(options: ForecastsOptions) {
    this.options = options
    this.memory = options.memory ?? new ProcessMemory()
    const records: RecordWriter = { write: this.write.bind(this), moment: this.moment.bind(this) }
    this.attempts = new Attempts(options, records, this.memory)
    this.direct = new DirectDelivery(options, this.memory)
  }

  /** How long the agenda must leave a claimed record alone, in milliseconds. */
  get leaseMs(): number {
    return this.attempts.leaseMs
  }

  /**
   * Stores a forecast (an UpdateGroupCapacityForecast), then tries to deliver it, and says by `deadline` (milliseconds
   * since 1970) what became of it; `origin` says where it came from and what it answers. Throws `state-unavailable` when it
   * could neither be stored nor delivered.
   */
  async accept(link: Link, forecast: Value, kept: Value, deadline: number, origin?: Origin): Promise<Verdict> {
    const key = this.keyOf(link, forecast)
    this.options.names?.learn(key.peer, link.id, forecast, kept)
    const work = () => this.commit(link, key, forecast, kept, origin)
    // What is being sent without the state comes first: it counts as newest once the record knows of it.
    await this.direct.underWay(key)
    const committed = await this.committing(work).catch(asGatewayError)
    if (committed instanceof GatewayError) {
      const unstored = { link, key, forecast, deadline, error: committed, origin }
      return this.direct.deliver(unstored, this.attempts.underWay(key))
    }
    const { stored, mine } = committed
    const { version } = stored.record
    this.memory.waiting.add(key, version)
    const late = this.deadlines.after(deadline - this.options.now())
    const settled = mine ? this.attempts.run(link, key, stored) : wordOn(this.options.ledger, key, version, late)
    const verdict = await Promise.race([settled, late.passed])
    late.end()
    this.memory.waiting.remove(key, version)
    return verdict ?? { verdict: 'stored' }
  }

  /**
   * Sends all that holds for a group once more, as the answer to a message of the receiver; false where nothing holds.
   * Rejects while the state is away.
   */
  async repeat(link: Link, group: string, type: string, cause: Cause): Promise<boolean> {
    const { ledger } = this.options
    const key = this.keyOf(link, { type, group_id: group })
    for (;;) {
      const stored = await ledger.read<ForecastRecord>(key)
      const record = stored && answeredAgain(stored.record, cause, this.moment())
      if (!record || record === stored.record) return false
      const due: Due = record.delivery?.sender === undefined ? { in: 0 } : 'unchanged'
      if (await this.write(key, stored, record, due)) return true
    }
  }

  /** What a receiver should hold of a group, if anything. Rejects while the state is away. */
  async record(link: Link, group: string, type: string): Promise<ForecastRecord | undefined> {
    return (await this.options.ledger.read<ForecastRecord>(this.keyOf(link, { type, group_id: group })))?.record
  }

  /**
   * Stores a forecast together with other changes of its receiver's records, all or none of them, and begins to deliver it.
   * False when somebody else changed one of the records first. Throws `state-unavailable`.
   */
  async store(link: Link, forecast: Value, kept: Value, origin: Origin, also: readonly Change[]): Promise<boolean> {
    const key = this.keyOf(link, forecast)
    const known = await this.options.ledger.read<ForecastRecord>(key)
    const { stored, mine, write, recorded } = this.joined(link, key, known, blocksOf(forecast), kept, origin)
    const change = { id: key.id, revision: known?.revision ?? 0, write }
    if (!(await this.options.ledger.writeAll(key.peer, [change, ...also]))) return false
    recorded()
    if (mine) void this.attempts.run(link, key, stored)
    return true
  }

  /** Delivers what a claimed record still owes. For the agenda. */
  async resume(key: LedgerKey): Promise<void> {
    await this.direct.underWay(key)
    const stored = await this.options.ledger.read<ForecastRecord>(key)
    if (!stored) return
    const { revision } = stored
    const { record, recorded } = this.withTaken(key, withoutSender(stored.record))
    const link = this.options.links.byId(record.link)
    const isReceiver = link !== undefined && this.options.receiver.peerOf(link) === key.peer
    if (record.delivery && !isReceiver)
      this.options.observer.alarm('owed to nobody', { peer: key.peer, link: record.link, group: record.group })
    if (!record.delivery || !isReceiver) {
      if (await this.write(key, stored, record, 'not due')) recorded()
      return
    }
    const inMs = this.options.breakers?.wait(key.peer) ?? 0
    if (inMs > 0) {
      if (await this.write(key, stored, record, { in: inMs })) recorded()
      return
    }
    const taken = { ...record, delivery: { ...record.delivery, sender: this.options.newId() } }
    if (!(await this.write(key, stored, taken, { in: this.leaseMs }))) return // somebody was faster
    recorded()
    await this.attempts.run(link, key, { record: taken, revision: revision + 1 })
  }

  /** Records what peers took while the state was away. For the agenda; rejects while it still is. */
  async tidy(): Promise<void> {
    for (const { key, link } of this.memory.unrecorded.remaining(this.options.now())) {
      const stored = await this.options.ledger.read<ForecastRecord>(key)
      const known = stored?.record ?? emptyRecord(link.id, groupOf(key), typeOf(key), this.options.receiver.perPhase)
      const { record, recorded } = this.withTaken(key, known)
      const isOwed = record.delivery !== undefined && record.delivery.sender === undefined
      if (await this.write(key, stored, record, isOwed ? { in: 0 } : 'unchanged')) recorded()
    }
  }

  /** Sends a peer that came back all it should hold, fallbacks first. Rejects while the state is away. */
  async resend(peer: PeerId): Promise<void> {
    const { ledger } = this.options
    for (const id of await ledger.list(peer, 'forecast/')) {
      const key = { peer, id }
      const due = { in: typeOf(key).startsWith('FALLBACK') ? 0 : limitsAfterFallbacks }
      for (;;) {
        const stored = await ledger.read<ForecastRecord>(key)
        if (!stored) break
        const record = owedAgain(stored.record, this.moment())
        const isSent = record.delivery?.sender !== undefined
        if (!record.delivery || (isSent && record === stored.record)) break
        // What waits for its next attempt need not wait any longer.
        if (await this.write(key, stored, record, isSent ? 'unchanged' : due)) break
      }
    }
  }

  /** From now on nobody is kept waiting: what is stored is answered so at once. */
  drain(): void {
    this.deadlines.drain()
  }

  /** Resolves when no attempt is running any more. */
  settled(): Promise<void> {
    return this.attempts.settled()
  }

  private async commit(link: Link, key: LedgerKey, forecast: Value, kept: Value, origin?: Origin) {
    const blocks = blocksOf(forecast)
    const { ledger } = this.options
    for (;;) {
      // Not recalled: a store that hangs fails this, and nothing is written that nobody then knows of.
      const known = await ledger.read<ForecastRecord>(key)
      const { stored, mine, write, recorded } = this.joined(link, key, known, blocks, kept, origin)
      if (!(await ledger.write(key, known?.revision ?? 0, write))) continue
      recorded()
      return { mine, stored }
    }
  }

  /** What becomes of a record with one more message; `mine`: the caller is the one to send it. */
  private joined(
    link: Link,
    key: LedgerKey,
    known: Stored<ForecastRecord> | undefined,
    blocks: readonly Block[],
    kept: Value,
    origin?: Origin,
  ) {
    const before = known?.record ?? emptyRecord(link.id, groupOf(key), typeOf(key), this.options.receiver.perPhase)
    const { record: old, recorded } = this.withTaken(key, before)
    const record = received(old, blocks, kept, this.moment(), origin)
    const mine = old.delivery?.sender === undefined
    const write = this.writeOf(known, record, mine ? { in: this.leaseMs } : 'unchanged')
    const stored: Stored<ForecastRecord> = { record, revision: (known?.revision ?? 0) + 1 }
    const told = () => {
      recorded()
      this.options.watch?.hears(key, record.version, blocks)
    }
    return { stored, mine, write, recorded: told }
  }

  /** The record with what this process knows of the peer beyond it; `recorded` says that it has been written. */
  private withTaken(key: LedgerKey, record: ForecastRecord): { record: ForecastRecord; recorded: () => void } {
    const blocks = this.memory.unrecorded.of(key)
    if (!blocks) return { record, recorded: () => undefined }
    // Another replica, which does not know it, may have sent an older limit since: all that holds is owed once more.
    const known = owedAgain(alsoTaken(record, blocks, this.moment()), this.moment())
    return { record: known, recorded: () => this.memory.unrecorded.recorded(key, blocks) }
  }

  private keyOf(link: Link, { type, group_id }: Value): LedgerKey {
    return forecastKey(this.options.receiver.peerOf(link), link.id, String(type), String(group_id))
  }

  private moment(): Moment {
    return { now: this.options.now(), newId: this.options.newId }
  }

  private write(
    key: LedgerKey,
    stored: Stored<ForecastRecord> | undefined,
    record: ForecastRecord,
    due: Due,
  ): Promise<boolean> {
    return this.options.ledger.write(key, stored?.revision ?? 0, this.writeOf(stored, record, due))
  }

  private writeOf(stored: Stored<ForecastRecord> | undefined, record: ForecastRecord, due: Due): Write<ForecastRecord> {
    const now = this.options.now()
    const keepFor = Math.max(now, lastEnd(record)) - now + week
    return { record, lasting: lasting(record, stored?.record), due, keepFor }
  }
}
