/**
 * What a gateway has once, however often its configuration is read again: state, journal, metrics, traces, what it has seen.
 * Limits: `current` is asked only when somebody looks, never while the first parts are being put together.
 */

import type { Journal } from '../exchange/journal.ts'
import type { Ledger } from '../exchange/ledger.ts'
import type { Pace } from '../exchange/pace.ts'
import { ProcessMemory } from '../exchange/process-memory.ts'
import { type HttpClient, httpClient } from '../http/outbound.ts'
import type { Metrics } from '../ops/metrics.ts'
import type { Tracing } from '../ops/tracing.ts'
import type { Vault } from '../session/vault.ts'
import { Watch } from './console/watch.ts'
import { openJournal } from './journal.ts'
import { openState } from './ledger.ts'
import { metricsOf } from './metrics.ts'
import type { Parts, PartsOptions } from './parts.ts'
import { vaultOf } from './party.ts'
import { tracingOf } from './trace.ts'

export interface Lasting {
  readonly ledger: Ledger
  readonly pace: Pace
  readonly journal: Journal
  readonly metrics: Metrics
  readonly watch: Watch
  readonly tracing: Tracing
  readonly vault: Vault
  /** Of what is told to everybody, and of what only optimizers are told. */
  readonly memory: { readonly forecasts: ProcessMemory; readonly advice: ProcessMemory }
  /** Ends it, the state last. */
  close(withinMs: number): Promise<void>
}

export async function openLasting(options: PartsOptions, current: () => Parts): Promise<Lasting> {
  const { config, log, now } = options
  // Traces are told over connections of their own.
  const client: HttpClient = httpClient()
  const tracing = await tracingOf(options, client)
  const { ledger, pace } = await openState(config, log, now)
  const journal = await openJournal(config, () => Object.keys(current().config.peers), now)
  return {
    ledger,
    pace,
    journal,
    tracing,
    metrics: metricsOf(options, current),
    watch: new Watch(now),
    vault: vaultOf(config),
    memory: { forecasts: new ProcessMemory(), advice: new ProcessMemory() },
    async close(withinMs) {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise((resolve) => {
        timer = setTimeout(resolve, withinMs)
      })
      await Promise.race([tracing.stop(), late])
      clearTimeout(timer)
      await client.close()
      await Promise.all([journal.close(), ledger.close()])
    },
  }
}
