/**
 * Hands a schedule to a legacy operator: one attempt, in the words of its dialect, and the operator's own answer to it.
 * Limits: what the operator rejects is told to the other side before it counts as refused, so that a crash between loses nothing.
 */
import { asGatewayError } from '../../errors.ts'
import type { Value } from '../../mapping/compile.ts'
import { Refusal } from '../../mapping/run.ts'
import { carriedBy, type Delivery, type ForecastRecord } from '../forecast-record.ts'
import type { RequestId } from '../ids.ts'
import type { LegacyOutcome, LegacyWire } from '../legacy.ts'
import { contextOf, type Link, type Outcome } from '../peers.ts'
import type { Receiver } from '../receivers.ts'
import type { Complaints } from './compliance.ts'
import { forecastMapping, messagesFor } from './in-legacy-terms.ts'

export interface OperatorsOptions {
  readonly wire: LegacyWire
  readonly complaints: Complaints
  /** Milliseconds since 1970, UTC. */
  readonly now: () => number
}

type About = Pick<ForecastRecord, 'group' | 'type' | 'from'>

export function chargeSpotOperators({ wire, complaints, now }: OperatorsOptions): Receiver {
  const describe = (link: Link) => ({ message: forecastMapping(link).module.legacy, direction: 'toLegacy' as const })
  return { describe, peerOf: ({ legacy }) => legacy.id, send }

  async function send(link: Link, about: About, delivery: Delivery, withinMs: number): Promise<Outcome> {
    // What is to be delivered is in legacy terms already: nothing of it may be left out any more.
    const context = { ...contextOf(link, now(), 0), oddBlocks: true }
    const kept = { forecastId: delivery.cause?.forecastId }
    const messages = messagesFor(link, about.group, delivery.blocks, context, kept)
    if (messages instanceof Refusal) return { verdict: 'refused', sentence: messages.message }
    const until = now() + withinMs
    let word: Outcome = { verdict: 'accepted' }
    for (const [nth, { value }] of messages.entries()) {
      const request = (nth === 0 ? delivery.request : `${delivery.request}-${nth + 1}`) as RequestId
      const { module } = forecastMapping(link)
      const outcome = await wire.call({
        peer: link.legacy,
        operation: module.legacy,
        value,
        cspIdentity: link.cspIdentity,
        request,
        exchanges: carriedBy({ from: about.from, delivery }),
        withinMs: Math.max(1, until - now()),
      })
      const { status } = outcome
      word = { ...(await heard(link, about, delivery, outcome)), ...(status === undefined ? {} : { status }) }
      if (word.verdict !== 'accepted') return word
    }
    return word
  }

  async function heard(link: Link, about: About, delivery: Delivery, outcome: LegacyOutcome): Promise<Outcome> {
    if (outcome.verdict === 'unavailable') return outcome
    const refusal = refusalIn(link, outcome)
    if (!refusal) return { verdict: 'accepted' }
    const { blocks, cause } = delivery
    const exchange = about.from?.findLast(({ version }) => version <= delivery.version)?.exchange
    try {
      await complaints.raise({ link, group: about.group, blocks, cause, exchange, value: refusal.value })
    } catch (thrown) {
      const sentence = 'The refusal could not be kept.'
      return { verdict: 'unavailable', sentence, cause: asGatewayError(thrown) }
    }
    return { verdict: 'refused', sentence: refusal.sentence }
  }

  /** What to tell the other side of it, unless the operator has accepted. */
  function refusalIn(link: Link, outcome: Exclude<LegacyOutcome, { verdict: 'unavailable' }>) {
    if (outcome.verdict === 'refused') return { sentence: outcome.sentence, value: { message: outcome.sentence } }
    const context = contextOf(link, now(), 0)
    const answer = translated(forecastMapping(link).answerToModern.translate(outcome.value, context))
    if (answer?.verdict === 'ACCEPTED') return undefined
    const sentence = typeof answer?.message === 'string' ? answer.message : 'The operator rejected the forecast.'
    const mapping = link.crossing.byModern.get('GroupCapacityComplianceError')
    const value = mapping && translated(mapping.toModern.translate(outcome.value, context))
    return { sentence, value: value ?? { message: sentence } }
  }
}

function translated(parts: readonly object[]): Value | undefined {
  const [part] = parts
  return part && 'value' in part ? (part.value as Value) : undefined
}
