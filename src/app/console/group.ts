/** Reads everything that is stored of one group: what was received, what was delivered, what is kept for other cases. */
import type { GroupLimits } from '../../exchange/flows/group-limits.ts'
import { forecastKey } from '../../exchange/forecast-key.ts'
import { emptyRecord, type ForecastRecord } from '../../exchange/forecast-record.ts'
import type { Link } from '../../exchange/peers.ts'
import { type Block, overlay } from '../../exchange/schedule.ts'
import { type UsageRecord, usageKey } from '../../exchange/usage-kept.ts'
import type { GroupView, LinkRow } from '../../ops/console/data.ts'
import { digestOfAsked, digestOfLimit } from './digests.ts'
import { type ConsoleGround, receiverOf } from './ground.ts'
import { groupRow } from './rows.ts'

/** Undefined when nothing is known of the group. Rejects while the state is away. */
export async function readGroup(
  ground: ConsoleGround,
  link: Link,
  row: LinkRow,
  group: string,
): Promise<GroupView | undefined> {
  const { ledger, watch, now } = ground
  const peer = receiverOf(link)
  const of = (type: string) => ledger.read<ForecastRecord>(forecastKey(peer, link.id, type, group))
  const isDown = link.legacy.role !== 'dso'
  const [limit, fallback, optimum, usage, limits] = await Promise.all([
    of('CONSUMPTION'),
    of('FALLBACK_CONSUMPTION'),
    of('OPTIMUM'),
    ledger.read<UsageRecord>(usageKey(link, group)),
    isDown ? ledger.read<GroupLimits>({ peer, id: `limits/${link.id}/${group}` }) : undefined,
  ])
  const said = limits?.record.said
  if (!limit && !fallback && !said) return undefined
  const at = now()
  const record = limit?.record ?? emptyRecord(link.id, group, 'CONSUMPTION')
  const isAsked = limit === undefined && limits !== undefined
  return {
    at,
    link: row,
    row: groupRow(isAsked ? digestOfAsked(limits.record, at) : digestOfLimit(record, at), link, at),
    mode: limits?.record.mode,
    isTranslated: said === undefined,
    received: said ? (said.CONSUMPTION?.blocks ?? []) : wholeOf(record),
    delivered: record.held,
    fallback: said ? (said.FALLBACK_CONSUMPTION?.blocks ?? []) : fallback ? wholeOf(fallback.record) : [],
    optimum: said ? (said.OPTIMUM?.blocks ?? []) : (optimum?.record.held ?? []),
    usage: (usage?.record.intervals ?? []).map(({ start, end, energy }) => {
      return { start, end, power: Math.round((energy / (end - start)) * 3600_000 * 1000) / 1000 }
    }),
    problems: row.problems.filter((problem) => problem.group === group),
    versions: watch.versionsOf(forecastKey(peer, link.id, 'CONSUMPTION', group)),
  }
}

/** What was received and holds, whether the receiver has it yet or not; blocks that have ended stay. */
function wholeOf({ held, delivery, since, perPhase }: ForecastRecord): readonly Block[] {
  return [delivery?.blocks, since].reduce<readonly Block[]>(
    (whole, newer) => (newer ? overlay(whole, newer, Number.NEGATIVE_INFINITY, !perPhase) : whole),
    held,
  )
}
