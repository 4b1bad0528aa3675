/** Which versions of which records somebody in this process still waits for: bad news about any other goes to a person. */
import type { LedgerKey } from './ledger.ts'

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
