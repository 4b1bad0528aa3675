/**
 * Tells an OSCP 2.0 party that a legacy operator cannot meet its forecast: once per forecast and set of blocks.
 * Limits: a limit that came of no message of that party is complained of to nobody; the alarm about it is raised elsewhere.
 */
import { createHash } from 'node:crypto'
import { GatewayError } from '../../errors.ts'
import type { Value } from '../../mapping/compile.ts'
import type { Event, EventKind, EventOutcome, EventQueue } from '../events.ts'
import type { Cause } from '../forecast-record.ts'
import type { ExchangeId, RequestId } from '../ids.ts'
import type { Ledger, LedgerKey } from '../ledger.ts'
import type { Link, Links, ModernWire } from '../peers.ts'
import { type Block, endOf } from '../schedule.ts'

export const complianceKind = 'compliance error'
const messageName = 'GroupCapacityComplianceError'
const week = 7 * 24 * 3600_000

export interface Complaint {
  readonly link: Link
  readonly group: string
  readonly blocks: readonly Block[]
  readonly cause: Cause | undefined
  readonly exchange: ExchangeId | undefined
  /** The message, in OSCP 2.0's words. */
  readonly value: Value
}

export interface Complaints {
  /** Rejects while it cannot be stored. */
  raise(complaint: Complaint): Promise<void>
}

export interface ComplaintsOptions {
  readonly ledger: Ledger
  readonly events: EventQueue
  readonly now: () => number
  readonly newId: () => string
}

export function complaints({ ledger, events, now, newId }: ComplaintsOptions): Complaints {
  return { raise }

  async function raise({ link, group, blocks, cause, exchange, value }: Complaint): Promise<void> {
    if (cause?.origin === undefined) return
    const peer = link.modern.id
    const key: LedgerKey = { peer, id: `complaint/${link.id}/${cause.origin}/${group}` }
    const about = createHash('sha256').update(JSON.stringify(blocks)).digest('base64url')
    const request = newId() as RequestId
    const own = exchange ?? (newId() as ExchangeId)
    const ids = { request, correlation: cause.origin, exchange: own, at: now(), expires: endOf(blocks) }
    const event: Event = { kind: complianceKind, link: link.id, group, value, ...ids }
    for (let tries = 0; tries < 20; tries++) {
      const stored = await ledger.read<{ about: string }>(key)
      if (stored?.record.about === about) return
      const keepFor = Math.max(0, endOf(blocks) - now()) + week
      const write = { record: { about }, due: 'not due', keepFor } as const
      if (await events.add(peer, event, [{ id: key.id, revision: stored?.revision ?? 0, write }])) return
    }
    throw new GatewayError('state-unavailable', 'The state is changed too often by others.')
  }
}

/** How complaints are sent; `withinMs` limits one attempt. */
export function complianceErrors(wire: ModernWire, links: Links, withinMs: number): EventKind {
  return {
    async send(id, { link, value, request, correlation, exchange }): Promise<EventOutcome> {
      const peer = links.byId(link)?.modern
      if (peer?.id !== id) return { verdict: 'dead', reason: 'The link leads to this party no more.' }
      const ids = { request, exchanges: [exchange], ...(correlation === undefined ? {} : { correlation }) }
      const outcome = await wire.send(peer, messageName, value, ids, withinMs)
      // Some answer a compliance error with 409: they have it (protocol/oscp-2.0.md section 9.2).
      const { status } = outcome
      if (outcome.verdict === 'accepted' || status === 409) return { verdict: 'done', status }
      if (outcome.verdict === 'refused') return { verdict: 'dead', reason: outcome.sentence, status }
      const { sentence, retryAfterMs, cause } = outcome
      return { verdict: 'later', sentence, cause, status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
    },
  }
}
