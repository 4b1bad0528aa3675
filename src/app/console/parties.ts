/** Reads how one party stands: its session or signs of life, what waits for it, what it owes an answer to, what was given up. */
import type { Event } from '../../exchange/events.ts'
import type { GroupLimits } from '../../exchange/flows/group-limits.ts'
import { groupOf, typeOf } from '../../exchange/forecast-key.ts'
import type { ForecastRecord } from '../../exchange/forecast-record.ts'
import type { PeerId } from '../../exchange/ids.ts'
import type { Stored } from '../../exchange/ledger.ts'
import type { LegacyView } from '../../exchange/liveness.ts'
import { type Dead, eventId, type Queue, queueKey } from '../../exchange/queue-record.ts'
import type { Party, Session, Standing } from '../../ops/console/data.ts'
import type { SessionView } from '../../session/api.ts'
import type { Reads } from './bounded.ts'
import type { ConsoleGround } from './ground.ts'

export interface PartyReading {
  readonly party: Party
  readonly limits: readonly ForecastRecord[]
  /** What is said of groups that it was never sent anything of. */
  readonly unsent: readonly GroupLimits[]
  /** How many of its dead messages belong to each link. */
  readonly deadOf: ReadonlyMap<string, number>
}

const mostGroups = 5000
const mostDead = 1000

/** `legacy` is what is known of its signs of life; without it the party speaks OSCP 2.0. */
export async function readParty(
  ground: ConsoleGround,
  ledger: Reads,
  peer: PeerId,
  legacy: LegacyView | undefined,
): Promise<PartyReading> {
  const { sessions, breakers, watch, now } = ground
  const [agenda, queue, ids, session] = await Promise.all([
    ledger.agenda(peer),
    ledger.read<Queue>(queueKey(peer)),
    ledger.list(peer, ''),
    legacy ? undefined : ledger.other(() => sessions.state(peer)),
  ])
  const { first = 0, next = 0 } = queue?.record ?? {}
  const isLimit = (id: string) => id.startsWith('forecast/') && typeOf({ peer, id }) === 'CONSUMPTION'
  const read = <T>(id: string) => ledger.read<T>({ peer, id })
  const deadIds = ids.filter((id) => id.startsWith('dead/')).slice(0, mostDead)
  const sent = ids.filter(isLimit).slice(0, mostGroups)
  const names = new Set(sent.map((id) => `limits/${id.split('/')[1]}/${groupOf({ peer, id })}`))
  const unsentIds = ids.filter((id) => id.startsWith('limits/') && !names.has(id)).slice(0, mostGroups)
  const [waits, limits, unsent, dead] = await Promise.all([
    next > first ? read<Event>(eventId(first)) : undefined,
    Promise.all(sent.map(read<ForecastRecord>)),
    Promise.all(unsentIds.map(read<GroupLimits>)),
    Promise.all(deadIds.map(read<Dead>)),
  ])
  const circuit = breakers.circuits().find((one) => one.peer === peer)
  const party: Party = {
    peer,
    ...(legacy ? ofLegacy(legacy) : ofModern(session!, now())),
    circuit: circuit?.state ?? 'closed',
    circuitSince: circuit?.since,
    lastFailure: watch.failureOf(peer),
    agenda: agenda.size,
    overdueMs: agenda.overdueMs,
    waiting: next - first,
    waitingSince: waits?.record.at,
    dead: deadIds.length,
  }
  const deadOf = new Map<string, number>()
  for (const stored of dead) if (stored) deadOf.set(stored.record.link, (deadOf.get(stored.record.link) ?? 0) + 1)
  return { party, limits: recordsOf(limits), unsent: recordsOf(unsent), deadOf }
}

function recordsOf<T>(found: readonly (Stored<T> | undefined)[]): T[] {
  return found.flatMap((stored) => (stored ? [stored.record] : []))
}

function ofLegacy({ role, heartbeats, lastSeen, alive }: LegacyView): Pick<Party, 'role' | 'standing'> {
  const standing: Standing = alive ? 'here' : lastSeen === undefined ? 'unknown' : 'away'
  const seen = { lastSeen, heartbeats }
  return { role, standing, ...seen }
}

function ofModern(view: SessionView, now: number): Pick<Party, 'role' | 'standing'> {
  const { role, state, lastSeen, offlineAt } = view
  const isLate = offlineAt !== undefined && now >= offlineAt
  const standings: Readonly<Record<SessionView['state'], Standing>> = {
    NEW: view.unregistered ? 'away' : 'unknown',
    PENDING: 'coming',
    REGISTERED: 'coming',
    ONLINE: isLate ? 'away' : 'here',
    OFFLINE: 'away',
  }
  const { since, registration, url, version, tokenWaitsUntil, unregistered, owed, suspect, lastError } = view
  const told = { state, since, registration, url, version, offlineAt, tokenWaitsUntil, unregistered, owed }
  const session: Session = { ...told, suspect, lastError }
  const seen = { lastSeen, session }
  return { role, standing: standings[state], ...seen }
}
