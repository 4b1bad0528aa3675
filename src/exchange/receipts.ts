/** The receipts of one message. Those of many cables, which mostly say the same, are summed up. */
import type { Receipt, ReceiptEntry } from '../mapping/run.ts'

interface Sum {
  readonly first: Receipt
  readonly entries: Map<string, ReceiptEntry>
  of: number
}

/** So many can be looked at one by one. */
const mostApart = 8

export class ReceiptSum {
  /** As long as they are few. */
  private few: Receipt[] | undefined = []
  private readonly sums = new Map<string, Sum>()

  add(receipt: Receipt): void {
    if (!this.few) return this.sum(receipt)
    this.few.push(receipt)
    if (this.few.length <= mostApart) return
    for (const each of this.few) this.sum(each)
    this.few = undefined
  }

  /** Those that were added, if they are few; else one for each message, direction and fidelity. */
  receipts(): readonly Receipt[] {
    if (this.few) return this.few
    return [...this.sums.values()].map(({ first, entries, of }) => ({ ...first, entries: [...entries.values()], of }))
  }

  private sum(receipt: Receipt): void {
    const key = `${receipt.message} ${receipt.direction} ${receipt.fidelity}`
    const sum = this.sums.get(key) ?? { first: receipt, entries: new Map(), of: 0 }
    this.sums.set(key, sum)
    sum.of += receipt.of ?? 1
    addEntries(sum.entries, receipt.entries)
  }
}

/** Entries that say the same, once. */
export function merged(all: readonly ReceiptEntry[]): ReceiptEntry[] {
  const entries = new Map<string, ReceiptEntry>()
  addEntries(entries, all)
  return [...entries.values()]
}

function addEntries(to: Map<string, ReceiptEntry>, more: readonly ReceiptEntry[]): void {
  for (const entry of more) {
    const key = `${entry.verb} ${entry.path} ${entry.reason}`
    const known = to.get(key)
    to.set(key, known ? { ...known, count: known.count + entry.count } : entry)
  }
}
