/**
 * Heartbeats to legacy parties: on each link one in every interval of the party, only while the modern party of the link is
 * online. Limits: which of several replicas sends one is decided by its lease. A party that hosts no Heartbeat gets none.
 */
import type { Worker } from './agenda.ts'
import type { LinkId, PeerId, RequestId } from './ids.ts'
import type { Ledger, LedgerKey } from './ledger.ts'
import type { LegacyWire } from './legacy.ts'
import type { Liveness } from './liveness.ts'
import type { Observer } from './observer.ts'
import { contextOf, type Link, type Links } from './peers.ts'

export interface HeartbeatsOptions {
  readonly ledger: Ledger
  readonly links: Links
  readonly wire: LegacyWire
  readonly liveness: Liveness
  readonly observer: Observer
  /** Whether a modern party is online now. */
  readonly isOnline: (peer: PeerId) => Promise<boolean>
  /** Limit of one call, in milliseconds. */
  readonly attempt: number
  readonly offlineAfter: number
  readonly now: () => number
  readonly newId: () => string
}

/** One link whose legacy party is called and watched. */
interface Pulse {
  readonly link: LinkId
  /** Watched since then, in milliseconds since 1970. */
  readonly since: number
  /** An operator has been told of its silence. */
  readonly told: boolean
}

const leaseMargin = 5000
/** How often it is made sure that every link has its pulse, in milliseconds: the state may have been emptied. */
const lookEvery = 30_000

export class Heartbeats implements Worker {
  private readonly options: HeartbeatsOptions
  private lastLook = Number.NEGATIVE_INFINITY

  constructor(options: HeartbeatsOptions) {
    this.options = options
  }

  get leaseMs(): number {
    return this.options.attempt + leaseMargin
  }

  /** For the agenda. */
  async resume(key: LedgerKey): Promise<void> {
    const { ledger, links, now } = this.options
    const stored = await ledger.read<Pulse>(key)
    if (!stored) return
    const { record, revision } = stored
    const link = links.byId(record.link)
    if (!link || link.legacy.id !== key.peer || link.legacy.heartbeats === 'none') {
      await ledger.remove(key, revision)
      return
    }
    const started = now()
    if (await this.options.isOnline(link.modern.id)) await this.beat(link)
    const told = await this.watch(link, record)
    const pause = Math.max(0, link.legacy.heartbeatEvery - (now() - started))
    await ledger.write<Pulse>(key, revision, {
      record: { ...record, told },
      due: { in: pause },
      keepFor: keepFor(link),
    })
  }

  /** Begins where nothing was begun. For the agenda; rejects while the state is away. */
  async tidy(): Promise<void> {
    const { ledger, links, now } = this.options
    if (now() - this.lastLook < lookEvery) return
    for (const link of links.list()) {
      if (link.legacy.heartbeats === 'none') continue
      const record: Pulse = { link: link.id, since: now(), told: false }
      await ledger.write(keyOf(link), 0, { record, due: { in: 0 }, keepFor: keepFor(link) })
    }
    this.lastLook = now()
  }

  /** A modern party has come online: those behind it need not wait for the next beat. Rejects while the state is away. */
  async hasten(modern: PeerId): Promise<void> {
    const { ledger, links } = this.options
    for (const link of links.ofModern(modern)) {
      const stored = await ledger.read<Pulse>(keyOf(link))
      if (!stored) continue
      const { record, revision } = stored
      // If another was faster, it is being sent.
      await ledger.write(keyOf(link), revision, { record, due: { in: 0 }, keepFor: keepFor(link) })
    }
  }

  private async beat(link: Link): Promise<void> {
    const { wire, now, offlineAfter, newId, attempt, liveness } = this.options
    const compiled = link.crossing.byModern.get('Heartbeat')
    if (!compiled || !wire.hosts(link.legacy, compiled.module.legacy)) return
    const context = contextOf(link, now(), offlineAfter)
    const [part] = compiled.toLegacy.translate({ offline_mode_at: new Date(context.offlineAt).toISOString() }, context)
    if (!part || !('value' in part)) return
    const outcome = await wire.call({
      peer: link.legacy,
      operation: compiled.module.legacy,
      value: part.value,
      cspIdentity: link.cspIdentity,
      request: newId() as RequestId,
      withinMs: attempt,
    })
    if (outcome.verdict === 'answered') liveness.seen(link.legacy.id)
  }

  /** Whether an operator has been told that the party is silent: once each time, and not before it had time to show up. */
  private async watch(link: Link, { since, told }: Pulse): Promise<boolean> {
    const { liveness, observer, links, now } = this.options
    await liveness.settled()
    if (await liveness.isAlive(link)) return false
    const first = links.list().find(({ legacy }) => legacy.id === link.legacy.id)
    if (told || now() - since <= 3 * link.legacy.heartbeatEvery) return told
    if (first === link) observer.alarm('legacy party silent', { peer: link.legacy.id, link: link.id })
    return true
  }
}

function keyOf({ id, legacy }: Link): LedgerKey {
  return { peer: legacy.id, id: `beat/${id}` }
}

/** Long enough to outlive an outage; made anew otherwise. */
function keepFor({ legacy }: Link): number {
  return 24 * 3600_000 + legacy.heartbeatEvery
}
