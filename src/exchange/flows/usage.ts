/**
 * Usage that an operator of OSCP 1.0 reports: kept for the parties that take measurements, each in the style it asked for.
 * Limits: what a cable's meter stands at is stored in one step with the message that says so, so that no energy is told twice.
 */
import type { Part, Value } from '../../mapping/compile.ts'
import { type MeterState, type Meters as MeterStates, meterOf } from '../../mapping/shapers/meter.ts'
import { groupsOf, mergeAnswers, type PartAnswer, refuseWhole } from '../answers.ts'
import type { EventQueue } from '../events.ts'
import type { LinkId, PeerId, RequestId } from '../ids.ts'
import type { Change, Ledger, Stored } from '../ledger.ts'
import type { Observer } from '../observer.ts'
import type { Link } from '../peers.ts'
import type { LegacyArrival, LegacyFlow } from '../receive.ts'

export const groupMeasurements = 'UpdateGroupMeasurements'
export const assetMeasurements = 'UpdateAssetMeasurements'

/** How a modern party wants to be told of usage: keys of its profile, same names as in src/config/profile.ts. */
export interface MeasurementProfile {
  readonly measurementRoute: 'group' | 'asset'
  readonly combinedAssetId?: string | undefined
}

export interface UsageOptions {
  readonly ledger: Ledger
  readonly events: EventQueue
  readonly observer: Observer
  readonly now: () => number
  readonly newId: () => string
  readonly profile: (peer: PeerId) => MeasurementProfile
  /** The styles of measurement a peer asked for in its handshake; both or none: it does not mind. */
  readonly styles: (peer: PeerId) => Promise<readonly string[]>
  /** Why nothing can be sent to this peer; undefined when it can. */
  readonly closed: (peer: PeerId) => Promise<string | undefined>
  /** Keeps for people what was passed on. */
  readonly kept?: (link: Link, value: Value) => void
  /** Why this peer is not sent this message; undefined when it is. */
  readonly untaken: (peer: PeerId, message: string) => Promise<string | undefined>
}

/** One party that is told of usage, and how. */
interface Way {
  readonly peer: PeerId
  readonly message: string
  readonly style: 'INTERMITTENT' | 'CONTINUOUS' | 'either'
  readonly asset: string | undefined
}

type Meters = Map<string, Stored<MeterState> | undefined>

const day = 24 * 3600_000
/** Measurements that could not be delivered for so long are given up, in milliseconds. */
const worthwhile = 7 * day
/** Meters are among the few records that stay: a register's reading is good for years. */
const keepFor = 10 * 365 * day
const unkept = 'could not be kept by the gateway; send it again'

export function usageFlow(options: UsageOptions): LegacyFlow {
  const { ledger, events, observer, now, newId, profile } = options
  return async (arrival) => {
    const { link, receipts } = arrival
    const way = await wayTo(link.modern.id)
    const closed = await options.closed(way.peer)
    const reason = closed ?? (await options.untaken(way.peer, way.message))
    const answers = await passOn(arrival, way, receipts, reason)
    if (closed === undefined && link.optimizer && profile(link.optimizer.id).measurementRoute === 'asset')
      await advise(arrival, link.optimizer.id)
    return mergeAnswers(answers)
  }

  /** An optimizer only advises: what it cannot be told is no reason to refuse usage that the capacity provider gets. */
  async function advise(arrival: LegacyArrival, peer: PeerId): Promise<void> {
    try {
      const way = await wayTo(peer)
      if ((await options.closed(peer)) ?? (await options.untaken(peer, way.message))) return
      await passOn(arrival, way, [], undefined)
    } catch (error) {
      observer.alarm('usage not kept', { peer, link: arrival.link.id, error })
    }
  }

  async function wayTo(peer: PeerId): Promise<Way> {
    const { measurementRoute, combinedAssetId: asset } = profile(peer)
    const asked = await options.styles(peer)
    const style = asked.length === 1 ? (asked[0] as 'INTERMITTENT' | 'CONTINUOUS') : 'either'
    return { peer, message: measurementRoute === 'asset' ? assetMeasurements : groupMeasurements, style, asset }
  }

  /** One message per cable, in the order of the document; `reason` is why none of them can be sent. */
  async function passOn(
    arrival: LegacyArrival,
    way: Way,
    receipts: LegacyArrival['receipts'],
    reason: string | undefined,
  ): Promise<PartAnswer[]> {
    const { link } = arrival
    let meters: Meters = new Map()
    let parts = translate(arrival, way, meters)
    if (way.peer === link.modern.id) arrival.groups.push(...groupsOf(parts))
    refuseWhole(parts)
    if (reason !== undefined) return parts.map(({ item }) => ({ item, verdict: 'REFUSED', message: reason }))
    const again = async () => {
      meters = await metersOf(link, way.peer, parts)
      parts = translate(arrival, way, meters)
    }
    if (way.style !== 'INTERMITTENT') await again()
    for (const part of parts) if ('receipt' in part) receipts.push(part.receipt)
    const answers: PartAnswer[] = []
    while (answers.length < parts.length) {
      const part = parts[answers.length]!
      const answer = await keep(arrival, way, part, meters).catch((error: unknown) => {
        if (answers.length === 0) throw error
        return { item: part.item, verdict: 'REFUSED', message: unkept } as const
      })
      // Somebody else has moved the meter: what it says is worked out anew, and what is counted already is only replaced.
      if (answer === 'overtaken') await again()
      else answers.push(answer)
    }
    return answers
  }

  async function keep(
    { request, link }: LegacyArrival,
    way: Way,
    part: Part,
    meters: Meters,
  ): Promise<PartAnswer | 'overtaken'> {
    const { item } = part
    if ('refusal' in part) return { item, verdict: 'REFUSED', message: part.refusal.message }
    if ('held' in part) return { item, verdict: 'ACCEPTED', message: part.held.message }
    const value = way.message === assetMeasurements ? withAsset(part.value, way.asset) : part.value
    const event = {
      kind: way.message,
      link: link.id,
      group: value.group_id as string,
      value,
      request: newId() as RequestId,
      exchange: request.exchange,
      at: now(),
      expires: now() + worthwhile,
    }
    const meter = meterOf(part.kept.meters as MeterStates | undefined, item)
    const cable = cableOf(part)
    const known = meters.get(cable)
    const revision = known?.revision ?? 0
    const also: Change[] = meter
      ? [{ id: meterId(link.id, cable), revision, write: { record: meter, due: 'not due', keepFor } }]
      : []
    if (!(await events.add(way.peer, event, also))) return 'overtaken'
    if (way.peer === link.modern.id) options.kept?.(link, value)
    if (meter) meters.set(cable, { record: meter, revision: revision + 1 })
    return { item, verdict: 'ACCEPTED' }
  }

  async function metersOf(link: Link, peer: PeerId, parts: readonly Part[]): Promise<Meters> {
    const cables = [...new Set(parts.map(cableOf))]
    const stored = await Promise.all(
      cables.map(
        async (cable) => [cable, await ledger.read<MeterState>({ peer, id: meterId(link.id, cable) })] as const,
      ),
    )
    return new Map(stored)
  }
}

/** What a meter is known by: the 1.0 name of the cable, or the group where a dialect reports one at a time and the engine names none. */
function cableOf(part: Part): string {
  return part.item === '' && 'value' in part ? String(part.value.group_id) : part.item
}

function meterId(link: LinkId, cable: string): string {
  return `meter/${link}/${cable}`
}

/** A real register is told as one where the party does not mind; else the energy of intervals. */
function translate({ request, link, compiled, context }: LegacyArrival, way: Way, meters: Meters): Part[] {
  const known = [...meters].flatMap(([cable, stored]) => (stored ? [[cable, stored.record] as const] : []))
  const isSplit = compiled.module.rules.some(({ verb }) => verb === 'split')
  const named = isSplit ? known : known.map(([, record]) => ['', record] as const)
  const own = { ...context, meters: Object.fromEntries(named), combinedAsset: way.asset ?? link.id }
  const { toModern } = way.message === compiled.module.modern ? compiled : link.crossing.byModern.get(way.message)!
  const say = (measurements: 'INTERMITTENT' | 'CONTINUOUS') =>
    toModern.translate(request.value, { ...own, measurements })
  if (way.style !== 'either') return say(way.style)
  const readings = say('CONTINUOUS')
  return say('INTERMITTENT').map((part, i) => (isRegister(readings[i]!) ? readings[i]! : part))
}

function isRegister(part: Part): boolean {
  const meters = 'kept' in part ? (part.kept.meters as MeterStates | undefined) : undefined
  return meterOf(meters, part.item)?.source === 'register'
}

/** Unless the profile names one asset for all, a group is its own. */
function withAsset(value: Value, asset: string | undefined): Value {
  if (asset !== undefined) return value
  const measurements = value.measurements as Value[]
  return { ...value, measurements: measurements.map((one) => ({ ...one, asset_id: value.group_id })) }
}
