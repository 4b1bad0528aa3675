/**
 * Which wishes for other capacities a DSO has been told and has not decided: its next forecast for that cable answers them.
 * Limits: of one group the newest wish counts; a wish ends with its last block. Stored before the DSO hears of it, because its
 * forecast may be faster than its answer.
 */
import type { LinkId, PeerId, RequestId } from '../ids.ts'
import type { Ledger, LedgerKey } from '../ledger.ts'
import type { Link } from '../peers.ts'

export interface Wish {
  /** The X-Request-ID of the flexibility provider's message. */
  readonly request: RequestId
  /** When its last block ends, in milliseconds since 1970. */
  readonly until: number
}

type Open = Readonly<Record<string, Wish>>

export class Wishes {
  private readonly ledger: Ledger
  private readonly now: () => number

  constructor(ledger: Ledger, now: () => number) {
    this.ledger = ledger
    this.now = now
  }

  /** Rejects while the state is away: then the DSO must not be asked. */
  async add(link: Link, group: string, wish: Wish): Promise<void> {
    await this.change(link, (open) => ({ ...open, [group]: wish }))
  }

  /** The wish is decided; a newer one of the same group stays. */
  async close(link: Link, group: string, request: RequestId): Promise<void> {
    await this.change(link, ({ [group]: own, ...rest }) =>
      own === undefined || own.request === request ? rest : { ...rest, [group]: own },
    )
  }

  /** What a forecast of each group would answer. Rejects while the state is away. */
  async open(link: Link): Promise<ReadonlyMap<string, RequestId>> {
    const stored = await this.ledger.read<Open>(keyOf(link.legacy.id, link.id))
    const left = Object.entries(stored?.record ?? {}).filter(([, { until }]) => until > this.now())
    return new Map(left.map(([group, { request }]) => [group, request]))
  }

  private async change(link: Link, step: (open: Open) => Open): Promise<void> {
    const key = keyOf(link.legacy.id, link.id)
    for (;;) {
      const stored = await this.ledger.read<Open>(key)
      const known = stored?.record ?? {}
      const left = Object.entries(step(known)).filter(([, { until }]) => until > this.now())
      if (left.length === 0 && !stored) return
      if (left.length === 0) {
        if (await this.ledger.remove(key, stored!.revision)) return
        continue
      }
      const end = Math.max(...left.map(([, { until }]) => until))
      const write = { record: Object.fromEntries(left), due: 'not due', keepFor: end - this.now() } as const
      if (await this.ledger.write(key, stored?.revision ?? 0, write)) return
    }
  }
}

function keyOf(peer: PeerId, link: LinkId): LedgerKey {
  return { peer, id: `wishes/${link}` }
}
