/**
 * Which legacy parties are alive: each call of one is a sign of life, and so is each answer to a heartbeat of ours.
 * Limits: one that never gave a sign is not alive. Signs are shared by all replicas, a few seconds late, and kept for a month.
 */
import type { ForecastRecord } from './forecast-record.ts'
import type { PeerId } from './ids.ts'
import type { Ledger, LedgerKey } from './ledger.ts'
import type { LegacyPeer, Link, Links } from './peers.ts'

/** For people, metrics and the console. `lastSeen` in milliseconds since 1970. */
export interface LegacyView {
  readonly peer: PeerId
  readonly role: LegacyPeer['role']
  readonly heartbeats: LegacyPeer['heartbeats']
  readonly lastSeen: number | undefined
  readonly alive: boolean
}

export interface LivenessOptions {
  readonly ledger: Ledger
  readonly links: Links
  readonly legacy: readonly LegacyPeer[]
  readonly now: () => number
}

/** When a party gave its last sign, in milliseconds since 1970. */
export interface Sign {
  readonly at: number
}

/** What a party's sign is called in the state. */
export const signId = 'alive'

/** A party that calls all the time costs the state one write in so long, in milliseconds; less where it is due sooner. */
const writeEvery = 5000
const keepFor = 30 * 24 * 3600_000
/** A party is alive for so many of its intervals after its last sign. */
const intervals = 3

export class Liveness {
  private readonly options: LivenessOptions
  private readonly written = new Map<PeerId, number>()
  private readonly running = new Set<Promise<unknown>>()

  constructor(options: LivenessOptions) {
    this.options = options
  }

  /** The party called, or answered. Returns at once; a sign that cannot be stored is lost, and the next one is not. */
  seen(id: PeerId): void {
    const peer = this.options.legacy.find((one) => one.id === id)
    const now = this.options.now()
    if (
      !peer ||
      now - (this.written.get(id) ?? Number.NEGATIVE_INFINITY) < Math.min(writeEvery, peer.heartbeatEvery / 2)
    )
      return
    this.written.set(id, now)
    const work = this.write(id, now).catch(() => this.written.delete(id))
    this.running.add(work)
    void work.finally(() => this.running.delete(work))
  }

  /** Whether the legacy party of a link is alive. Throws `state-unavailable`. */
  async isAlive(link: Link): Promise<boolean> {
    const { legacy } = link
    if (legacy.heartbeats === 'none') return this.isCovered(link)
    return this.isRecent(legacy, await this.lastSeen(legacy.id))
  }

  /**
   * Whether somebody stands behind us towards a modern party: with several links, as long as one of their parties is alive, for
   * what another has said holds until its blocks end, and its silence must not take the limits of all from the party.
   */
  async isBacked(modern: PeerId): Promise<boolean> {
    const links = this.options.links.withModern(modern)
    for (const link of links) if (await this.isAlive(link)) return true
    return links.length === 0
  }

  /** All legacy parties. Throws `state-unavailable`. */
  list(): Promise<LegacyView[]> {
    const { legacy } = this.options
    return Promise.all(legacy.map(async (peer) => this.view(peer, await this.lastSeen(peer.id))))
  }

  /** A party, by the last sign that is known of it. Throws `state-unavailable`. */
  async view(peer: LegacyPeer, lastSeen: number | undefined): Promise<LegacyView> {
    const { id, role, heartbeats } = peer
    const isAlive = async () => {
      if (heartbeats !== 'none') return this.isRecent(peer, lastSeen)
      const own = this.options.links.list().filter((link) => link.legacy.id === id)
      return (await Promise.all(own.map((link) => this.isCovered(link)))).includes(true)
    }
    return { peer: id, role, heartbeats, lastSeen, alive: await isAlive() }
  }

  /** Resolves when no sign is being stored any more. */
  async settled(): Promise<void> {
    while (this.running.size > 0) await Promise.allSettled(this.running)
  }

  private isRecent({ heartbeatEvery }: LegacyPeer, at: number | undefined): boolean {
    return at !== undefined && this.options.now() - at <= intervals * heartbeatEvery
  }

  private async lastSeen(peer: PeerId): Promise<number | undefined> {
    return (await this.options.ledger.read<Sign>(keyOf(peer)))?.record.at
  }

  private async write(peer: PeerId, at: number): Promise<void> {
    const { ledger } = this.options
    const known = await ledger.read<Sign>(keyOf(peer))
    if (known && known.record.at >= at) return
    // Whoever was faster stored a sign of the same moment.
    await ledger.write<Sign>(keyOf(peer), known?.revision ?? 0, { record: { at }, due: 'not due', keepFor })
  }

  /** A party without heartbeats is taken to be there as long as a limit on this link covers this moment. */
  private async isCovered({ id, legacy, modern }: Link): Promise<boolean> {
    const { ledger, now } = this.options
    const peer = legacy.role === 'dso' ? modern.id : legacy.id
    const at = now()
    for (const record of await ledger.list(peer, `forecast/${id}/CONSUMPTION/`)) {
      const stored = await ledger.read<ForecastRecord>({ peer, id: record })
      const { held = [], delivery, since = [] } = stored?.record ?? {}
      const blocks = [...held, ...(delivery?.blocks ?? []), ...since]
      if (blocks.some(({ start, end }) => start <= at && at < end)) return true
    }
    return false
  }
}

function keyOf(peer: PeerId): LedgerKey {
  return { peer, id: signId }
}
