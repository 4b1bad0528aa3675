/**
 * So many questions to the state at a time and no more: those that messages wait for come in between, and none waits too long.
 * Limits: answers from memory come at once, so after a few of them everything else has its turn.
 */
import { setImmediate as othersFirst } from 'node:timers/promises'
import type { Ledger } from '../../exchange/ledger.ts'

export interface Reads extends Pick<Ledger, 'read' | 'list' | 'agenda'> {
  /** Anything else that is read, in its turn. */
  other<T>(ask: () => Promise<T>): Promise<T>
}

const atOnce = 64
const inARow = 8

/** The ledger as the console reads it. */
export function boundedReads(ledger: Ledger): Reads {
  const queue: (() => void)[] = []
  let running = 0
  let asked = 0
  const inTurn = async <T>(ask: () => Promise<T>): Promise<T> => {
    if (running >= atOnce) await new Promise<void>((resolve) => queue.push(resolve))
    else running++
    try {
      if (++asked % inARow === 0) await othersFirst()
      // A busy moment is no outage: whoever reads hundreds of things asks a second time before giving all of it up.
      return await ask().catch(ask)
    } finally {
      // Whoever waits takes the place over, so that nobody slips in before.
      const next = queue.shift()
      if (next) next()
      else running--
    }
  }
  return {
    read: (key) => inTurn(() => ledger.read(key)),
    list: (peer, prefix) => inTurn(() => ledger.list(peer, prefix)),
    agenda: (peer) => inTurn(() => ledger.agenda(peer)),
    other: inTurn,
  }
}
