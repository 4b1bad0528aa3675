/**
 * Reads how all parties and links stand, for metrics: their records in the state, the sessions, who is alive.
 * Limits: never rejects and takes at most two seconds; the state undefined then. One reading serves everybody who asks within
 * three seconds, or ten times as long as it took; of each party's limits no more than 5,000 groups are looked at.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Event } from '../exchange/events.ts'
import { typeOf } from '../exchange/forecast-key.ts'
import { carriedSince, type ForecastRecord } from '../exchange/forecast-record.ts'
import type { PeerId } from '../exchange/ids.ts'
import type { Ledger } from '../exchange/ledger.ts'
import type { Liveness } from '../exchange/liveness.ts'
import type { Link, Links } from '../exchange/peers.ts'
import { eventId, type Queue, queueKey } from '../exchange/queue-record.ts'
import { endOf } from '../exchange/schedule.ts'
import type { LinkReading, PeerReading, StateReading } from '../ops/metrics-state.ts'
import type { Sessions } from '../session/sessions.ts'
import { isOnline } from './liveness.ts'

const withinMs = 2_000
const freshFor = 3_000
const mostGroups = 5_000
const atOnce = 64

export interface StateReadingOptions {
  readonly ledger: Ledger
  readonly links: Links
  readonly liveness: Liveness
  readonly sessions: Sessions
  /** The OSCP 2.0 parties. */
  readonly modern: readonly PeerId[]
  readonly now: () => number
}

type State = StateReading['state']

/** A function that reads, or gives what was read a moment ago. */
export function stateReader(options: StateReadingOptions): () => Promise<State> {
  let last: { readonly state: Promise<State>; until: number } | undefined
  return () => {
    const started = performance.now()
    if (last && started < last.until) return last.state
    const late = new AbortController()
    const state = Promise.race([
      read(options),
      delay(withinMs, undefined, { ref: false, signal: late.signal }).then(() => undefined),
    ])
      .catch(() => undefined)
      .finally(() => late.abort())
    const entry = { state, until: Number.POSITIVE_INFINITY }
    last = entry
    void state.then(() => {
      const took = performance.now() - started
      entry.until = performance.now() + Math.max(freshFor, 10 * took)
    })
    return state
  }
}

async function read(options: StateReadingOptions): Promise<State> {
  const { ledger, links, liveness, sessions, modern, now } = options
  if (!(await ledger.isReady())) return undefined
  const ends = new Map<Link, number[]>(links.list().map((link) => [link, []]))
  const peers: PeerReading[] = []
  for (const peer of modern) {
    const [{ lastSeen }, online] = [await sessions.state(peer), await isOnline(sessions, peer, now())]
    peers.push({ ...(await readPeer(ledger, peer, ends)), online, lastSeen })
  }
  for (const { peer, alive, lastSeen } of await liveness.list())
    peers.push({ ...(await readPeer(ledger, peer, ends)), alive, lastSeen })
  return { peers, links: [...ends].map(([link, held]) => readLink(link, held, now())) }
}

/** What is kept for one party; when the limits it holds end is noted by link. */
async function readPeer(ledger: Ledger, peer: PeerId, ends: ReadonlyMap<Link, number[]>): Promise<PeerReading> {
  const agenda = await ledger.agenda(peer)
  const queue = (await ledger.read<Queue>(queueKey(peer)))?.record
  const events = queue ? queue.next - queue.first : 0
  const first = queue && events > 0 ? await ledger.read<Event>({ peer, id: eventId(queue.first) }) : undefined
  const ids = await ledger.list(peer, '')
  const limits = await readLimits(ledger, peer, ids)
  for (const [link, held] of ends)
    if (receiverOf(link) === peer)
      for (const record of limits) if (record.link === link.id && record.held.length > 0) held.push(endOf(record.held))
  const owed = limits.filter(({ delivery }) => delivery)
  const since = owed.flatMap((record) => carriedSince(record) ?? [])
  return {
    peer,
    agenda,
    events,
    oldestEvent: first?.record.at,
    owed: owed.length,
    oldestOwed: since.length > 0 ? Math.min(...since) : undefined,
    dead: ids.filter((id) => id.startsWith('dead/')).length,
  }
}

async function readLimits(ledger: Ledger, peer: PeerId, ids: readonly string[]): Promise<ForecastRecord[]> {
  const isLimit = (id: string) => id.startsWith('forecast/') && typeOf({ peer, id }) === 'CONSUMPTION'
  const limits = ids.filter(isLimit).slice(0, mostGroups)
  const records: ForecastRecord[] = []
  while (limits.length > 0) {
    const some = limits.splice(0, atOnce).map((id) => ledger.read<ForecastRecord>({ peer, id }))
    for (const stored of await Promise.all(some)) if (stored) records.push(stored.record)
  }
  return records
}

/** Who is to hold the limits of a link. */
function receiverOf({ legacy, modern }: Link): PeerId {
  return legacy.role === 'dso' ? modern.id : legacy.id
}

function readLink({ id: link }: Link, ends: readonly number[], now: number): LinkReading {
  const covered = ends.filter((end) => end > now).length
  const lastEnd = ends.length > 0 ? Math.max(...ends) : undefined
  return { link, lastEnd, covered, uncovered: ends.length - covered }
}
