/**
 * One exchange and everything that followed from it, out of the journal: deliveries, their answers, what these caused in turn.
 * Limits: a peer that gives every message the same id joins exchanges that have nothing to do with each other; the trail
 * follows no more than a few steps and a few hundred entries.
 */
import { idsOf, type Journal, type JournalEntry, positionOf } from './journal.ts'

const steps = 4
const most = 300

/** The oldest first; empty when the journal does not know the exchange. */
export async function trailOf(journal: Journal, exchange: string): Promise<JournalEntry[]> {
  const [first] = (await journal.find({ exchange, limit: most })).entries.slice(-1)
  if (!first) return []
  // What was received began it, but what it took to be received is on the journal before what came of it.
  const since = first.at - (first.durationMs ?? 0)
  const ids = new Set([exchange])
  let trail: readonly JournalEntry[] = []
  for (let step = 0; step < steps; step++) {
    const known = ids.size
    trail = (await journal.find({ anyOf: ids, since, limit: most })).entries
    for (const entry of trail) for (const id of continuing(entry, ids)) ids.add(id)
    if (ids.size === known) break
  }
  return [...trail].sort((a, b) => (positionOf(a) < positionOf(b) ? -1 : 1))
}

/** A schedule that carries several exchanges belongs to each of them; the others' own stories do not. */
function continuing(entry: JournalEntry, known: ReadonlySet<string>): string[] {
  const others = entry.from?.filter((id) => !known.has(id)) ?? []
  return idsOf(entry).filter((id) => !others.some((other) => other === id))
}

/**
 * A trail as it began: the journal writes a message down when it is answered, which is after what had to be done for the answer. It
 * looks at the clock once more then, so that a message may seem to have come a millisecond after what followed from it.
 */
export function byBeginning(trail: readonly JournalEntry[]): JournalEntry[] {
  const own = ({ at, durationMs = 0 }: JournalEntry) => at - durationMs
  const received = new Map(trail.map((entry) => [entry.exchange, own(entry)]))
  const began = (entry: JournalEntry) => Math.max(own(entry), ...(entry.from ?? []).map((id) => received.get(id) ?? 0))
  const rank = ({ way }: JournalEntry) => (way === 'in' ? 0 : 1)
  return trail.toSorted((a, b) => began(a) - began(b) || rank(a) - rank(b))
}
