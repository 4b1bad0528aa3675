/**
 * What is stored of every group's forecasts, for people: of which type, what holds now, until when, and where it stands.
 * Limits: read only; what one group states is read at one moment, all groups together are not.
 */
import type { GroupLimits } from './flows/group-limits.ts'
import { forecastKey, groupOf, typeOf } from './forecast-key.ts'
import type { ForecastRecord } from './forecast-record.ts'
import type { LinkId, PeerId } from './ids.ts'
import type { Ledger } from './ledger.ts'
import { type Block, endOf } from './schedule.ts'

/** A link as far as it matters here. */
export interface ViewedLink {
  readonly id: LinkId
  /** Who gets its limits, and in which words. */
  readonly receiver: PeerId
  readonly gets: 'OSCP 1.0' | 'OSCP 2.0'
  readonly optimum: 'show' | 'apply'
}

export interface LimitView {
  readonly link: LinkId
  readonly group: string
  readonly type: string
  readonly now: readonly Block[]
  /** When its last block ends, in milliseconds since 1970. */
  readonly until: number
  readonly standing: 'in force' | 'kept' | 'not in force'
  /** Of what is in force: whether the receiver has it, or how often it was tried in vain. */
  readonly delivery?: 'delivered' | { readonly attempts: number } | undefined
}

/** Rejects while the state is away. */
export async function viewLimits(ledger: Ledger, links: readonly ViewedLink[], now: number): Promise<LimitView[]> {
  const views = await Promise.all(links.map((link) => (link.gets === 'OSCP 1.0' ? down : up)(ledger, link, now)))
  return views.flat()
}

async function up(ledger: Ledger, { id: link, receiver }: ViewedLink, now: number): Promise<LimitView[]> {
  const ids = (await ledger.list(receiver, `forecast/${link}/`)).sort()
  const records = await Promise.all(ids.map((id) => ledger.read<ForecastRecord>({ peer: receiver, id })))
  return records.flatMap((stored, i): LimitView[] => {
    if (!stored) return []
    const key = { peer: receiver, id: ids[i]! }
    const { record } = stored
    const blocks = record.delivery ? [...record.delivery.blocks, ...(record.since ?? [])] : record.held
    const about = { link, group: groupOf(key), type: typeOf(key), ...spanOf(blocks, now) }
    return [{ ...about, standing: 'in force', delivery: deliveryOf(record) }]
  })
}

async function down(ledger: Ledger, link: ViewedLink, now: number): Promise<LimitView[]> {
  const { id, receiver: peer } = link
  const ids = (await ledger.list(peer, `limits/${id}/`)).sort()
  const views = ids.map(async (limitsId): Promise<LimitView[]> => {
    const limits = (await ledger.read<GroupLimits>({ peer, id: limitsId }))?.record
    if (!limits) return []
    const { group, said } = limits
    const record = (await ledger.read<ForecastRecord>(forecastKey(peer, id, 'CONSUMPTION', group)))?.record
    return Object.entries(said).flatMap(([type, one]): LimitView[] => {
      if (!one) return []
      const standing = standingOf(type, limits, link)
      const delivery = standing === 'in force' && record ? deliveryOf(record) : undefined
      return [{ link: id, group, type, ...spanOf(one.blocks, now), standing, delivery }]
    })
  })
  return (await Promise.all(views)).flat()
}

function standingOf(type: string, { mode }: GroupLimits, { optimum }: ViewedLink): LimitView['standing'] {
  if (type === 'CONSUMPTION') return mode === 'regular' ? 'in force' : 'not in force'
  if (type === 'FALLBACK_CONSUMPTION') return mode === 'fallback' ? 'in force' : 'kept'
  return type === 'OPTIMUM' && optimum === 'apply' && mode === 'regular' ? 'in force' : 'kept'
}

function spanOf(blocks: readonly Block[], now: number): Pick<LimitView, 'now' | 'until'> {
  return { now: blocks.filter(({ start, end }) => start <= now && now < end), until: endOf(blocks) }
}

function deliveryOf({ delivery, since }: ForecastRecord): LimitView['delivery'] {
  return delivery || since ? { attempts: delivery?.attempts ?? 0 } : 'delivered'
}
