/**
 * Usage that a flexibility provider reports reaches the DSO as intervals of energy, each message once and in order.
 * Limits: what the meters of a group stand at is stored in one step with the message that it follows from. A message that says
 * nothing yet, such as a first reading, is taken and not sent on.
 */
import { GatewayError } from '../../errors.ts'
import { parseInstant } from '../../mapping/codecs/instant.ts'
import type { CompiledMessage, Value } from '../../mapping/compile.ts'
import type { Context } from '../../mapping/run.ts'
import type { Meters } from '../../mapping/shapers/meter.ts'
import type { Event, EventKind, EventOutcome, EventQueue } from '../events.ts'
import type { ForecastNames } from '../forecast-names.ts'
import type { PeerId, RequestId } from '../ids.ts'
import type { Change, Ledger } from '../ledger.ts'
import type { LegacyWire } from '../legacy.ts'
import type { ModernRequest } from '../modern.ts'
import type { Observer } from '../observer.ts'
import type { Link, Links } from '../peers.ts'
import type { ModernFlow } from '../receive-modern.ts'
import { onePart } from './one-part.ts'

export const groupMeasurements = 'UpdateGroupMeasurements'
export const assetMeasurements = 'UpdateAssetMeasurements'
export const usageAtDso = 'UpdateAggregatedUsage'

export interface UsageAtDsoOptions {
  readonly wire: LegacyWire
  readonly links: Links
  readonly ledger: Ledger
  readonly events: EventQueue
  readonly names: ForecastNames
  readonly observer: Observer
  /** Which of the two messages this party reports usage with: the other would say the same energy again. */
  readonly route: (peer: PeerId) => 'group' | 'asset'
  readonly contextOf: (link: Link) => Context
  /** Keeps for people what was passed on. */
  readonly kept?: (link: Link, value: Value) => void
  readonly now: () => number
  readonly newId: () => string
  /** Limit of one attempt, in milliseconds. */
  readonly attempt: number
}

const day = 24 * 3600_000
/** A register that nobody has read for longer begins anew. */
const keepMeters = 400 * day
/** More than can lose against each other in earnest. */
const mostTries = 100

export function usageAtDsoFlow(options: UsageAtDsoOptions): ModernFlow {
  const { wire, ledger, events, names, route, contextOf, now, newId } = options
  return async (request, link, receipts) => {
    const compiled = compiledFor(request, link)
    const forecastId = await nameFor(request.value, link)
    const key = { peer: link.legacy.id, id: `meter/${link.id}/${request.value.group_id as string}` }
    for (let tries = 0; tries < mostTries; tries++) {
      const stored = await ledger.read<Meters>(key)
      const context = { ...contextOf(link), forecastId, meters: stored?.record }
      const part = onePart(compiled.toLegacy.translate(request.value, context))
      const meters = part.kept.meters as Meters | undefined
      const write = { record: meters, due: 'not due', keepFor: keepMeters } as const
      const also: Change[] = meters ? [{ id: key.id, revision: stored?.revision ?? 0, write }] : []
      if (await keep(request, link, compiled, 'value' in part ? part.value : undefined, also)) {
        receipts.push(part.receipt)
        options.kept?.(link, request.value)
        return undefined
      }
    }
    throw new GatewayError('state-unavailable', 'Too many messages about this group came at once.')
  }

  /** The message and where the meters stand after it, both or neither; false when another message moved them first. */
  async function keep(
    { exchange, value }: ModernRequest,
    link: Link,
    compiled: CompiledMessage,
    call: Value | undefined,
    also: readonly Change[],
  ): Promise<boolean> {
    if (call === undefined) return also.length === 0 || ledger.writeAll(link.legacy.id, also)
    const about = { kind: usageAtDso, link: link.id, group: value.group_id as string, exchange, at: now() }
    const content = { operation: compiled.module.legacy, call }
    return events.add(link.legacy.id, { ...about, value: content, request: newId() as RequestId }, also)
  }

  function compiledFor({ message, peer }: ModernRequest, link: Link): CompiledMessage {
    if (message !== (route(peer) === 'asset' ? assetMeasurements : groupMeasurements))
      throw new GatewayError('message-unsupported', 'Usage is taken from this party by another message.')
    const compiled = link.crossing.byModern.get(message)
    if (compiled && wire.hosts(link.legacy, compiled.module.legacy)) return compiled
    throw new GatewayError('message-unsupported', 'The grid operator takes no usage.')
  }

  /** A name is good to have: usage is not refused for want of it. */
  async function nameFor({ group_id: group, measurements }: Value, link: Link): Promise<string | undefined> {
    const begins = (measurements as Value[]).map((one) => beginOf((one.energy_measurement ?? one) as Value))
    const at = Math.min(...begins.filter((begin) => begin !== undefined))
    if (!Number.isFinite(at)) return undefined
    return names.at(link.modern.id, link.id, group as string, at).catch(() => undefined)
  }
}

/** When the energy began to flow, as far as the message says so; a reading belongs to what held just before it. */
function beginOf({ initial_measure_time: start, measure_time: end }: Value): number | undefined {
  const instant = parseInstant((start ?? end ?? '') as string)
  if (typeof instant !== 'number') return undefined
  return start === undefined ? instant - 1 : instant
}

export function usageAtDsoKind({ wire, links, observer, contextOf, attempt }: UsageAtDsoOptions): EventKind {
  return {
    direction: 'toLegacy',
    async send(peer: PeerId, event: Event): Promise<EventOutcome> {
      const link = links.byId(event.link)
      const { operation, call: value } = event.value as { operation: string; call: Value }
      const compiled = link?.crossing.byLegacy.get(operation)
      if (!link || !compiled || link.legacy.id !== peer)
        return { verdict: 'dead', reason: 'The link is not configured any more, or leads to another party.' }
      const { legacy, cspIdentity } = link
      const about = { peer: legacy, operation, value, cspIdentity, request: event.request, withinMs: attempt }
      const outcome = await wire.call({ ...about, exchanges: [event.exchange] })
      const { status } = outcome
      if (outcome.verdict === 'unavailable') {
        const { verdict: _, ...later } = outcome
        return { verdict: 'later', ...later }
      }
      if (outcome.verdict === 'refused') {
        if (outcome.unsupported) observer.alarm('measurements not taken', { peer, link: link.id })
        return { verdict: 'dead', reason: outcome.sentence, status }
      }
      const [answer] = compiled.answerToModern.translate(outcome.value, contextOf(link))
      if (!answer || !('value' in answer))
        return { verdict: 'dead', reason: 'The answer of the party cannot be translated.', status }
      if (answer.value.verdict !== 'REFUSED') return { verdict: 'done', status }
      return { verdict: 'dead', reason: String(answer.value.message ?? 'The party rejected it.'), status }
    },
  }
}
