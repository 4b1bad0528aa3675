/** Under which name a group's schedule of one type is kept: link ids and types hold no slash, so a group may be any text. */
import type { LinkId, PeerId } from './ids.ts'
import type { LedgerKey } from './ledger.ts'

export function forecastKey(peer: PeerId, link: LinkId, type: string, group: string): LedgerKey {
  return { peer, id: `forecast/${link}/${type}/${group}` }
}

export function typeOf({ id }: LedgerKey): string {
  return id.split('/', 3)[2]!
}

export function groupOf({ id }: LedgerKey): string {
  return id.split('/').slice(3).join('/')
}
