/** Which versions of which records somebody in this process still waits for: bad news about any other goes to a person. */
import type { Deadline } from './deadlines.ts'
import { type ForecastRecord, verdictOn } from './forecast-record.ts'
import type { Ledger, LedgerKey } from './ledger.ts'

/** The peer's verdict; 'stored': it will be delivered, the peer has not answered yet; 'expired': there was nothing left to send. */
export type Verdict =
  | { readonly verdict: 'accepted' | 'stored' | 'expired' }
  | { readonly verdict: 'refused'; readonly sentence: string }

/** How often one who waits for another sender looks again, in milliseconds. */
const lookAgain = 50

export class Waiting {
  private readonly versions = new Map<string, Set<number>>()

  add({ peer, id }: LedgerKey, version: number): void {
    const name = `${peer} ${id}`
    const known = this.versions.get(name)
    if (known) known.add(version)
    else this.versions.set(name, new Set([version]))
  }

  remove({ peer, id }: LedgerKey, version: number): void {
    const name = `${peer} ${id}`
    const known = this.versions.get(name)
    known?.delete(version)
    if (known?.size === 0) this.versions.delete(name)
  }

  /** Whether all of these versions, both ends included, are waited for. */
  hasAll({ peer, id }: LedgerKey, from: number, to: number): boolean {
    const known = this.versions.get(`${peer} ${id}`)
    for (let version = from; version <= to; version++) if (!known?.has(version)) return false
    return true
  }
}

/** What the peer says of a version that another sender is at work on, until the deadline. */
export async function wordOn(ledger: Ledger, key: LedgerKey, version: number, late: Deadline): Promise<Verdict> {
  while (!late.isOver()) {
    await sleep(lookAgain)
    const record = (await ledger.read<ForecastRecord>(key).catch(() => undefined))?.record
    if (!record) continue
    const verdict = verdictOn(record, version)
    if (verdict === 'accepted') return { verdict }
    if (verdict === 'forgotten') break
    if (verdict !== 'open') return { verdict: 'refused', sentence: verdict.refused }
    // It waits for its next attempt: there is nothing to hear before that.
    if (record.delivery && record.delivery.sender === undefined && record.delivery.attempts > 0) break
  }
  return { verdict: 'stored' }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}
