/**
 * Reads how all links and parties stand, for the console: everything at once, and anew at most once in a second.
 * Limits: never rejects; while the state is away the last that was known is given, and said to be old. A reading that takes long is
 * made more rarely. Of each party's limits no more than 5,000 are looked at.
 */
import type { ConsoleData, LinkRow, Overview, Party } from '../../ops/console/data.ts'
import { boundedReads } from './bounded.ts'
import type { ConsoleGround } from './ground.ts'
import { type PartyReading, readParty } from './parties.ts'
import { rowsOf } from './rows.ts'

const freshFor = 1000
/** What was read must last this many times as long as the reading took. */
const rarer = 6
/** For so long what is old is given at once, while it is read anew. */
const usableFor = 5000
const withinMs = 10_000

export class Readings {
  private readonly ground: ConsoleGround
  private last: { readonly overview: Overview; readonly from: number; readonly took: number } | undefined
  private reading: Promise<Overview> | undefined

  constructor(ground: ConsoleGround) {
    this.ground = ground
  }

  overview: ConsoleData['overview'] = async () => {
    const age = this.last ? performance.now() - this.last.from : Number.POSITIVE_INFINITY
    const rest = Math.max(freshFor, rarer * (this.last?.took ?? 0))
    if (this.last && age < rest) return this.last.overview
    this.reading ??= this.read().finally(() => {
      this.reading = undefined
    })
    return this.last && age < rest + usableFor ? this.last.overview : this.reading
  }

  /** Something was changed by us: what was read before is not given any more. */
  forget(): void {
    this.last = undefined
  }

  /** What is configured, as long as nothing is known of it. */
  private unread(): Pick<Overview, 'links' | 'parties' | 'at'> {
    const { links, now } = this.ground
    return { links: links.list().map((link) => rowsOf(link, new Map(), now())), parties: [], at: now() }
  }

  private async read(): Promise<Overview> {
    const from = performance.now()
    const late = new AbortController()
    const tooLate = new Promise<undefined>((resolve) => {
      const timer = setTimeout(resolve, withinMs, undefined).unref()
      late.signal.addEventListener('abort', () => clearTimeout(timer))
    })
    const found = await Promise.race([readAll(this.ground), tooLate])
      .catch(() => undefined)
      .finally(() => late.abort())
    const { now, certificates, watch, ledger } = this.ground
    const isUp = found !== undefined || (await ledger.isReady())
    const known = this.last?.overview ?? this.unread()
    const rest = { isUp, isStale: found === undefined, alarms: watch.alarms(), certificates: certificates.list() }
    const overview: Overview = { ...(found ? { ...found, at: now() } : known), ...rest }
    this.last = { overview, from: performance.now(), took: performance.now() - from }
    return overview
  }
}

async function readAll(ground: ConsoleGround): Promise<{ links: LinkRow[]; parties: Party[] } | undefined> {
  if (!(await ground.ledger.isReady())) return undefined
  const ledger = boundedReads(ground.ledger)
  const alive = await ledger.other(() => ground.liveness.list())
  const readings = await Promise.all([
    ...ground.modern.map((peer) => readParty(ground, ledger, peer, undefined)),
    ...alive.map((view) => readParty(ground, ledger, view.peer, view)),
  ])
  const byPeer = new Map<string, PartyReading>(readings.map((one) => [one.party.peer, one]))
  const links = ground.links.list().map((link) => rowsOf(link, byPeer, ground.now()))
  return { links, parties: readings.map(({ party }) => party) }
}
