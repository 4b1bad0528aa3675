/**
 * The ledger in this process: for tests, the demo, and a gateway that may forget everything when it restarts.
 * Limits: one process. Records that may be changed in place are kept as JSON text, so that they come back exactly as they would
 * from Redis and nobody can change them from outside. An expired record may take up memory until about as many writes have passed as there are records.
 */
import type { PeerId } from '../../exchange/ids.ts'
import type { AgendaDepth, Change, Ledger, LedgerKey, Stored, Survey, Write } from '../../exchange/ledger.ts'

interface Entry {
  /** Gives the record, or makes it anew. */
  readonly record: () => unknown
  readonly isLasting: boolean
  readonly revision: number
  /** Which of all writes it was. */
  readonly mark: number
  readonly expires: number
  /** Where the record stands in the agenda; undefined when nothing is due. */
  due: number | undefined
}

interface Slot {
  readonly due: number
  readonly id: string
}

interface Shelf {
  readonly entries: Map<string, Entry>
  /** The ids of the entries that are listed. */
  readonly listed: Set<string>
  /** Every entry with a due time, by due time, then id: a sorted array, because a peer has hundreds of records, not millions. */
  readonly agenda: Slot[]
}

export class MemoryLedger implements Ledger {
  private readonly now: () => number
  private readonly shelves = new Map<PeerId, Shelf>()
  private writes = 0
  private writesUntilSweep = 0

  constructor(now: () => number) {
    this.now = steady(now)
  }

  /** How many records are held, expired ones that were not yet swept included. */
  get size(): number {
    return [...this.shelves.values()].reduce((sum, shelf) => sum + shelf.entries.size, 0)
  }

  async read<T>({ peer, id }: LedgerKey): Promise<Stored<T> | undefined> {
    const entry = this.find(this.shelf(peer), id)
    return entry && { record: entry.record() as T, revision: entry.revision }
  }

  recall<T>({ peer, id }: LedgerKey): Stored<T> | undefined {
    const entry = this.find(this.shelf(peer), id)
    return entry?.isLasting ? { record: entry.record() as T, revision: entry.revision } : undefined
  }

  async write<T>(
    { peer, id }: LedgerKey,
    revision: number,
    { record, lasting, due, keepFor, listed }: Write<T>,
  ): Promise<boolean> {
    const shelf = this.shelf(peer)
    const before = this.find(shelf, id)
    if ((before?.revision ?? 0) !== revision) return false
    const now = this.now()
    const mark = ++this.writes
    const entry: Entry = {
      record: lasting ? () => record : textKept(record),
      isLasting: lasting !== undefined,
      revision: revision + 1,
      mark,
      expires: now + keepFor,
      due: before?.due,
    }
    shelf.entries.set(id, entry)
    if (listed !== false) shelf.listed.add(id)
    else shelf.listed.delete(id)
    if (due !== 'unchanged') reschedule(shelf, id, entry, due === 'not due' ? undefined : now + due.in)
    if (--this.writesUntilSweep <= 0) this.sweep()
    return true
  }

  /** Nothing here waits between looking and writing, so nobody can come in between. */
  async writeAll(peer: PeerId, changes: readonly Change[]): Promise<boolean> {
    const shelf = this.shelf(peer)
    const fits = changes.every((change) => {
      const revision = this.find(shelf, change.id)?.revision
      return revision === undefined ? 'remove' in change || change.revision === 0 : revision === change.revision
    })
    if (!fits) return false
    for (const change of changes) {
      const key = { peer, id: change.id }
      void ('remove' in change ? this.remove(key, change.revision) : this.write(key, change.revision, change.write))
    }
    return true
  }

  /** A record that is not there is gone: true, as in Redis. */
  async remove({ peer, id }: LedgerKey, revision: number): Promise<boolean> {
    const shelf = this.shelf(peer)
    const entry = this.find(shelf, id)
    if (entry && entry.revision !== revision) return false
    if (entry) forget(shelf, id, entry)
    return true
  }

  async claim(peer: PeerId, limit: number, leaseMs: number): Promise<string[]> {
    const shelf = this.shelf(peer)
    const now = this.now()
    const claimed: [string, Entry][] = []
    for (let next = shelf.agenda[0]; next && next.due <= now && claimed.length < limit; next = shelf.agenda[0]) {
      const entry = this.find(shelf, next.id)
      if (!entry) continue // it had expired, and finding that out took it off the agenda
      reschedule(shelf, next.id, entry, undefined)
      claimed.push([next.id, entry])
    }
    for (const [id, entry] of claimed) reschedule(shelf, id, entry, now + leaseMs)
    return claimed.map(([id]) => id)
  }

  async list(peer: PeerId, prefix: string): Promise<string[]> {
    const shelf = this.shelf(peer)
    return [...shelf.listed].filter((id) => id.startsWith(prefix) && this.find(shelf, id))
  }

  async agenda(peer: PeerId): Promise<AgendaDepth> {
    const { agenda } = this.shelf(peer)
    const [first] = agenda
    return { size: agenda.length, overdueMs: first ? Math.max(0, this.now() - first.due) : 0 }
  }

  async survey(peer: PeerId, known: readonly string[]): Promise<Survey> {
    const shelf = this.shelf(peer)
    const marks = known.map((id) => this.find(shelf, id)?.mark)
    return { agenda: await this.agenda(peer), ids: await this.list(peer, ''), marks }
  }

  async isReady(): Promise<boolean> {
    return true
  }

  async close(): Promise<void> {}

  private shelf(peer: PeerId): Shelf {
    const known = this.shelves.get(peer)
    if (known) return known
    const shelf: Shelf = { entries: new Map(), listed: new Set(), agenda: [] }
    this.shelves.set(peer, shelf)
    return shelf
  }

  /** The entry, unless it has expired: then it is forgotten on the spot. */
  private find(shelf: Shelf, id: string): Entry | undefined {
    const entry = shelf.entries.get(id)
    if (!entry || this.now() < entry.expires) return entry
    forget(shelf, id, entry)
    return undefined
  }

  /** Forgets what nobody asked for again. Once per as many writes as there are records, so a write stays cheap on average. */
  private sweep(): void {
    for (const shelf of this.shelves.values()) for (const id of shelf.entries.keys()) this.find(shelf, id)
    this.writesUntilSweep = Math.max(100, this.size)
  }
}

function textKept(record: unknown): () => unknown {
  const text = JSON.stringify(record)
  return () => JSON.parse(text)
}

/** A clock that was set back goes on from where it was: else what is due would wait for as long as that was wrong. */
function steady(now: () => number): () => number {
  let last = Number.NEGATIVE_INFINITY
  let behind = 0
  return () => {
    const read = now()
    if (read < last) behind += last - read
    last = read
    return read + behind
  }
}

function forget(shelf: Shelf, id: string, entry: Entry): void {
  shelf.listed.delete(id)
  reschedule(shelf, id, entry, undefined)
  shelf.entries.delete(id)
}

function reschedule({ agenda }: Shelf, id: string, entry: Entry, due: number | undefined): void {
  if (entry.due !== undefined) agenda.splice(place(agenda, { due: entry.due, id }), 1)
  if (due !== undefined) agenda.splice(place(agenda, { due, id }), 0, { due, id })
  entry.due = due
}

/** Where the slot is in the agenda, or would have to be. */
function place(agenda: readonly Slot[], slot: Slot): number {
  let low = 0
  let high = agenda.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const other = agenda[middle]!
    if (other.due < slot.due || (other.due === slot.due && other.id < slot.id)) low = middle + 1
    else high = middle
  }
  return low
}
