/** What rows show of a record, and nothing else of it. Limits: pure. */
import type { GroupLimits } from '../../exchange/flows/group-limits.ts'
import type { ComplianceError } from '../../exchange/flows/unmet-forecasts.ts'
import { carriedSince, type ForecastRecord, verdictOn } from '../../exchange/forecast-record.ts'
import { endOf } from '../../exchange/schedule.ts'
import type { GroupRow, Problem } from '../../ops/console/data.ts'
import { Timeline } from './timeline.ts'

/** Of the limits of one group. */
export interface LimitDigest extends Omit<GroupRow, 'cable' | 'now' | 'until'> {
  readonly link: string
  readonly held: Timeline
}

export function digestOfLimit(record: ForecastRecord, now: number): LimitDigest {
  const { link, group, version, at, settled, settledAt, held, delivery, since } = record
  const said = verdictOn(record, settled)
  const isOwed = delivery !== undefined || since !== undefined
  return {
    link,
    group,
    version,
    at,
    settled,
    settledAt,
    attempts: isOwed ? (delivery?.attempts ?? 0) : undefined,
    owedSince: isOwed ? (carriedSince(record) ?? at) : undefined,
    refused: settled > 0 && typeof said === 'object' ? said.refused : undefined,
    held: new Timeline(held, now),
  }
}

/** Of a group whose operator asks for its limits: what it would be told. */
export function digestOfAsked({ link, group, said }: GroupLimits, now: number): LimitDigest {
  const { blocks = [], at } = said.CONSUMPTION ?? {}
  return { link, group, version: 0, at, settled: 0, held: new Timeline(blocks, now), asks: true }
}

export function problemOf({ link, group, type, message, blocks, exchange, at }: ComplianceError): Problem {
  const until = blocks.length > 0 ? endOf(blocks) : undefined
  return { link, group, type, message, exchange, at, until }
}
