/**
 * Asks a DSO what holds (GetCapacityForecast), and reads its answer as forecasts of the link's groups, in its order.
 * Limits: an item of the answer that is not the link's, or that cannot be translated, is left out and named; the others stand.
 */
import type { Value } from '../../mapping/compile.ts'
import { type Context, Refusal } from '../../mapping/run.ts'
import type { ExchangeId, RequestId } from '../ids.ts'
import type { LegacyOutcome, LegacyWire } from '../legacy.ts'
import type { Observer } from '../observer.ts'
import type { Link } from '../peers.ts'

export const forecastsQuery = 'StoredForecastsQuery'

/** A forecast as it is handed on, and what is kept with it. */
export interface TakenForecast {
  readonly forecast: Value
  readonly kept: Value
}

export type Asked =
  | { readonly verdict: 'answered'; readonly forecasts: readonly TakenForecast[]; readonly left: readonly Refusal[] }
  | Exclude<LegacyOutcome, { readonly verdict: 'answered' }>

export interface Question {
  readonly wire: LegacyWire
  readonly link: Link
  readonly context: Context
  /** None: every group of the link. */
  readonly groups: readonly string[]
  readonly request: RequestId
  readonly withinMs: number
  readonly observer: Observer
  readonly now: () => number
  /** Which attempt it is, from 1, and what it carries on. */
  readonly nth: number
  readonly exchanges?: readonly ExchangeId[]
}

/** Whether the link's DSO can be asked at all. */
export function mayBeAsked(wire: LegacyWire, { crossing, legacy }: Link): boolean {
  const compiled = crossing.byModern.get(forecastsQuery)
  return compiled !== undefined && wire.hosts(legacy, compiled.module.legacy)
}

/** Rejects only for what nobody foresaw. */
export async function askForecasts(question: Question): Promise<Asked> {
  const { link, observer, now, nth: attempt, request, exchanges = [] } = question
  const started = now()
  const asked = await ask(question)
  const { id: peer } = link.legacy
  const message = link.crossing.byModern.get(forecastsQuery)?.module.legacy ?? forecastsQuery
  const about = { peer, link: link.id, message, direction: 'toLegacy', request, exchanges, attempt } as const
  const outcome = asked.verdict === 'answered' ? 'accepted' : asked.verdict
  const sentence = 'sentence' in asked ? asked.sentence : undefined
  const error = 'cause' in asked ? { error: asked.cause } : {}
  const status = 'status' in asked ? asked.status : undefined
  observer.attempted({
    ...about,
    outcome,
    status,
    sentence,
    retryInMs: undefined,
    durationMs: now() - started,
    ...error,
  })
  return asked
}

async function ask({ wire, link, context, groups, request, withinMs }: Question): Promise<Asked> {
  const compiled = link.crossing.byModern.get(forecastsQuery)
  const unsupported = {
    verdict: 'refused',
    sentence: 'The party cannot be asked for forecasts.',
    unsupported: true,
  } as const
  if (!compiled) return unsupported
  const [asked] = compiled.toLegacy.translate({ group_id: groups.length > 0 ? groups : undefined }, context)
  if (!asked || !('value' in asked)) return { ...unsupported, sentence: 'The question could not be translated.' }
  const { legacy: peer, cspIdentity } = link
  const operation = compiled.module.legacy
  const outcome = await wire.call({ peer, operation, value: asked.value, cspIdentity, request, withinMs })
  if (outcome.verdict !== 'answered') return outcome
  const left: Refusal[] = []
  for (let value: Value | undefined = outcome.value; value; ) {
    const [answer] = compiled.answerToModern.translate(value, context)
    if (answer && 'value' in answer) return readAnswer(answer.value, left)
    const refusal = answer && 'refusal' in answer ? answer.refusal : undefined
    if (refusal) left.push(refusal)
    value = refusal && withoutItem(value, refusal.path)
  }
  const why = left[0] ?? new Refusal('internal', '', 'cannot be translated')
  return { verdict: 'refused', sentence: `The answer of the party: ${why.path} ${why.message}`, unsupported: false }
}

function readAnswer({ verdict, message, forecasts }: Value, left: readonly Refusal[]): Asked {
  if (verdict === 'REFUSED')
    return { verdict: 'refused', sentence: String(message ?? 'The party rejected the question.'), unsupported: false }
  return { verdict: 'answered', forecasts: ((forecasts ?? []) as Value[]).map(taken), left }
}

/** A forecast that came in an answer, as if it had come by itself. */
export function taken({ forecast_id: forecastId, ...forecast }: Value): TakenForecast {
  return { forecast, kept: forecastId === undefined ? {} : { forecastId } }
}

/** The value without the item of a list that a path leads into; undefined when it leads into none. */
function withoutItem(value: Value, path: string): Value | undefined {
  const [, name, index] = /^(\w+)\[(\d+)\]/.exec(path) ?? []
  const list = name === undefined ? undefined : value[name]
  if (name === undefined || !Array.isArray(list)) return undefined
  return { ...value, [name]: list.filter((_, i) => i !== Number(index)) }
}
