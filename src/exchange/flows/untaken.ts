/**
 * Which modern parties do not take measurements: one that answers 501 is sent none until its next handshake, or for a day.
 * Limits: it is known to all replicas; what was kept for such a party before it said so is given up with that reason.
 */
import type { PeerId } from '../ids.ts'
import type { Change, Ledger } from '../ledger.ts'
import type { Observer } from '../observer.ts'
import type { Outcome } from '../peers.ts'

const keepFor = 24 * 3600_000
const sentence = 'The other side does not take measurements.'

export class Untaken {
  private readonly ledger: Ledger
  private readonly observer: Observer

  constructor(ledger: Ledger, observer: Observer) {
    this.ledger = ledger
    this.observer = observer
  }

  /** Why this message is not sent to the peer; undefined when it is. */
  async reason(peer: PeerId, message: string): Promise<string | undefined> {
    return (await this.ledger.read({ peer, id: idOf(message) })) ? sentence : undefined
  }

  /** What is to be remembered of a refusal. */
  async note(peer: PeerId, message: string, { status }: Outcome): Promise<readonly Change[]> {
    if (status !== 501) return []
    this.observer.alarm('measurements not taken', { peer })
    const known = await this.ledger.read({ peer, id: idOf(message) })
    return [{ id: idOf(message), revision: known?.revision ?? 0, write: { record: {}, due: 'not due', keepFor } }]
  }

  /** The peer begins anew and may have learnt it. */
  async forget(peer: PeerId): Promise<void> {
    for (const id of await this.ledger.list(peer, 'untaken/')) {
      const known = await this.ledger.read({ peer, id })
      if (known) await this.ledger.remove({ peer, id }, known.revision)
    }
  }
}

function idOf(message: string): string {
  return `untaken/${message}`
}
