/** A record as a test compares it: its revision and what it holds, which must be what its text says. */
import { expect } from 'chai'
import type { Ledger, LedgerKey } from '../../src/exchange/ledger.ts'

export async function readRecord(
  ledger: Ledger,
  key: LedgerKey,
): Promise<{ record: unknown; revision: number } | undefined> {
  const stored = await ledger.read<unknown>(key)
  if (!stored) return undefined
  const { record, revision, text } = stored
  if (text !== undefined) expect(JSON.parse(text)).to.deep.equal(record)
  return { record, revision }
}
