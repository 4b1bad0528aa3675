/**
 * What a flexibility provider may do when it hears nothing more: the link's configured fallback, sent after each handshake and
 * renewed long before it ends. OSCP 1.0 has no such forecast, and none is invented: without a configured one a person is told.
 * Limits: for consumption only; one block of a week, whose edges lie on the party's grid.
 */
import type { Worker } from '../agenda.ts'
import type { Forecasts } from '../forecasts.ts'
import type { LinkId, PeerId } from '../ids.ts'
import type { Ledger, LedgerKey } from '../ledger.ts'
import type { Observer } from '../observer.ts'
import type { Link, Links, SafeLimit } from '../peers.ts'
import { type Block, forecastOf } from '../schedule.ts'
import { saysNothingNew } from './seeding.ts'

export const fallbackType = 'FALLBACK_CONSUMPTION'

export interface FallbackOptions {
  readonly links: Links
  readonly ledger: Ledger
  readonly forecasts: Pick<Forecasts, 'accept' | 'record'>
  readonly observer: Observer
  /** On what the edges of our blocks lie, in milliseconds since 1970. */
  readonly grid: (peer: PeerId) => number
  readonly now: () => number
}

const day = 24 * 3600_000
const horizon = 7 * day
/** How much of it must be left; and how often that is looked at. */
const enough = horizon / 2
const lookEvery = 12 * 3600_000

export class ConfiguredFallback implements Worker {
  readonly leaseMs = 60_000
  private readonly options: FallbackOptions
  /** Links whose lack of a fallback somebody has been told of. */
  private readonly told = new Set<LinkId>()

  constructor(options: FallbackOptions) {
    this.options = options
  }

  /**
   * The party has shaken hands, and may know nothing; what was sent before is sent again by others. From now on it takes
   * silence for a failure, so that somebody should know what it falls back on. Rejects while the state is away.
   */
  async begin(peer: PeerId): Promise<void> {
    const { links, observer } = this.options
    for (const { id, legacy, fallback } of links.ofModern(peer)) {
      if (legacy.role !== 'dso' || fallback.size > 0 || this.told.has(id)) continue
      observer.alarm('no fallback configured', { peer, link: id })
      this.told.add(id)
    }
    await this.goOn(peer)
  }

  /** For parties that were online before the gateway started, and for a configuration that is new. Rejects while the state is away. */
  async goOn(peer: PeerId): Promise<void> {
    for (const link of this.options.links.ofModern(peer))
      if (link.legacy.role === 'dso' && link.fallback.size > 0) await this.watch(link)
  }

  async resume(key: LedgerKey): Promise<void> {
    const { links, ledger } = this.options
    const link = links.byId(key.id.slice('fallback/'.length) as LinkId)
    const stored = await ledger.read(key)
    const isOurs = link !== undefined && link.modern.id === key.peer && (await this.renew(link))
    await this.look(key, stored?.revision ?? 0, isOurs)
  }

  private async watch(link: Link): Promise<void> {
    const key = { peer: link.modern.id, id: `fallback/${link.id}` }
    await this.renew(link)
    const stored = await this.options.ledger.read(key)
    // Who is faster looks at the same time.
    await this.look(key, stored?.revision ?? 0, true)
  }

  private look(key: LedgerKey, revision: number, again: boolean): Promise<boolean> {
    const due = again ? ({ in: lookEvery } as const) : 'not due'
    return this.options.ledger.write(key, revision, { record: {}, due, keepFor: horizon })
  }

  /** False for a link without a fallback. */
  private async renew(link: Link): Promise<boolean> {
    const { forecasts, grid, now } = this.options
    if (link.fallback.size === 0) return false
    const edge = grid(link.modern.id)
    const start = Math.floor(now() / edge) * edge
    const end = start + Math.ceil(horizon / edge) * edge
    for (const [group, limit] of link.fallback) {
      const own = perPhase(link, limit)
      const known = await forecasts.record(link, group, fallbackType)
      const until = (to: number): Block[] => own.map((limit) => ({ ...limit, start: now(), end: to }))
      if (known && saysNothingNew(known, until(now() + enough), now())) continue
      const blocks = own.map((limit) => ({ ...limit, start, end }))
      // Nobody waits for the flexibility provider's word on it.
      await forecasts.accept(link, forecastOf(group, fallbackType, blocks), {}, now())
    }
    return true
  }
}

/** Ampere are per phase, as OSCP 1.0 has them. */
function perPhase({ mapping }: Link, limit: SafeLimit): Omit<Block, 'start' | 'end'>[] {
  const phases = limit.unit === 'A' ? mapping.amperePhases : (['ALL'] as const)
  return phases.map((phase) => ({ ...limit, phase }))
}
