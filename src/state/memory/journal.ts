/**
 * The journal in this process: it ends with it.
 * Limits: entries come back as they would from Redis, so that nobody can change them from outside.
 */
import {
  type Journal,
  type JournalCaps,
  type JournalEntry,
  type JournalPage,
  type JournalQuery,
  matches,
  pageOf,
} from '../../exchange/journal.ts'

export class MemoryJournal implements Journal {
  readonly dropped = 0
  private readonly caps: JournalCaps
  private readonly now: () => number
  /** By peer, '' for callers whom nobody knows; the oldest first. */
  private readonly shelves = new Map<string, JournalEntry[]>()

  constructor(caps: JournalCaps, now: () => number) {
    this.caps = caps
    this.now = now
  }

  add(entry: JournalEntry): void {
    const name = entry.peer ?? ''
    const shelf = this.shelves.get(name) ?? []
    this.shelves.set(name, shelf)
    shelf.push(entry)
    // A tenth too many now and then, so that not every entry moves all others.
    if (shelf.length > this.caps.perPeer * 1.1) this.cut(shelf)
  }

  async find(query: JournalQuery): Promise<JournalPage> {
    const shelves = query.peer === undefined ? [...this.shelves.values()] : [this.shelves.get(query.peer) ?? []]
    for (const shelf of shelves) this.cut(shelf)
    const found = shelves.flatMap((shelf) => shelf.filter((entry) => matches(entry, query)))
    const { entries, next } = pageOf(found, query.limit)
    return { entries: JSON.parse(JSON.stringify(entries)) as JournalEntry[], next }
  }

  async close(): Promise<void> {}

  private cut(shelf: JournalEntry[]): void {
    const oldest = this.now() - this.caps.keepFor
    const fresh = shelf.findIndex(({ at }) => at > oldest)
    const tooOld = fresh < 0 ? shelf.length : fresh
    shelf.splice(0, Math.max(tooOld, shelf.length - this.caps.perPeer))
  }
}
