/** Opens the metrics of a gateway: which labels they may have, and where they look when somebody asks for them. */
import type { PeerId } from '../exchange/ids.ts'
import type { Links } from '../exchange/peers.ts'
import type { Crossing } from '../mapping/crossings.ts'
import { type Metrics, openMetrics } from '../ops/metrics.ts'
import type { StateReading } from '../ops/metrics-state.ts'
import type { Parts, PartsOptions } from './parts.ts'
import { stateReader } from './state-reading.ts'

/** `kinds` are the messages that wait in queues, by name. `parts` is called when somebody asks, not before. */
export function metricsOf(
  { config, crossings, version, revision, now }: PartsOptions,
  links: Links,
  kinds: ReadonlyMap<string, unknown>,
  parts: () => Parts,
): Metrics {
  const names = new Set(crossings.flatMap(messageNames))
  let readState: (() => Promise<StateReading['state']>) | undefined
  return openMetrics({
    peers: Object.keys(config.peers),
    isOperation: (name) => names.has(name) || kinds.has(name),
    mappings: crossings,
    build: { version, revision },
    now,
    async read() {
      const { ledger, liveness, breakers, certificates, party } = parts()
      const { sessions, peers: modern } = party
      readState ??= stateReader({ ledger, links, liveness, sessions, modern, now })
      const known = new Map(breakers.circuits().map((circuit) => [circuit.peer, circuit.state]))
      const circuits = Object.keys(config.peers).map((peer) => ({ peer, state: known.get(peer as PeerId) ?? 'closed' }))
      return { state: await readState(), circuits, certificates: certificates.list() }
    },
  })
}

/** Of both protocols: what is received and what is sent has one of these names. */
function messageNames({ legacy, modern }: Crossing): string[] {
  const operations = legacy.services.flatMap((service) => service.operations.map(({ name }) => name))
  return [...operations, ...modern.messages.keys()]
}
