/**
 * Metrics of one gateway in the Prometheus text format: what the exchange tells its observers is counted, the rest read when asked.
 * Limits: labels come from the configuration, the contracts and closed lists of this code; anything else counts as `other`.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { errorTable } from '../errors.ts'
import { alarms } from '../exchange/alarms.ts'
import type { Alarm, DeliveryLine, ExchangeLine, Observer } from '../exchange/observer.ts'
import type { Receipt } from '../mapping/run.ts'
import { type StateReading, stateMetrics } from './metrics-state.ts'
import { Tally } from './metrics-tally.ts'

export interface MetricsOptions {
  /** Whether it is a configured party. */
  readonly isPeer: (id: string) => boolean
  /** Whether it is the name of a message of either protocol. */
  readonly isOperation: (name: string) => boolean
  /** Reads the state, the sessions and the certificates. Resolves in any case, without the state when it is away. */
  readonly read: () => Promise<StateReading>
  readonly mappings: () => readonly { readonly id: string; readonly hash: string }[]
  readonly build: { readonly version: string; readonly revision: string }
  /** Milliseconds since 1970. */
  readonly now: () => number
}

export interface Metrics {
  readonly observer: Observer
  readonly contentType: string
  text(): Promise<string>
}

const seconds = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const delays = [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 60, 300, 900, 3600, 14_400, 86_400]

export function openMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const name = (rest: string) => `oscp_gateway_${rest}`
  const exchanges = new Counter({
    name: name('exchanges_total'),
    help: 'Messages received and answered.',
    labelNames: ['peer', 'operation', 'direction', 'outcome'],
    registers,
  })
  const durations = new Histogram({
    name: name('exchange_duration_seconds'),
    help: 'Time from the message to its answer.',
    labelNames: ['peer', 'operation', 'direction', 'outcome'],
    buckets: seconds,
    registers,
  })
  const refused = new Counter({
    name: name('refused_total'),
    help: 'Messages refused, by kind of error; `busy` are those over the rate limit.',
    labelNames: ['kind'],
    registers,
  })
  const attempts = new Counter({
    name: name('deliveries_total'),
    help: 'Attempts to deliver a message.',
    labelNames: ['peer', 'operation', 'direction', 'outcome'],
    registers,
  })
  const attemptDurations = new Histogram({
    name: name('delivery_duration_seconds'),
    help: 'Time of one attempt to deliver.',
    labelNames: ['peer', 'operation'],
    buckets: seconds,
    registers,
  })
  const delay = new Histogram({
    name: name('delivery_delay_seconds'),
    help: "Time from a message's acceptance until the other party has it.",
    labelNames: ['peer', 'operation'],
    buckets: delays,
    registers,
  })
  const translations = new Counter({
    name: name('translations_total'),
    help: 'Translations, by how true the result is: exact, safe or approximate.',
    labelNames: ['message', 'direction', 'fidelity'],
    registers,
  })
  const fields = new Counter({
    name: name('fields_total'),
    help: 'Fields that were not merely copied, by what was done to them: dropped, filled, kept, restored, converted, held.',
    labelNames: ['message', 'direction', 'verb'],
    registers,
  })
  const raised = new Counter({ name: name('alarms_total'), help: 'Alarms raised.', labelNames: ['alarm'], registers })
  // What has not happened yet is 0, so that the first time is seen as an increase.
  for (const alarm of alarms) raised.inc({ alarm }, 0)
  for (const kind of Object.keys(errorTable)) refused.inc({ kind }, 0)
  const received = new Tally(exchanges, ['peer', 'operation', 'direction', 'outcome'])
  const delivered = new Tally(attempts, ['peer', 'operation', 'direction', 'outcome'])
  const translated = new Tally(translations, ['message', 'direction', 'fidelity'])
  const treated = new Tally(fields, ['message', 'direction', 'verb'])
  const tallies = [received, delivered, translated, treated]
  const describeMappings = describeBuild(registry, options)

  const peerLabel = (peer: string | undefined) => labelOf(peer, options.isPeer)
  const operationLabel = (operation: string | undefined) => labelOf(operation, options.isOperation)
  const state = stateMetrics(registry)
  return {
    observer: { exchanged, attempted, alarm: (alarm: Alarm) => raised.inc({ alarm }) },
    contentType: registry.contentType,
    async text() {
      describeMappings()
      for (const tally of tallies) tally.tell()
      state.show(await options.read(), options.now())
      return Registry.merge([registry, processRegistry()]).metrics()
    },
  }

  function exchanged({ peer, operation, direction, outcome, durationMs, receipts }: ExchangeLine): void {
    const labels = { peer: peerLabel(peer), operation: operationLabel(operation), direction, outcome }
    received.add(1, labels.peer, labels.operation, direction, outcome)
    durations.observe(labels, durationMs / 1000)
    if (outcome in errorTable) refused.inc({ kind: outcome })
    count(receipts)
  }

  function attempted(line: DeliveryLine): void {
    const { peer, message = 'UpdateGroupCapacityForecast', direction = 'toModern', outcome } = line
    const labels = { peer: peerLabel(peer), operation: operationLabel(message) }
    delivered.add(1, labels.peer, labels.operation, direction, outcome)
    if (line.durationMs !== undefined) attemptDurations.observe(labels, line.durationMs / 1000)
    if (outcome === 'accepted' && line.acceptedAt !== undefined)
      delay.observe(labels, Math.max(0, options.now() - line.acceptedAt) / 1000)
    if (line.receipts) count(line.receipts)
  }

  function count(receipts: readonly Receipt[]): void {
    for (const { message, direction, fidelity, entries, of = 1 } of receipts) {
      translated.add(of, message, direction, fidelity)
      for (const { verb, count } of entries) treated.add(count, message, direction, verb)
    }
  }
}

function labelOf(value: string | undefined, isKnown: (value: string) => boolean): string {
  if (value === undefined) return 'none'
  return isKnown(value) ? value : 'other'
}

function describeBuild(registry: Registry, { mappings, build }: MetricsOptions): () => void {
  const registers = [registry]
  const labels = { version: build.version, revision: build.revision, node: process.version }
  const info = new Gauge({
    name: 'oscp_gateway_build_info',
    help: 'What runs.',
    labelNames: ['version', 'revision', 'node'],
    registers,
  })
  info.set(labels, 1)
  const mapping = new Gauge({
    name: 'oscp_gateway_mapping_info',
    help: 'Hash of each compiled mapping.',
    labelNames: ['mapping', 'hash'],
    registers,
  })
  return () => {
    mapping.reset()
    for (const { id, hash } of mappings()) mapping.set({ mapping: id, hash }, 1)
  }
}

let ofProcess: Registry | undefined

/** Memory, CPU and event loop belong to the process, however many gateways run in it; they are measured from the first look on. */
function processRegistry(): Registry {
  if (!ofProcess) {
    ofProcess = new Registry()
    collectDefaultMetrics({ register: ofProcess })
  }
  return ofProcess
}
