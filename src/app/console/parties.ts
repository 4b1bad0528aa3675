/** How one party stands: its session or signs of life, what waits for it, what it owes an answer to, what was given up. */
import type { Circuit } from '../../exchange/breaker.ts'
import type { PeerId } from '../../exchange/ids.ts'
import { type LegacyView, type Sign, signId } from '../../exchange/liveness.ts'
import type { LegacyPeer } from '../../exchange/peers.ts'
import type { Party, Problem, Session, Standing } from '../../ops/console/data.ts'
import type { SessionView } from '../../session/api.ts'
import { type SessionRecord, sessionId } from '../../session/record.ts'
import type { LimitDigest } from './digests.ts'
import type { ConsoleGround } from './ground.ts'
import type { Shelf } from './shelf.ts'

/** What a party's records say of its links. */
export interface Holdings {
  /** By link, the limits that it was sent, or would be told if it asked. */
  readonly limits: ReadonlyMap<string, readonly LimitDigest[]>
  /** By link, its dead messages. */
  readonly dead: ReadonlyMap<string, readonly unknown[]>
  /** By link, what it reported that it cannot do. */
  readonly problems: ReadonlyMap<string, readonly Problem[]>
}

const found = new WeakMap<Shelf, { readonly version: number; readonly holdings: Holdings }>()

/** The same object as long as nothing on the shelf changes. */
export function holdingsOf(shelf: Shelf): Holdings {
  const { version } = shelf
  const known = found.get(shelf)
  if (known?.version === version) return known.holdings
  const sent = shelf.all<LimitDigest>('forecast/')
  const names = new Set(sent.map(nameOf))
  const asked = shelf.all<LimitDigest>('limits/').filter((digest) => !names.has(nameOf(digest)))
  const holdings = {
    limits: byLink([...sent, ...asked]),
    dead: byLink(shelf.all<{ readonly link: string }>('dead/')),
    problems: byLink(shelf.all<readonly Problem[]>('compliance/').flat()),
  }
  found.set(shelf, { version, holdings })
  return holdings
}

/** How a party stood the last time, what that was made of, and until when it stands so if nothing of it changes. */
interface Stand {
  readonly of: readonly unknown[]
  readonly until: number
  readonly party: Party
}

const stands = new WeakMap<Shelf, Stand>()

/** By what lies on its shelf; the same object as long as nothing changes. A party of OSCP 2.0 is known by its name. */
export async function partyOf(
  { sessions, liveness, watch, now }: ConsoleGround,
  shelf: Shelf,
  about: LegacyPeer | PeerId,
  circuit: Circuit | undefined,
): Promise<Party> {
  const isLegacy = typeof about === 'object'
  const [peer, at] = [isLegacy ? about.id : about, now()]
  const view = isLegacy ? await liveness.view(about, shelf.one<Sign>(signId)?.at) : undefined
  const lastFailure = watch.failureOf(peer)
  const { size, overdueMs } = shelf.agenda
  const of = [about, shelf.version, size, overdueMs, view?.alive, circuit?.state, circuit?.since, lastFailure]
  const before = stands.get(shelf)
  if (before && at < before.until && of.every((part, i) => part === before.of[i])) return before.party
  const { first = 0, next = 0 } = shelf.queue ?? {}
  const standing = view ? ofLegacy(view) : ofModern(sessions.view(peer, shelf.one<SessionRecord>(sessionId)), at)
  const party: Party = {
    peer,
    ...standing,
    circuit: circuit?.state ?? 'closed',
    circuitSince: circuit?.since,
    lastFailure,
    agenda: size,
    overdueMs,
    waiting: next - first,
    waitingSince: next > first ? shelf.all<{ readonly at: number }>('event/')[0]?.at : undefined,
    dead: shelf.all('dead/').length,
  }
  const offlineAt = party.session?.offlineAt ?? Number.POSITIVE_INFINITY
  stands.set(shelf, { of, until: offlineAt > at ? offlineAt : Number.POSITIVE_INFINITY, party })
  return party
}

function nameOf({ link, group }: LimitDigest): string {
  return `${link} ${group}`
}

function byLink<T extends { readonly link: string }>(all: readonly T[]): Map<string, T[]> {
  const found = new Map<string, T[]>()
  for (const one of all) {
    const own = found.get(one.link)
    if (own) own.push(one)
    else found.set(one.link, [one])
  }
  return found
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
