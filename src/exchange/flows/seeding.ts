/**
 * A flexibility provider that comes online is told what holds: its DSO is asked for all cables of the link at once, and what it
 * answers becomes desired state. Asked again, more and more slowly, while the DSO cannot be reached.
 * Limits: not more often than once a minute, whatever happens; what the answer says of the past, or says again, is not sent.
 */

import type { Context } from '../../mapping/run.ts'
import type { Worker } from '../agenda.ts'
import type { ForecastRecord } from '../forecast-record.ts'
import type { Forecasts } from '../forecasts.ts'
import type { LinkId, PeerId, RequestId } from '../ids.ts'
import type { Due, Ledger, LedgerKey } from '../ledger.ts'
import type { LegacyWire } from '../legacy.ts'
import type { Observer } from '../observer.ts'
import type { Link, Links } from '../peers.ts'
import { type Block, blocksOf, endOf, overlay } from '../schedule.ts'
import { askForecasts, mayBeAsked, type TakenForecast } from './ask-forecasts.ts'

export interface SeedingOptions {
  readonly wire: LegacyWire
  readonly links: Links
  readonly ledger: Ledger
  readonly forecasts: Pick<Forecasts, 'accept' | 'record'>
  readonly observer: Observer
  readonly contextOf: (link: Link) => Context
  readonly now: () => number
  readonly newId: () => string
  /** A number in [0, 1). */
  readonly random: () => number
  /** Limit of one attempt, and bounds of the first and of the longest pause after one that failed; milliseconds. */
  readonly times: { readonly attempt: number; readonly firstRetry: number; readonly longestRetry: number }
}

/** What is known of asking one DSO for one link. */
interface Seed {
  /** When it last answered, in milliseconds since 1970. */
  readonly answeredAt?: number | undefined
  /** Attempts since then that failed. */
  readonly failed: number
}

const keepFor = 24 * 3600_000
const atMostEvery = 60_000

export class Seeding implements Worker {
  private readonly options: SeedingOptions

  constructor(options: SeedingOptions) {
    this.options = options
  }

  get leaseMs(): number {
    return this.options.times.attempt + 5_000
  }

  /** The party has come online, and may know nothing. Rejects while the state is away. */
  async begin(peer: PeerId): Promise<void> {
    for (const link of this.options.links.ofModern(peer)) await this.ask(link)
  }

  async resume(key: LedgerKey): Promise<void> {
    const { ledger, links, wire, now, newId, contextOf, times, observer } = this.options
    const stored = await ledger.read<Seed>(key)
    const link = links.byId(key.id.slice('seed/'.length) as LinkId)
    if (!stored || !link || link.modern.id !== key.peer || !mayBeAsked(wire, link)) {
      await this.write(key, stored?.revision ?? 0, { failed: 0 }, 'not due')
      return
    }
    const context = contextOf(link)
    const request = newId() as RequestId
    const attempt = { context, groups: [], request, withinMs: times.attempt, nth: stored.record.failed + 1 }
    const asked = await askForecasts({ wire, link, observer, now, ...attempt })
    const about = { peer: link.legacy.id, link: link.id }
    if (asked.verdict === 'unavailable') {
      const failed = stored.record.failed + 1
      if (failed === 1) observer.alarm('forecasts not fetched', { ...about, error: asked.cause ?? asked.sentence })
      const pause = Math.max(asked.retryAfterMs ?? 0, this.pause(stored.record.failed))
      await this.write(key, stored.revision, { ...stored.record, failed }, { in: Math.min(pause, keepFor / 2) })
      return
    }
    if (asked.verdict === 'refused' && !asked.unsupported)
      observer.alarm('forecasts not fetched', { ...about, error: asked.sentence })
    if (asked.verdict === 'answered') {
      const [left] = asked.left
      // Cables of others are no news: a DSO without a header for it cannot know whose they are.
      if (left && left.kind !== 'group-unknown')
        observer.alarm('forecasts not fetched', { ...about, error: `${left.path} ${left.message}` })
      for (const one of asked.forecasts) await this.take(link, one)
    }
    await this.write(key, stored.revision, { answeredAt: now(), failed: 0 }, 'not due')
  }

  private async ask(link: Link): Promise<void> {
    const { ledger, wire, now } = this.options
    if (link.legacy.role !== 'dso' || !mayBeAsked(wire, link)) return
    const key = { peer: link.modern.id, id: `seed/${link.id}` }
    for (;;) {
      const stored = await ledger.read<Seed>(key)
      const since = now() - (stored?.record.answeredAt ?? Number.NEGATIVE_INFINITY)
      const due = { in: Math.max(0, Math.min(atMostEvery, atMostEvery - since)) }
      if (await this.write(key, stored?.revision ?? 0, stored?.record ?? { failed: 0 }, due)) return
    }
  }

  /** Documents say one cable after the other, and so do we: what comes later in one lies over what came before. */
  private async take(link: Link, { forecast, kept }: TakenForecast): Promise<void> {
    const { forecasts, now } = this.options
    const blocks = blocksOf(forecast)
    if (endOf(blocks) <= now()) return
    const known = await forecasts.record(link, forecast.group_id as string, forecast.type as string)
    if (known && saysNothingNew(known, blocks, now())) return
    // Nobody waits for the flexibility provider's word on it.
    await forecasts.accept(link, forecast, kept, now())
  }

  private write(key: LedgerKey, revision: number, record: Seed, due: Due): Promise<boolean> {
    return this.options.ledger.write(key, revision, { record, due, keepFor })
  }

  private pause(failed: number): number {
    const { firstRetry, longestRetry } = this.options.times
    return Math.round(this.options.random() * Math.min(longestRetry, firstRetry * 2 ** failed))
  }
}

/** Whether a peer that gets what is owed to it holds these blocks anyway. */
export function saysNothingNew(
  { held, delivery, since }: ForecastRecord,
  blocks: readonly Block[],
  now: number,
): boolean {
  const over = (older: readonly Block[], newer: readonly Block[]) => overlay(older, newer, now, true)
  const effective = over(over(over([], held), delivery?.blocks ?? []), since ?? [])
  return JSON.stringify(joined(over(effective, blocks))) === JSON.stringify(joined(effective))
}

/** The same schedule in as few blocks as it can be said in, so that cuts at different times do not make a difference. */
function joined(blocks: readonly Block[]): Block[] {
  const result: Block[] = []
  for (const block of blocks) {
    const i = result.findLastIndex((own) => own.phase === block.phase)
    const last = result[i]
    const isMore = last && last.end === block.start && last.capacity === block.capacity && last.unit === block.unit
    // Energy is a budget of its block: two of them are not one of the same figure.
    if (isMore && !/WH$/.test(block.unit)) result[i] = { ...last, end: block.end }
    else result.push(block)
  }
  return result.map(({ start, end, capacity, unit, phase }) => ({ start, end, capacity, unit, phase }))
}
