/**
 * The dead list for people: what was given up, and its return into the queue or its end.
 * Limits: a schedule has no return, because a newer one may hold by now: its sender has to send it anew.
 */
import type { EventQueue } from './events.ts'
import type { PeerId } from './ids.ts'
import type { Ledger, LedgerKey, Stored } from './ledger.ts'
import type { Dead } from './queue-record.ts'

export interface DeadEntry extends Dead {
  /** Names it among those of its peer. */
  readonly id: string
}

export type Return = 'added' | 'unknown' | 'only its sender can send it anew' | 'it has expired'

export interface DeadListOptions {
  readonly ledger: Ledger
  readonly events: EventQueue
  /** Milliseconds since 1970, UTC. */
  readonly now: () => number
}

export class DeadList {
  private readonly options: DeadListOptions

  constructor(options: DeadListOptions) {
    this.options = options
  }

  /** The oldest first. */
  async of(peer: PeerId): Promise<DeadEntry[]> {
    const { ledger } = this.options
    const ids = (await ledger.list(peer, 'dead/')).sort()
    const found = await Promise.all(ids.map((id) => ledger.read<Dead>({ peer, id })))
    return found.flatMap((stored, i) => (stored ? [{ ...stored.record, id: nameOf(ids[i]!) }] : []))
  }

  async find(peer: PeerId, id: string): Promise<DeadEntry | undefined> {
    const stored = await this.read(peer, id)
    return stored && { ...stored.record, id }
  }

  /** Puts a message into its peer's queue once more, as the last; it is as old as that, and its expiry stays. */
  async retry(peer: PeerId, id: string): Promise<Return> {
    const { events, now } = this.options
    const stored = await this.read(peer, id)
    if (!stored) return 'unknown'
    const { event } = stored.record
    if (!event) return 'only its sender can send it anew'
    if (event.expires !== undefined && event.expires <= now()) return 'it has expired'
    const remove = { id: keyOf(peer, id).id, revision: stored.revision, remove: true } as const
    return (await events.add(peer, { ...event, at: now() }, [remove])) ? 'added' : 'unknown'
  }

  /** Forgets it. Undefined when there is none of this name. */
  async drop(peer: PeerId, id: string): Promise<DeadEntry | undefined> {
    const stored = await this.read(peer, id)
    if (!stored || !(await this.options.ledger.remove(keyOf(peer, id), stored.revision))) return undefined
    return { ...stored.record, id }
  }

  private async read(peer: PeerId, id: string): Promise<Stored<Dead> | undefined> {
    return /^\d{1,14}$/.test(id) ? this.options.ledger.read<Dead>(keyOf(peer, id)) : undefined
  }
}

function keyOf(peer: PeerId, id: string): LedgerKey {
  return { peer, id: `dead/${id.padStart(14, '0')}` }
}

function nameOf(recordId: string): string {
  return recordId.replace(/^dead\/0*(?=\d)/, '')
}
