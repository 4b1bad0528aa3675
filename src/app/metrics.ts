/** Opens the metrics of a gateway: which labels they may have, and where they look when somebody asks for them. */
import type { PeerId } from '../exchange/ids.ts'
import type { Crossing } from '../mapping/crossings.ts'
import { type Metrics, openMetrics } from '../ops/metrics.ts'
import type { StateReading } from '../ops/metrics-state.ts'
import type { Parts, PartsOptions } from './parts.ts'
import { stateReader } from './state-reading.ts'

/** `current` is asked whenever something is counted or read: the parties and mappings may be others by then. */
export function metricsOf({ version, revision, now }: PartsOptions, current: () => Parts): Metrics {
  let known: { readonly of: Parts; readonly names: ReadonlySet<string>; readonly readState: ReadState } | undefined
  const about = () => {
    const parts = current()
    if (known?.of === parts) return known
    const { ledger, liveness, party, links, crossings } = parts
    const { sessions, peers: modern } = party
    const readState = stateReader({ ledger, links, liveness, sessions, modern, now })
    known = { of: parts, names: new Set(crossings.flatMap(messageNames)), readState }
    return known
  }
  return openMetrics({
    isPeer: (id) => Object.hasOwn(current().config.peers, id),
    isOperation: (name) => about().names.has(name) || current().kinds.has(name),
    mappings: () => current().crossings,
    build: { version, revision },
    now,
    async read() {
      const { of, readState } = about()
      const { breakers, certificates, config } = of
      const states = new Map(breakers.circuits().map((circuit) => [circuit.peer, circuit.state]))
      const circuits = Object.keys(config.peers).map((peer) => ({
        peer,
        state: states.get(peer as PeerId) ?? 'closed',
      }))
      return { state: await readState(), circuits, certificates: certificates.list() }
    },
  })
}

type ReadState = () => Promise<StateReading['state']>

/** Of both protocols: what is received and what is sent has one of these names. */
function messageNames({ legacy, modern }: Crossing): string[] {
  const operations = legacy.services.flatMap((service) => service.operations.map(({ name }) => name))
  return [...operations, ...modern.messages.keys()]
}
