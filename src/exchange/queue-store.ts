/**
 * Reads and writes the record of one peer's queue. While this process is the one who sends from it, it knows the record as it
 * wrote it last, and need not read it before each change.
 * Limits: who else adds to the queue makes that old; whatever follows from it is written with its revision, and refused then.
 */
import type { PeerId } from './ids.ts'
import type { Change, Due, Ledger, Stored } from './ledger.ts'
import { type Queue, queueKey } from './queue-record.ts'

interface Sending {
  readonly sender: string
  known: Stored<Queue> | undefined
}

export class QueueStore {
  private readonly ledger: Ledger
  /** How long queues are kept after their last change, in milliseconds. */
  private readonly keepFor: number
  private readonly sending = new Map<PeerId, Sending>()

  constructor(ledger: Ledger, keepFor: number) {
    this.ledger = ledger
    this.keepFor = keepFor
  }

  /** `sender` is of this process, and sends from now until `ends`. */
  begins(peer: PeerId, sender: string): void {
    this.sending.set(peer, { sender, known: undefined })
  }

  ends(peer: PeerId, sender: string): void {
    if (this.sending.get(peer)?.sender === sender) this.sending.delete(peer)
  }

  /** The queue, as far as it is known; undefined when there is none. Rejects with `state-unavailable`. */
  async read(peer: PeerId): Promise<Stored<Queue> | undefined> {
    return this.sending.get(peer)?.known ?? (await this.ledger.read<Queue>(queueKey(peer)))
  }

  /**
   * Writes the queue together with other changes of the peer's records, all or none. False when somebody else changed one of
   * them first. Rejects with `state-unavailable`, and then it may have been written or not.
   */
  async write(peer: PeerId, revision: number, record: Queue, due: Due, also: readonly Change[]): Promise<boolean> {
    const change = { id: queueKey(peer).id, revision, write: { record, due, keepFor: this.keepFor } }
    let isWritten = false
    try {
      isWritten = await this.ledger.writeAll(peer, [change, ...also])
      return isWritten
    } finally {
      const sending = this.sending.get(peer)
      const isOurs = isWritten && record.sender === sending?.sender
      if (sending) sending.known = isOurs ? { record, revision: revision + 1 } : undefined
    }
  }
}
