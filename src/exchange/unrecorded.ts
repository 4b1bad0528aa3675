/**
 * Remembers in this process what a peer took while the state could not be reached, until the state knows it.
 * Limits: it goes with the process, and another replica does not know it: an alarm has told a person.
 */
import type { LedgerKey } from './ledger.ts'
import type { Link } from './peers.ts'
import { type Block, endOf, overlay } from './schedule.ts'

interface Taken {
  readonly key: LedgerKey
  readonly link: Link
  readonly blocks: readonly Block[]
}

export class Unrecorded {
  private readonly byKey = new Map<string, Taken>()

  add(key: LedgerKey, link: Link, blocks: readonly Block[], now: number): void {
    const known = this.byKey.get(nameOf(key))?.blocks
    this.byKey.set(nameOf(key), { key, link, blocks: known ? overlay(known, blocks, now, true) : blocks })
  }

  /** What the record of this key does not know yet. */
  of(key: LedgerKey): readonly Block[] | undefined {
    return this.byKey.get(nameOf(key))?.blocks
  }

  /** The record knows these blocks now; what was added meanwhile stays. */
  recorded(key: LedgerKey, blocks: readonly Block[]): void {
    if (this.byKey.get(nameOf(key))?.blocks === blocks) this.byKey.delete(nameOf(key))
  }

  /** All that is still to be recorded; what has ended needs no recording. */
  remaining(now: number): Taken[] {
    for (const [name, { blocks }] of this.byKey) if (endOf(blocks) <= now) this.byKey.delete(name)
    return [...this.byKey.values()]
  }
}

function nameOf({ peer, id }: LedgerKey): string {
  return `${peer} ${id}`
}
