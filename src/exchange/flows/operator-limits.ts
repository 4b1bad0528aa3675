/**
 * The limits of legacy operators: what an OSCP 2.0 party says is stored, and what the operator must hold is worked out and delivered.
 * Limits: a forecast is stored whole with what follows from it, or refused and nothing changes. What the operator holds and the
 * other side no longer states cannot be taken back in OSCP 1.0; it ends by itself.
 */
import pLimit from 'p-limit'
import { GatewayError } from '../../errors.ts'
import type { Context, Receipt } from '../../mapping/run.ts'
import type { Worker } from '../agenda.ts'
import type { Forecasts } from '../forecasts.ts'
import type { ExchangeId, LinkId, PeerId } from '../ids.ts'
import type { Change, Ledger, LedgerKey } from '../ledger.ts'
import type { ModernRequest } from '../modern.ts'
import type { Observer } from '../observer.ts'
import { contextOf, type Link, type Links } from '../peers.ts'
import type { ModernFlow } from '../receive-modern.ts'
import { type Block, blocksOf, endOf, forecastOf } from '../schedule.ts'
import {
  emptyLimits,
  type GroupLimits,
  gapEnd,
  gapFiller,
  hearing,
  holding,
  inMode,
  isProvided,
  nextLook,
  originOf,
  renamed,
  withoutOptimum,
} from './group-limits.ts'
import { checkOptimum, forecastMapping, type InLegacyTerms, inLegacyTerms, refused } from './in-legacy-terms.ts'
import { differing, everything, type Telling, tell, touching } from './telling.ts'

export interface OperatorLimitsOptions {
  readonly ledger: Ledger
  readonly forecasts: Forecasts
  readonly links: Links
  readonly observer: Observer
  /** Milliseconds since 1970, UTC. */
  readonly now: () => number
}

/** One change of a group. */
interface Step extends Telling {
  readonly next: (limits: GroupLimits, now: number) => GroupLimits
  readonly exchange?: ExchangeId
}

const week = 7 * 24 * 3600_000
/** Others may be faster now and then, not always. */
const mostTries = 100
/** Groups that change over at a time when the other side goes or comes. */
const switchedAtOnce = 16

export class OperatorLimits implements Worker {
  readonly leaseMs = 30_000
  private readonly options: OperatorLimitsOptions
  private readonly switching = pLimit(switchedAtOnce)

  constructor(options: OperatorLimitsOptions) {
    this.options = options
  }

  /** UpdateGroupCapacityForecast. */
  readonly flow: ModernFlow = async (request, link, receipts) => {
    const { value, exchange } = request
    const [type, group] = [String(value.type), String(value.group_id)]
    const flow = this.holdingFlow(link, request, receipts)
    // From a capacity optimizer nothing is a limit.
    if (link.legacy.role !== 'csp' || (request.peer !== link.modern.id && flow !== 'optimum'))
      throw new GatewayError('message-unsupported', 'This message is not taken from this party.')
    const blocks = blocksOf(value)
    const next = (limits: GroupLimits, at: number) => {
      const heard = hearing(limits, link, type, { blocks, request: request.request, at })
      if (flow === 'optimum' && link.optimum === 'apply')
        checkOptimum(link, group, holding(heard, link, at), this.context(link))
      return heard
    }
    if (flow === 'shown') await this.change(link, group, { next })
    else if (flow !== undefined) await this.change(link, group, { next, concerns: differing, exchange, anyway: true })
    else {
      const concerns = (told: readonly Block[]) => touching(told, blocks)
      receipts.push(...(await this.change(link, group, { next, concerns, exchange })).receipts)
    }
    return undefined
  }

  /** The other side is offline, or has unregistered: what it left for this case holds. Rejects while the state is away. */
  async goneOffline(peer: PeerId): Promise<void> {
    await this.switchTo('fallback', peer)
  }

  /** The other side is back: its ordinary limits hold again. Rejects while the state is away. */
  async cameBack(peer: PeerId): Promise<void> {
    await this.switchTo('regular', peer)
  }

  /** An optimizer is offline, or has unregistered: its advice is old, and the operator goes by its limits alone. */
  async unadvised(peer: PeerId): Promise<void> {
    for (const link of this.options.links.ofOptimizer(peer))
      for (const { group } of await this.known(link))
        await this.change(link, group, { next: withoutOptimum, concerns: differing, anyway: true })
  }

  /** States a configured limit anew before it ends, and what holds where limits run out. For the agenda. */
  async resume(key: LedgerKey): Promise<void> {
    const { ledger, links, observer, now } = this.options
    const stored = await ledger.read<GroupLimits>(key)
    if (!stored) return
    const { record } = stored
    const link = links.byId(record.link)
    if (!link || link.legacy.id !== key.peer) {
      await ledger.write(key, stored.revision, { record, due: 'not due', keepFor: week })
      return
    }
    const filler = gapFiller(record, link, now())
    const concerns = record.mode === 'fallback' ? everything : (told: readonly Block[]) => touching(told, filler)
    await this.change(link, record.group, { next: (limits) => limits, concerns, anyway: true, again: true })
    if (gapEnd(record, now()) !== undefined && filler.length === 0)
      observer.alarm('no fallback', { peer: link.legacy.id, link: link.id, group: record.group })
  }

  /** What is known of these groups of a link, or of all of them. */
  async known(link: Link, groups?: readonly string[]): Promise<GroupLimits[]> {
    const ids = groups?.map((group) => keyOf(link, group).id) ?? (await this.listed(link))
    const all = await Promise.all(ids.map((id) => this.options.ledger.read<GroupLimits>({ peer: link.legacy.id, id })))
    return all.flatMap((stored) => (stored ? [stored.record] : []))
  }

  /** What the operator is to hold of a group now. Throws `untranslatable`. */
  heldBy(link: Link, limits: GroupLimits): InLegacyTerms {
    return inLegacyTerms(link, limits.group, holding(limits, link, this.options.now()), this.context(link))
  }

  /** The flow that the mapping gives this type of forecast to, undefined for a limit. Throws `untranslatable`. */
  private holdingFlow(link: Link, { value }: ModernRequest, receipts: Receipt[]): string | undefined {
    const { toLegacy } = forecastMapping(link)
    // Whether a message fits the grid shows only in the whole schedule.
    const context = { ...this.context(link), grid: undefined }
    const refuse = (part: ReturnType<typeof toLegacy.translate>[number] | undefined): void => {
      if (!part || !('refusal' in part)) return
      throw refused(part.refusal.path, part.refusal.message, part.refusal.kind)
    }
    const [part] = toLegacy.translate(value, context)
    refuse(part)
    if (!part || !('held' in part)) return undefined
    receipts.push(part.receipt)
    const { flow } = part.held
    // What may have to be told one day must be possible to tell.
    if (flow === 'fallback') refuse(toLegacy.translate({ ...value, type: 'CONSUMPTION' }, context)[0])
    return flow
  }

  private async switchTo(mode: GroupLimits['mode'], peer: PeerId): Promise<void> {
    const links = this.options.links
      .ofModern(peer)
      .filter(({ legacy, modern }) => legacy.role === 'csp' && modern.id === peer)
    for (const link of links) {
      const known = (await this.known(link)).map(({ group }) => group)
      const groups = new Set([...known, ...(mode === 'fallback' ? link.fallback.keys() : [])])
      await Promise.all([...groups].map((group) => this.switching(() => this.switchGroup(mode, link, group))))
    }
  }

  private async switchGroup(mode: GroupLimits['mode'], link: Link, group: string): Promise<void> {
    const next = (limits: GroupLimits) => inMode(limits, mode)
    const { before, after, blocks } = await this.change(link, group, { next, concerns: everything, anyway: true })
    if (before.mode === mode || mode === 'regular') return
    if (blocks.length === 0 || !isProvided(after, link, this.options.now()))
      this.options.observer.alarm('no fallback', { peer: link.legacy.id, link: link.id, group })
  }

  /** Makes one change, and lets the operator know of what it concerns. Throws GatewayError; then nothing was changed. */
  private async change(link: Link, group: string, step: Step) {
    const { ledger, forecasts, now } = this.options
    const key = keyOf(link, group)
    for (let tries = 0; tries < mostTries; tries++) {
      const stored = await ledger.read<GroupLimits>(key)
      const before = stored?.record ?? emptyLimits(link.id, group)
      const at = now()
      const next = step.next(before, at)
      if (next === before && (!stored || !step.again)) return { before, after: before, blocks: [], receipts: [] }
      const { blocks, receipts } = tell(link, before, next, at, step)
      const after = blocks.length > 0 && next !== before ? renamed(next, at) : next
      const change: Change = { id: key.id, revision: stored?.revision ?? 0, write: this.writeOf(link, after, at) }
      const origin = { origin: originOf(after, at), exchange: step.exchange, forecastId: after.forecastId }
      const done =
        // An operator that hosts nothing asks for its limits.
        blocks.length === 0 || link.legacy.url === undefined
          ? await ledger.write(key, change.revision, change.write)
          : await forecasts.store(link, forecastOf(group, 'CONSUMPTION', blocks), {}, origin, [change])
      if (done) return { before, after, blocks, receipts }
    }
    throw new GatewayError('state-unavailable', 'The state is changed too often by others.')
  }

  private writeOf(link: Link, limits: GroupLimits, now: number) {
    const ends = Object.values(limits.said).map((said) => endOf(said?.blocks ?? []))
    const look = nextLook(limits, link, now)
    const due = look === undefined ? ('not due' as const) : { in: look }
    return { record: limits, due, keepFor: Math.max(now, ...ends) - now + week }
  }

  private async listed(link: Link): Promise<string[]> {
    return this.options.ledger.list(link.legacy.id, `limits/${link.id}/`)
  }

  private context(link: Link): Context {
    return contextOf(link, this.options.now(), 0)
  }
}

/** Link ids hold no slash, so a group may be any text. */
function keyOf({ id, legacy }: { id: LinkId; legacy: { id: PeerId } }, group: string): LedgerKey {
  return { peer: legacy.id, id: `limits/${id}/${group}` }
}
