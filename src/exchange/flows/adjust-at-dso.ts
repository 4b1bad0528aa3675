/**
 * A flexibility provider asks for other capacities: the DSO is asked in turn, and what it says comes back as a forecast that
 * names the wish it answers. OSCP 2.0 has no refusal, so a refused wish is answered with what held before.
 * Limits: consumption only. A wish has no answer where nothing held before, or where its last block ended before the DSO heard of it.
 */
import { GatewayError } from '../../errors.ts'
import type { CompiledMessage, Value } from '../../mapping/compile.ts'
import type { Context } from '../../mapping/run.ts'
import type { Event, EventKind, EventOutcome, EventQueue } from '../events.ts'
import type { Forecasts } from '../forecasts.ts'
import type { PeerId, RequestId } from '../ids.ts'
import type { LegacyOutcome, LegacyWire } from '../legacy.ts'
import type { Observer } from '../observer.ts'
import type { Link, Links } from '../peers.ts'
import type { ModernFlow } from '../receive-modern.ts'
import { blocksOf, endOf } from '../schedule.ts'
import { askForecasts, mayBeAsked, type TakenForecast, taken } from './ask-forecasts.ts'
import { onePart } from './one-part.ts'
import type { Wishes } from './wishes.ts'

export const adjustMessage = 'AdjustGroupCapacityForecast'
export const adjustAtDso = 'RequestAdjustedCapacity'
const consumption = 'CONSUMPTION'

export interface AdjustOptions {
  readonly wire: LegacyWire
  readonly links: Links
  readonly events: EventQueue
  readonly forecasts: Pick<Forecasts, 'accept' | 'repeat'>
  readonly wishes: Wishes
  readonly observer: Observer
  readonly contextOf: (link: Link) => Context
  readonly now: () => number
  readonly newId: () => string
  /** Limit of one attempt, in milliseconds. */
  readonly attempt: number
}

/** What an event holds. */
interface Asking extends Value {
  /** The X-Request-ID of the wish. */
  readonly wish: RequestId
  /** The request as the DSO's contract has it. */
  readonly call: Value
}

export function adjustFlow({ wire, events, contextOf, now, newId }: AdjustOptions): ModernFlow {
  return async ({ value, request, exchange }, link, receipts) => {
    const compiled = link.crossing.byModern.get(adjustMessage)
    if (!compiled || !wire.hosts(link.legacy, compiled.module.legacy))
      throw new GatewayError('message-unsupported', 'The grid operator takes no wishes.')
    if (value.type !== consumption)
      throw new GatewayError('message-unsupported', 'Only CONSUMPTION can be asked for here.')
    const part = onePart(compiled.toLegacy.translate(value, contextOf(link)))
    receipts.push(part.receipt)
    if (!('value' in part)) throw new GatewayError('message-unsupported', part.held.message)
    const expires = endOf(blocksOf(value))
    if (expires <= now()) {
      const sentence = 'must hold a block that has not ended'
      throw new GatewayError('invalid-message', `forecasted_blocks ${sentence}`, {
        problems: [{ path: 'forecasted_blocks', sentence }],
      })
    }
    const asking: Asking = { wish: request, call: part.value }
    const about = { kind: adjustAtDso, link: link.id, group: value.group_id as string, exchange, at: now(), expires }
    await events.add(link.legacy.id, { ...about, value: asking, request: newId() as RequestId })
    return undefined
  }
}

export function adjustKind(options: AdjustOptions): EventKind {
  const { wire, links, forecasts, wishes, observer, contextOf, now, newId, attempt } = options
  return { direction: 'toLegacy', send }

  async function send(peer: PeerId, event: Event): Promise<EventOutcome> {
    const link = links.byId(event.link)
    const compiled = link?.crossing.byModern.get(adjustMessage)
    if (!link || !compiled || link.legacy.id !== peer)
      return { verdict: 'dead', reason: 'The link is not configured any more, or leads to another party.' }
    const { wish, call } = event.value as Asking
    const group = event.group!
    await wishes.add(link, group, { request: wish, until: event.expires ?? event.at })
    const { legacy, cspIdentity } = link
    const operation = compiled.module.legacy
    const about = { peer: legacy, operation, value: call, cspIdentity, request: event.request, withinMs: attempt }
    const outcome = await wire.call({ ...about, exchanges: [event.exchange] })
    return { status: outcome.status, ...(await concluded(link, compiled, event, outcome)) }
  }

  async function concluded(
    link: Link,
    compiled: CompiledMessage,
    event: Event,
    outcome: LegacyOutcome,
  ): Promise<EventOutcome> {
    if (outcome.verdict === 'unavailable') {
      const { verdict: _, ...later } = outcome
      return { verdict: 'later', ...later }
    }
    if (outcome.verdict === 'refused') return unanswered(link, event, outcome.sentence)
    const [answer] = compiled.answerToModern.translate(outcome.value, contextOf(link))
    if (!answer || !('value' in answer)) return unanswered(link, event, 'The answer of the party cannot be translated.')
    const { verdict, forecast } = answer.value
    // Decided later: its next forecast for the cable is the answer.
    if (verdict === 'PENDING') return { verdict: 'done' }
    if (verdict === 'REFUSED') {
      await asItWas(link, event)
      return { verdict: 'done' }
    }
    const granted = forecast === undefined ? undefined : taken(forecast as Value)
    if (granted && granted.forecast.group_id === event.group) return grant(link, event, granted)
    return look(link, event)
  }

  /** It said yes and not what holds now: that is asked for. If it cannot be asked, its next forecast says it. */
  async function look(link: Link, event: Event): Promise<EventOutcome> {
    if (!mayBeAsked(wire, link)) return { verdict: 'done' }
    const request = newId() as RequestId
    const about = { request, withinMs: attempt, nth: 1, exchanges: [event.exchange] }
    const question = { ...options, link, context: contextOf(link), groups: [event.group!], ...about }
    const asked = await askForecasts(question)
    if (asked.verdict === 'unavailable') {
      const { verdict: _, ...later } = asked
      return { verdict: 'later', ...later }
    }
    const found =
      asked.verdict === 'answered' ? asked.forecasts.filter(({ forecast }) => forecast.group_id === event.group) : []
    for (const one of found) await grant(link, event, one)
    return { verdict: 'done' }
  }

  async function grant(link: Link, event: Event, { forecast, kept }: TakenForecast): Promise<EventOutcome> {
    const { wish } = event.value as Asking
    // Nobody waits for the flexibility provider's word on it.
    await forecasts.accept(link, forecast, kept, now(), { correlation: wish, exchange: event.exchange })
    await wishes.close(link, event.group!, wish)
    return { verdict: 'done' }
  }

  async function unanswered(link: Link, event: Event, reason: string): Promise<EventOutcome> {
    const about = { peer: link.legacy.id, link: link.id, group: event.group!, error: reason }
    observer.alarm('adjustment not decided', about)
    await asItWas(link, event)
    return { verdict: 'dead', reason }
  }

  async function asItWas(link: Link, event: Event): Promise<void> {
    const { wish } = event.value as Asking
    await forecasts.repeat(link, event.group!, consumption, { correlation: wish })
    await wishes.close(link, event.group!, wish)
  }
}
