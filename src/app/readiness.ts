/** Judges whether a gateway has started and can do its work, reason by reason. Peers that are away are told, and are no reason. */
import type { PeerId } from '../exchange/ids.ts'
import type { Readiness, Startup } from '../ops/probes.ts'
import type { Beginning } from './beginning.ts'
import type { Told } from './parts.ts'

/** What of a gateway changes while it runs. */
export interface Phase {
  draining: boolean
  /** Undefined until it listens. */
  beginning: Beginning | undefined
}

export async function readinessOf({ ledger }: Pick<Told, 'ledger'>, phase: Phase): Promise<Readiness> {
  return {
    // Nothing is assembled before the mappings are accounted for.
    mappings: true,
    listeners: phase.beginning !== undefined,
    state: await ledger.isReady(),
    sessions: phase.beginning?.sessions() ?? false,
    accepting: !phase.draining,
  }
}

export function startupOf({ beginning }: Phase): Startup {
  return {
    configuration: true,
    mappings: true,
    listeners: beginning !== undefined,
    state: beginning?.state() ?? 'awaited',
  }
}

/** How each party stands; `online` of an OSCP 2.0 party only, and not while the state is away. */
export async function partiesOf({ config, breakers, party, liveness }: Told) {
  const circuits = new Map(breakers.circuits().map(({ peer, state }) => [peer, state]))
  const modern = new Set(party.peers)
  const legacy = await liveness.list().catch(() => [])
  const entries = Object.keys(config.peers).map(async (id) => {
    const peer = id as PeerId
    const circuit = circuits.get(peer) ?? 'closed'
    if (!modern.has(peer)) return [id, { circuit, alive: legacy.find((one) => one.peer === peer)?.alive }] as const
    const state = await party.sessions.state(peer).catch(() => undefined)
    return [id, { circuit, session: state?.state }] as const
  })
  return Object.fromEntries(await Promise.all(entries))
}
