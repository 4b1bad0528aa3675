/**
 * What an OSCP 2.0 party has said about one group of a legacy operator, and what of it holds at an instant: pure.
 * Limits: blocks stay as they were said, with their units and phases; what they are in OSCP 1.0 is said in in-legacy-terms.ts.
 */
import type { LinkId, RequestId } from '../ids.ts'
import type { Link } from '../peers.ts'
import { type Block, endOf, overlay } from '../schedule.ts'

/** Everything known of one group, of every type of forecast. */
export interface GroupLimits {
  readonly link: LinkId
  readonly group: string
  /** Whether the other side's ordinary limits are in force, or what it left for when it is offline. */
  readonly mode: 'regular' | 'fallback'
  /** Per type of forecast, all that was received, the newer laid over the older. */
  readonly said: Readonly<Record<string, Said | undefined>>
  /** What OSCP 1.0 calls the forecast that holds now; grows whenever the operator is told anew. */
  readonly forecastId: string
}

export interface Said {
  readonly blocks: readonly Block[]
  /** The X-Request-ID of the newest message. */
  readonly request: RequestId
  readonly at: number
}

/** What there is to deliver a limit by: which blocks hold, and what fills the quarters that they leave open. */
export interface Holding {
  /** The limits in force. */
  readonly limits: readonly Block[]
  /** What may fill up a part of a quarter that `limits` say nothing of. */
  readonly fill: readonly Block[]
  /** What the limits must not exceed, where it says anything: while the other side is offline and the smaller of both holds. */
  readonly notAbove?: readonly Block[] | undefined
  /** What the other side would like, where it lies below the limits. */
  readonly optimum: readonly Block[]
}

/** How long a configured limit is stated ahead, in milliseconds; half of that later it is stated anew. */
export const statedAhead = 24 * 3600_000

/** How long before limits run out the operator is told what holds then, in milliseconds. */
const warning = 60_000

export function emptyLimits(link: LinkId, group: string): GroupLimits {
  return { link, group, mode: 'regular', said: {}, forecastId: '0' }
}

/** The group with one more forecast: newer blocks are laid over older ones, phase by phase (protocol/oscp-2.0.md section 8.4). */
export function hearing(
  limits: GroupLimits,
  { replaces }: Pick<Link, 'replaces'>,
  type: string,
  { blocks, request, at }: Said,
): GroupLimits {
  const older = limits.said[type]?.blocks ?? []
  const phases = new Set(blocks.map(({ phase }) => phase))
  const kept = replaces ? older.filter(({ phase }) => !phases.has(phase)) : older
  // A block that has begun stays whole: that is how it is told when somebody asks.
  const whole = overlay(kept, blocks, Number.NEGATIVE_INFINITY, false)
  const said = { blocks: whole.filter(({ end }) => end > at), request, at }
  return { ...limits, said: { ...limits.said, [type]: said } }
}

/** The group when the other side has gone, or is back; the same when it is known already. */
export function inMode(limits: GroupLimits, mode: GroupLimits['mode']): GroupLimits {
  return limits.mode === mode ? limits : { ...limits, mode }
}

/** The group without any advice; the same when there is none. */
export function withoutOptimum(limits: GroupLimits): GroupLimits {
  if (limits.said.OPTIMUM === undefined) return limits
  const { OPTIMUM: _, ...said } = limits.said
  return { ...limits, said }
}

/** The other side's message that is in force: an operator that rejects what it is told, rejects this. */
export function originOf(limits: GroupLimits, now: number): RequestId | undefined {
  const { FALLBACK_CONSUMPTION: fallback, CONSUMPTION: regular } = limits.said
  const isGap = gapEnd(limits, now) !== undefined && fallback !== undefined
  return (limits.mode === 'fallback' || isGap ? fallback : regular)?.request
}

/** The group once the operator is told something else than before. */
export function renamed(limits: GroupLimits, now: number): GroupLimits {
  return { ...limits, forecastId: String(Math.max(now, Number(limits.forecastId) + 1)) }
}

/** What holds from now on. `before` is what held until a message replaced it: the operator cannot be told to forget that. */
export function holding(limits: GroupLimits, link: Link, now: number, before: readonly Block[] = []): Holding {
  const of = (type: string) => (limits.said[type]?.blocks ?? []).filter(({ end }) => end > now)
  const regular = of('CONSUMPTION')
  const fallback = over(configured(limits.group, link, now, regular), of('FALLBACK_CONSUMPTION'), now)
  if (limits.mode === 'regular') {
    const whole = over(gapFiller(limits, link, now), regular, now)
    return { limits: whole, fill: over(before, fallback, now), optimum: of('OPTIMUM') }
  }
  const fill = over(before, fallback, now)
  const none = { fill, optimum: [] }
  if (link.whenOffline === 'ride out') return { ...none, limits: over(fallback, regular, now) }
  // Where nothing was left for this case, what the operator holds stays in force: OSCP 1.0 cannot take a limit back.
  const whole = over(regular, fallback, now)
  if (link.whenOffline === 'fallback' || regular.length === 0) return { ...none, limits: whole }
  return { ...none, limits: whole, notAbove: regular }
}

/**
 * What holds from now on until the next ordinary limit, if the last one ends within a minute or has: what was left for being
 * offline, because silence must not mean that everything goes (protocol/oscp-2.0.md section 15, A-01). Without any ordinary limit
 * ever there is no gap.
 */
export function gapFiller(limits: GroupLimits, link: Link, now: number): readonly Block[] {
  const until = gapEnd(limits, now)
  if (until === undefined) return []
  const regular = limits.said.CONSUMPTION!.blocks
  const fallback = over(configured(limits.group, link, now, []), limits.said.FALLBACK_CONSUMPTION?.blocks ?? [], now)
  const open = regular.map((block) => ({ ...block, unit: 'none' }))
  return overlay(fallback, open, now, true).filter(({ unit, start }) => unit !== 'none' && start < until)
}

/** When the next ordinary limit begins, if none holds in a minute; undefined where one does, or none was ever said. */
export function gapEnd({ mode, said }: GroupLimits, now: number): number | undefined {
  if (mode !== 'regular' || !said.CONSUMPTION) return undefined
  const ahead = said.CONSUMPTION.blocks.filter(({ end }) => end > now + warning)
  if (ahead.some(({ start }) => start <= now + warning)) return undefined
  return ahead.reduce((first, { start }) => Math.min(first, start), Number.POSITIVE_INFINITY)
}

/** In how many milliseconds the group is to be looked at again: limits run out, or a configured one is to be stated anew. */
export function nextLook(limits: GroupLimits, link: Link, now: number): number | undefined {
  const gap = gapEnd(limits, now)
  const isHeld = limits.mode === 'fallback' || gap !== undefined
  const renewal = isHeld && link.fallback.has(limits.group) ? statedAhead / 2 : Number.POSITIVE_INFINITY
  const out = limits.mode === 'regular' ? runsOut(limits, gap ?? now + warning) - warning - now : renewal
  const next = Math.min(renewal, out)
  return Number.isFinite(next) ? Math.max(0, next) : undefined
}

/** When the ordinary limits end that hold at an instant, one after the other; never where none does. */
function runsOut({ said }: GroupLimits, from: number): number {
  const blocks = [...(said.CONSUMPTION?.blocks ?? [])].sort((a, b) => a.start - b.start)
  let end = from
  for (const block of blocks) if (block.start <= end && block.end > end) end = block.end
  return end === from ? Number.POSITIVE_INFINITY : end
}

/** Whether something was left for every instant from now on that an ordinary limit is known for, and for now. */
export function isProvided(limits: GroupLimits, link: Link, now: number): boolean {
  if (link.fallback.has(limits.group)) return true
  const until = Math.max(now + 1, endOf(limits.said.CONSUMPTION?.blocks ?? []))
  const open = { start: now, end: until, capacity: 0, unit: 'none', phase: 'ALL' }
  const left = limits.said.FALLBACK_CONSUMPTION?.blocks ?? []
  return !overlay([open], left, now, true).some(({ unit }) => unit === open.unit)
}

/** The configured limit, as far as anything is stated and a day ahead; ampere hold for each phase. */
function configured(group: string, { fallback }: Link, now: number, regular: readonly Block[]): Block[] {
  const safe = fallback.get(group)
  if (!safe) return []
  const phase = safe.unit === 'A' ? 'UNKNOWN' : 'ALL'
  return [{ ...safe, phase, start: now, end: Math.max(now, endOf(regular)) + statedAhead }]
}

function over(older: readonly Block[], newer: readonly Block[], now: number): readonly Block[] {
  return newer.length === 0 ? older : older.length === 0 ? newer : overlay(older, newer, now, true)
}
