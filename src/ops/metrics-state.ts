/**
 * Gauges of what stands in the state, shown anew at every look: what is owed, who is there, how far limits reach.
 * Limits: while the state is away, what is only known from it is absent rather than old.
 */
import { Gauge, type Registry } from 'prom-client'
import type { CircuitState } from '../exchange/breaker.ts'

/** How one party stands. Instants in milliseconds since 1970. */
export interface PeerReading {
  readonly peer: string
  /** Of an OSCP 2.0 party. */
  readonly online?: boolean
  /** Of an OSCP 1.0 party. */
  readonly alive?: boolean
  readonly lastSeen?: number | undefined
  readonly agenda: { readonly size: number; readonly overdueMs: number }
  readonly events: number
  readonly oldestEvent?: number | undefined
  /** Limits that it has not acknowledged yet, and when the oldest was accepted. */
  readonly owed: number
  readonly oldestOwed?: number | undefined
  readonly dead: number
}

export interface LinkReading {
  readonly link: string
  /** When the last block ends that the receiver has acknowledged. */
  readonly lastEnd?: number | undefined
  /** Groups with an acknowledged limit for now, and those that had one. */
  readonly covered: number
  readonly uncovered: number
}

export interface StateReading {
  /** Undefined while the state cannot be read. */
  readonly state: { readonly peers: readonly PeerReading[]; readonly links: readonly LinkReading[] } | undefined
  readonly circuits: readonly { readonly peer: string; readonly state: CircuitState }[]
  readonly certificates: readonly { readonly face: string; readonly peer?: string; readonly expiresAt: number }[]
}

const circuitStates: readonly CircuitState[] = ['closed', 'half-open', 'open']

export function stateMetrics(registry: Registry): { show(reading: StateReading, now: number): void } {
  const gauge = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Gauge({ name: `oscp_gateway_${name}`, help, labelNames, registers: [registry] })
  const up = gauge('state_up', 'Whether the state can be read.')
  const online = gauge('peer_online', 'Whether an OSCP 2.0 party is online.', 'peer')
  const alive = gauge('legacy_alive', 'Whether an OSCP 1.0 party counts as alive.', 'peer')
  const age = gauge('heartbeat_age_seconds', 'Time since the last sign of life of a party.', 'peer')
  const depth = gauge('agenda_records', 'Records of a party with something to be done, now or later.', 'peer')
  const overdue = gauge(
    'agenda_overdue_seconds',
    'For how long the earliest record has been due; 0 if none is.',
    'peer',
  )
  const owed = gauge('limits_owed', 'Limits that a party has not acknowledged yet.', 'peer')
  const oldestOwed = gauge('limits_owed_oldest_seconds', 'Age of the oldest of them; 0 if there is none.', 'peer')
  const events = gauge('events_waiting', 'Messages in the queue of a party.', 'peer')
  const oldestEvent = gauge('events_oldest_seconds', 'Age of the first of them; 0 if there is none.', 'peer')
  const dead = gauge('dead_messages', 'Messages of a party that were given up.', 'peer')
  const horizon = gauge(
    'forecast_horizon_seconds',
    'Time until the last limit ends that the receiver of a link has acknowledged; absent if it never had one.',
    'link',
  )
  const groups = gauge(
    'forecast_groups',
    'Groups of a link with (covered) and without (uncovered) an acknowledged limit for now.',
    'link',
    'limit',
  )
  const circuit = gauge('circuit_state', '1 for the state that the circuit of a party is in.', 'peer', 'state')
  const expiry = gauge('certificate_expiry_seconds', 'Time until a certificate of ours ends.', 'face', 'peer')
  const all = [online, alive, age, depth, overdue, owed, oldestOwed, events, oldestEvent, dead, horizon, groups]

  return {
    show({ state, circuits, certificates }, now) {
      const since = (at: number | undefined) => (at === undefined ? 0 : Math.max(0, now - at) / 1000)
      for (const each of [...all, circuit, expiry]) each.reset()
      up.set(state ? 1 : 0)
      for (const one of state?.peers ?? []) {
        const { peer } = one
        if (one.online !== undefined) online.set({ peer }, Number(one.online))
        if (one.alive !== undefined) alive.set({ peer }, Number(one.alive))
        if (one.lastSeen !== undefined) age.set({ peer }, since(one.lastSeen))
        depth.set({ peer }, one.agenda.size)
        overdue.set({ peer }, one.agenda.overdueMs / 1000)
        owed.set({ peer }, one.owed)
        oldestOwed.set({ peer }, since(one.oldestOwed))
        events.set({ peer }, one.events)
        oldestEvent.set({ peer }, since(one.oldestEvent))
        dead.set({ peer }, one.dead)
      }
      for (const { link, lastEnd, covered, uncovered } of state?.links ?? []) {
        if (lastEnd !== undefined) horizon.set({ link }, (lastEnd - now) / 1000)
        groups.set({ link, limit: 'covered' }, covered)
        groups.set({ link, limit: 'uncovered' }, uncovered)
      }
      for (const { peer, state: current } of circuits)
        for (const name of circuitStates) circuit.set({ peer, state: name }, Number(name === current))
      for (const { face, peer = 'none', expiresAt } of certificates)
        expiry.set({ face, peer }, (expiresAt - now) / 1000)
    },
  }
}
