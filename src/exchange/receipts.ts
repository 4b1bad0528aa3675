/** The receipts of one message as few as say the same: those of many cables, which mostly do, are summed up. */
import type { Receipt, ReceiptEntry } from '../mapping/run.ts'

interface Sum {
  readonly first: Receipt
  readonly entries: Map<string, ReceiptEntry>
  of: number
}

export class ReceiptSum {
  /** As long as there is no second one. */
  private only: Receipt | undefined
  private readonly sums = new Map<string, Sum>()

  add(receipt: Receipt): void {
    if (this.only === undefined && this.sums.size === 0) this.only = receipt
    else {
      if (this.only) this.sum(this.only)
      this.only = undefined
      this.sum(receipt)
    }
  }

  /** One for each message, direction and fidelity. */
  receipts(): Receipt[] {
    if (this.only) return [this.only]
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
