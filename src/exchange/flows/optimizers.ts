/**
 * Capacity optimizers, who advise an operator within its limits: they are told every limit as the capacity provider said it.
 * Limits: they are told what was said, not what an old operator makes of it; what they send back is no limit.
 */
import type { Worker } from '../agenda.ts'
import { carriedBy } from '../forecast-record.ts'
import type { Forecasts } from '../forecasts.ts'
import type { PeerId } from '../ids.ts'
import type { LedgerKey } from '../ledger.ts'
import type { Links, ModernWire } from '../peers.ts'
import type { ModernFlow } from '../receive-modern.ts'
import { messageName, type Receiver } from '../receivers.ts'
import { forecastOf } from '../schedule.ts'

export function optimizers(wire: ModernWire): Receiver {
  return {
    perPhase: true,
    describe: () => ({}),
    peerOf: ({ optimizer }) => optimizer?.id ?? ('' as PeerId),
    async send({ optimizer }, { group, type, from }, delivery, withinMs) {
      if (!optimizer) return { verdict: 'refused', sentence: 'The link has no optimizer any more.' }
      const ids = { request: delivery.request, exchanges: carriedBy({ from, delivery }) }
      return wire.send(optimizer, messageName, forecastOf(group, type, delivery.blocks), ids, withinMs)
    },
  }
}

/** What the capacity provider says of a limit is taken by `flow` first, and then owed to the optimizer of the link. */
export function alsoToOptimizer(flow: ModernFlow, advice: Forecasts, now: () => number): ModernFlow {
  return async (request, link, receipts) => {
    const after = await flow(request, link, receipts)
    const { peer, value, exchange } = request
    // Without waiting for its word: it changes nothing for the capacity provider.
    if (link.optimizer && peer === link.modern.id && value.type !== 'OPTIMUM')
      await advice.accept(link, value, {}, now(), { exchange })
    return after
  }
}

/** Records of forecasts are those of the optimizers, or everybody else's. */
export function eachByReceiver(forecasts: Forecasts, advice: Forecasts, links: Links): Worker {
  const of = ({ peer }: LedgerKey) => (links.ofOptimizer(peer).length > 0 ? advice : forecasts)
  return {
    leaseMs: Math.max(forecasts.leaseMs, advice.leaseMs),
    resume: (key) => of(key).resume(key),
    async tidy() {
      await forecasts.tidy()
      await advice.tidy()
    },
  }
}
