/**
 * What flows between a DSO of OSCP 1.0 and its flexibility providers of OSCP 2.0, besides the forecasts themselves.
 * Limits: nothing happens before the gateway listens.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { type Config, isLegacy } from '../config.ts'
import { asGatewayError } from '../errors.ts'
import type { Worker } from '../exchange/agenda.ts'
import type { EventKind, EventQueue } from '../exchange/events.ts'
import { adjustAtDso, adjustFlow, adjustKind, adjustMessage } from '../exchange/flows/adjust-at-dso.ts'
import { ConfiguredFallback } from '../exchange/flows/fallback-of-link.ts'
import { Seeding } from '../exchange/flows/seeding.ts'
import { complianceFlow, complianceMessage } from '../exchange/flows/unmet-forecasts.ts'
import {
  assetMeasurements,
  groupMeasurements,
  usageAtDso,
  usageAtDsoFlow,
  usageAtDsoKind,
} from '../exchange/flows/usage-at-dso.ts'
import type { Wishes } from '../exchange/flows/wishes.ts'
import type { ForecastNames } from '../exchange/forecast-names.ts'
import type { Forecasts } from '../exchange/forecasts.ts'
import type { PeerId } from '../exchange/ids.ts'
import type { Ledger } from '../exchange/ledger.ts'
import type { LegacyWire } from '../exchange/legacy.ts'
import type { Observer } from '../exchange/observer.ts'
import { contextOf, type Link, type Links } from '../exchange/peers.ts'
import type { ModernFlow } from '../exchange/receive-modern.ts'
import type { KeptUsage } from '../exchange/usage-kept.ts'
import type { Log } from '../ops/log.ts'

export interface DsoFlowsOptions {
  readonly config: Config
  readonly usage: KeptUsage
  readonly log: Log
  readonly links: Links
  readonly ledger: Ledger
  readonly observer: Observer
  readonly wire: LegacyWire
  readonly events: EventQueue
  readonly forecasts: Forecasts
  readonly names: ForecastNames
  readonly wishes: Wishes
  /** Whether the party can be sent ordinary messages now. */
  readonly isOnline: (peer: PeerId) => Promise<boolean>
  readonly now: () => number
  readonly newId: () => string
  readonly random: () => number
}

export interface DsoFlows {
  /** Messages of flexibility providers. */
  readonly modern: ReadonlyMap<string, ModernFlow>
  readonly kinds: ReadonlyMap<string, EventKind>
  readonly workers: Readonly<Record<string, Worker>>
  /** What follows when a party has come online and is owed again what it had. */
  readonly online: (peer: PeerId) => Promise<void>
  /** For parties that are online when the gateway starts; waits for the state if it must, until `stop`. */
  start(): void
  stop(): void
}

export function openDsoFlows(options: DsoFlowsOptions): DsoFlows {
  const { config, links, now, isOnline } = options
  const { timeout: attempt, firstRetry, longestRetry } = config.delivery
  const times = { attempt, firstRetry, longestRetry: Math.max(longestRetry, firstRetry) }
  const own = { ...options, attempt, times, contextOf: (link: Link) => contextOf(link, now(), config.offlineAfter) }
  const profile = (peer: PeerId) => profileOf(config, peer)
  const kept = options.usage.add.bind(options.usage)
  const usage = { ...own, kept, route: (peer: PeerId) => profile(peer).measurementRoute }
  const seeding = new Seeding(own)
  const fallback = new ConfiguredFallback({ ...own, grid: (peer) => profile(peer).forecastGrid })
  const stopped = new AbortController()
  warnOfSilentDsos(links, options.log)
  return {
    modern: new Map<string, ModernFlow>([
      [adjustMessage, adjustFlow(own)],
      [groupMeasurements, usageAtDsoFlow(usage)],
      [assetMeasurements, usageAtDsoFlow(usage)],
      [complianceMessage, complianceFlow({ ...own, strict: (peer) => profile(peer).strict })],
    ]),
    kinds: new Map([
      [adjustAtDso, adjustKind(own)],
      [usageAtDso, usageAtDsoKind(usage)],
    ]),
    workers: { seed: seeding, fallback },
    online: async (peer) => {
      // What is owed again of limits has a little patience, so that a new fallback is there first.
      await fallback.begin(peer)
      await seeding.begin(peer)
    },
    start: () => void begin().catch((error: unknown) => options.observer.alarm('agenda failure', { error })),
    stop: () => stopped.abort(),
  }

  async function begin(): Promise<void> {
    const waiting = new Set(links.list().flatMap(({ modern }) => (modern.role === 'fp' ? [modern.id] : [])))
    while (waiting.size > 0 && !stopped.signal.aborted) {
      for (const peer of waiting)
        try {
          if (await isOnline(peer)) {
            await fallback.goOn(peer)
            await seeding.begin(peer)
          }
          waiting.delete(peer)
        } catch (error) {
          if (asGatewayError(error).kind !== 'state-unavailable') throw error
        }
      if (waiting.size > 0) await delay(1000, undefined, { signal: stopped.signal, ref: false }).catch(() => undefined)
    }
  }
}

/** What a peer of OSCP 2.0 is like; of any other nothing is asked. */
function profileOf(config: Config, id: PeerId) {
  const peer = config.peers[id]!
  if (isLegacy(peer)) throw new Error(`${id} has no profile`)
  return peer.profile
}

function warnOfSilentDsos(links: Links, log: Log): void {
  for (const { id, legacy } of links.list())
    if (legacy.role === 'dso' && legacy.url === undefined)
      log.warn(
        `${legacy.id} has no url, so it cannot be called: wishes and usage of the link ${id} are answered 501, and nobody is told what held before a start.`,
      )
}
