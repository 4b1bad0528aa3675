/** What the console of a gateway is built upon. */
import type { Breakers } from '../../exchange/breaker.ts'
import type { PeerId } from '../../exchange/ids.ts'
import type { Journal } from '../../exchange/journal.ts'
import type { Ledger } from '../../exchange/ledger.ts'
import type { Liveness } from '../../exchange/liveness.ts'
import type { LegacyPeer, Link, Links } from '../../exchange/peers.ts'
import type { Sessions } from '../../session/sessions.ts'
import type { Certificates } from '../tls.ts'
import type { Watch } from './watch.ts'

export interface ConsoleGround {
  readonly ledger: Ledger
  readonly journal: Journal
  readonly links: Links
  readonly liveness: Liveness
  readonly sessions: Sessions
  readonly breakers: Breakers
  readonly certificates: Pick<Certificates, 'list'>
  /** What this process has seen lately. */
  readonly watch: Watch
  readonly legacy: readonly LegacyPeer[]
  /** The OSCP 2.0 parties. */
  readonly modern: readonly PeerId[]
  readonly now: () => number
}

/** Who is to hold the limits of a link. */
export function receiverOf({ legacy, modern }: Link): PeerId {
  return legacy.role === 'dso' ? modern.id : legacy.id
}
