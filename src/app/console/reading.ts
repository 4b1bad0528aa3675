/**
 * Reads how all links and parties stand, for the console: what has changed since the last time, and that at most once in a second.
 * Limits: never rejects; while the state is away the last that was known is given, and said to be old. A reading that takes long is
 * made more rarely. What was read once is kept in memory, a few kilobytes of each group.
 */

import { setTimeout as delay } from 'node:timers/promises'
import type { PeerId } from '../../exchange/ids.ts'
import { breather, eachOf } from '../../ops/console/breath.ts'
import type { ConsoleData, LinkRow, Overview, Party } from '../../ops/console/data.ts'
import type { ConsoleGround } from './ground.ts'
import { type Holdings, holdingsOf, partyOf } from './parties.ts'
import { Rows } from './rows.ts'
import { Shelf } from './shelf.ts'

const freshFor = 1000
/** What was read must last this many times as long as the reading took. */
const rarer = 6
/** For so long what is old is given to those for whom reading it anew takes too long; both in milliseconds. */
const usableFor = 8000
const patience = 40
const withinMs = 10_000
/** So many parties are asked after at a time and no more: what messages wait for comes in between. */
const atOnce = 32

export class Readings {
  private readonly ground: ConsoleGround
  private readonly shelves = new Map<PeerId, Shelf>()
  private readonly rows = new Rows()
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
    if (!this.last || age >= rest + usableFor) return this.reading
    const { overview } = this.last
    return Promise.race([this.reading, delay(patience, overview, { ref: false })])
  }

  /** Something was changed by us: what was read before is not given any more. */
  forget(): void {
    this.last = undefined
  }

  /** What is configured, as long as nothing is known of it. */
  private unread(): Pick<Overview, 'links' | 'parties' | 'at'> {
    const { links, now } = this.ground
    const rows = new Rows()
    return { links: links.list().map((link) => rows.of(link, new Map(), now())), parties: [], at: now() }
  }

  private async read(): Promise<Overview> {
    const from = performance.now()
    const late = new AbortController()
    const tooLate = new Promise<undefined>((resolve) => {
      const timer = setTimeout(resolve, withinMs, undefined).unref()
      late.signal.addEventListener('abort', () => clearTimeout(timer))
    })
    const found = await Promise.race([this.readAll(), tooLate])
      .catch(() => undefined)
      .finally(() => late.abort())
    const { now, certificates, watch, ledger } = this.ground
    const isUp = found !== undefined || (await ledger.isReady())
    const rest = { isUp, isStale: found === undefined, alarms: watch.alarms(), certificates: certificates.list() }
    const overview: Overview = {
      ...(found ? { ...found, at: now() } : (this.last?.overview ?? this.unread())),
      ...rest,
    }
    this.last = { overview, from: performance.now(), took: performance.now() - from }
    return overview
  }

  private async readAll(): Promise<{ links: LinkRow[]; parties: Party[] } | undefined> {
    const { ledger, legacy, modern, links, breakers, now } = this.ground
    if (!(await ledger.isReady())) return undefined
    const [breath, at] = [breather(), now()]
    const circuits = new Map(breakers.circuits().map((circuit) => [circuit.peer, circuit]))
    const holdings = new Map<string, Holdings>()
    const parties = new Map<string, Party>()
    await eachOf([...modern, ...legacy], atOnce, async (about) => {
      const peer = typeof about === 'object' ? about.id : about
      const shelf = this.shelves.get(peer) ?? new Shelf(peer)
      this.shelves.set(peer, shelf)
      await shelf.look(ledger, at, breath)
      parties.set(peer, await partyOf(this.ground, shelf, about, circuits.get(peer)))
      holdings.set(peer, holdingsOf(shelf))
      await breath()
    })
    const rows: LinkRow[] = []
    for (const link of links.list()) {
      rows.push(this.rows.of(link, holdings, at))
      await breath()
    }
    const all = [...modern, ...legacy.map(({ id }) => id)]
    return { links: rows, parties: all.map((peer) => parties.get(peer)!) }
  }
}
