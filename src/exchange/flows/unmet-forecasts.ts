/**
 * A flexibility provider says that it cannot meet a forecast: kept for the operator with the forecast it is about, and a person
 * is told. OSCP 1.0 has no message for it, and it never becomes a wish for other capacities.
 * Limits: the last hundred of a link are kept, for a month after the last; of one with very many blocks, the first hundred.
 */
import { isDeepStrictEqual } from 'node:util'
import { GatewayError } from '../../errors.ts'
import type { Value } from '../../mapping/compile.ts'
import type { ForecastRecord } from '../forecast-record.ts'
import { wasSent } from '../forecast-record.ts'
import type { ExchangeId, LinkId, PeerId, RequestId } from '../ids.ts'
import type { Ledger } from '../ledger.ts'
import type { ModernRequest } from '../modern.ts'
import type { Observer } from '../observer.ts'
import type { Link, Links } from '../peers.ts'
import type { ModernFlow } from '../receive-modern.ts'
import { type Block, blocksOf } from '../schedule.ts'

export const complianceMessage = 'GroupCapacityComplianceError'

/** One error, as the operator is shown it. */
export interface ComplianceError {
  readonly link: LinkId
  /** The forecast it is about, as far as that could be found out. */
  readonly group?: string | undefined
  readonly type?: string | undefined
  /** How that was found out: by the message it names, or by its blocks. */
  readonly by: 'correlation' | 'blocks' | 'nothing'
  readonly correlation?: RequestId | undefined
  readonly message: string
  readonly blocks: readonly Block[]
  readonly exchange: ExchangeId
  readonly at: number
}

export interface ComplianceOptions {
  readonly links: Links
  readonly ledger: Ledger
  readonly observer: Observer
  /** Whether an error that names no forecast of ours is refused. */
  readonly strict: (peer: PeerId) => boolean
  readonly now: () => number
}

const kept = 100
const keepFor = 30 * 24 * 3600_000
/** Records read at a time. */
const atOnce = 64

export function complianceFlow({ links, ledger, observer, strict, now }: ComplianceOptions): ModernFlow {
  return async (request, first) => {
    const { peer, correlation, exchange, value } = request
    const blocks = value.forecasted_blocks === undefined ? [] : blocksOf(value)
    const found = await findForecast(request, blocks)
    if (!found && correlation !== undefined && strict(peer)) {
      const sentence = 'names no forecast that was sent'
      throw new GatewayError('group-unknown', `X-Correlation-ID ${sentence}`, {
        problems: [{ path: 'X-Correlation-ID', sentence }],
      })
    }
    const link = found ? links.byId(found.record.link)! : first
    const error: ComplianceError = {
      link: link.id,
      group: found?.record.group,
      type: found?.record.type,
      by: found?.by ?? 'nothing',
      correlation,
      message: String(value.message),
      blocks: blocks.slice(0, kept),
      exchange,
      at: now(),
    }
    if (await note(peer, link, error)) {
      const about = { peer, link: link.id, ...(error.group === undefined ? {} : { group: error.group }) }
      observer.alarm('forecast cannot be met', { ...about, error: error.message })
    }
    return undefined
  }

  /** By the message that is named, else by its blocks; several forecasts that fit are no answer. */
  async function findForecast({ peer, correlation }: ModernRequest, blocks: readonly Block[]) {
    const records = await recordsOf(peer)
    const named = correlation && records.find((record) => wasSent(record, correlation))
    if (named) return { record: named, by: 'correlation' as const }
    const fitting = blocks.length > 0 ? records.filter((record) => states(record, blocks)) : []
    return fitting.length === 1 ? { record: fitting[0]!, by: 'blocks' as const } : undefined
  }

  async function recordsOf(peer: PeerId): Promise<ForecastRecord[]> {
    const own = new Set(links.ofModern(peer).map(({ id }) => id))
    const ids = await ledger.list(peer, 'forecast/')
    const records: ForecastRecord[] = []
    for (let i = 0; i < ids.length; i += atOnce) {
      const read = ids.slice(i, i + atOnce).map((id) => ledger.read<ForecastRecord>({ peer, id }))
      for (const stored of await Promise.all(read))
        if (stored && own.has(stored.record.link)) records.push(stored.record)
    }
    return records
  }

  /** False when the same was said before: a repeat is nothing new to a person. */
  async function note(peer: PeerId, link: Link, error: ComplianceError): Promise<boolean> {
    const key = { peer, id: `compliance/${link.id}` }
    for (;;) {
      const stored = await ledger.read<readonly ComplianceError[]>(key)
      const known = stored?.record ?? []
      if (known.some((old) => isSame(old, error))) return false
      const record = [...known, error].slice(-kept)
      const write = { record, due: 'not due', keepFor } as const
      if (await ledger.write(key, stored?.revision ?? 0, write)) return true
    }
  }
}

function isSame(old: ComplianceError, error: ComplianceError): boolean {
  const about = ({ exchange: _, at: _at, ...rest }: ComplianceError) => JSON.parse(JSON.stringify(rest)) as Value
  return error.correlation !== undefined && isDeepStrictEqual(about(old), about(error))
}

/** Whether the peer was told each of these blocks, or one that covers it, with this capacity. */
function states({ held, delivery }: ForecastRecord, blocks: readonly Block[]): boolean {
  const told = [...held, ...(delivery?.blocks ?? [])]
  return blocks.every((block) =>
    told.some(
      (own) =>
        own.start <= block.start &&
        own.end >= block.end &&
        own.capacity === block.capacity &&
        own.unit === block.unit &&
        own.phase === block.phase,
    ),
  )
}
