/**
 * Events that are one OSCP 2.0 message each: sent to the party they are for, and given up when it says no for good.
 * Limits: whether a refusal is final is the wire's word; an event of a link that leads elsewhere now is given up.
 */
import type { EventKind, EventOutcome } from '../events.ts'
import type { PeerId } from '../ids.ts'
import type { Change } from '../ledger.ts'
import { type Links, type ModernWire, modernOf, type Outcome } from '../peers.ts'

export interface ModernEventOptions {
  readonly wire: ModernWire
  readonly links: Links
  /** Limit of one attempt, in milliseconds. */
  readonly attempt: number
  /** Why nothing of this kind is sent to the peer now; undefined when it is. */
  readonly withheld?: (peer: PeerId) => Promise<string | undefined>
  /** Told of a final no; what it resolves to is changed together with forgetting the event. */
  readonly refused?: (peer: PeerId, outcome: Outcome) => Promise<readonly Change[]>
}

/** Events of this message. */
export function modernEvent(message: string, options: ModernEventOptions): EventKind {
  const { wire, links, attempt, withheld, refused } = options
  return {
    async send(peer, { link: id, value, request, correlation, exchange }): Promise<EventOutcome> {
      const link = links.byId(id)
      const to = link && modernOf(link, peer)
      if (!to) return { verdict: 'dead', reason: 'The link is not configured any more, or leads to another party.' }
      const reason = await withheld?.(peer)
      if (reason !== undefined) return { verdict: 'dead', reason }
      const ids = { request, exchanges: [exchange], ...(correlation === undefined ? {} : { correlation }) }
      const outcome = await wire.send(to, message, value, ids, attempt)
      const { status } = outcome
      if (outcome.verdict === 'accepted') return { verdict: 'done', status }
      if (outcome.verdict === 'refused')
        return { verdict: 'dead', reason: outcome.sentence, also: (await refused?.(peer, outcome)) ?? [], status }
      const { verdict: _, ...later } = outcome
      return { verdict: 'later', ...later }
    },
  }
}
