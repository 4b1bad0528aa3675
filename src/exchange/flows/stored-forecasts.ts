/**
 * Answers a legacy operator that asks for its limits, out of what is stored: what holds now, or what was left for being offline.
 * Limits: blocks that overlap the time asked for are told whole. A group that cannot be put in legacy terms is named, and hides no other.
 */
import { GatewayError } from '../../errors.ts'
import type { Value } from '../../mapping/compile.ts'
import type { Link } from '../peers.ts'
import type { LegacyFlow } from '../receive.ts'
import { type Block, forecastOf } from '../schedule.ts'
import type { GroupLimits } from './group-limits.ts'
import type { InLegacyTerms } from './in-legacy-terms.ts'

/** What is stored for the operators. */
export interface StoredLimits {
  known(link: Link, groups?: readonly string[]): Promise<GroupLimits[]>
  /** Throws `untranslatable`. */
  heldBy(link: Link, limits: GroupLimits): InLegacyTerms
}

interface Question {
  readonly groups: readonly string[] | undefined
  readonly from: number
  readonly to: number
}

export function storedForecasts(stored: StoredLimits): LegacyFlow {
  return async ({ request, link, compiled, context, receipts, groups }) => {
    const [part] = compiled.toModern.translate(request.value, context)
    if (part && 'refusal' in part) {
      const { kind, path, message } = part.refusal
      if (kind === 'group-unknown') return { verdict: 'REFUSED', message: `${path} ${message}` }
      throw new GatewayError(kind, `${path}: ${message}`, { problems: [{ path, sentence: message }] })
    }
    if (!part || !('value' in part)) throw new GatewayError('internal', 'The question could not be translated.')
    receipts.push(part.receipt)
    const question = questionOf(part.value)
    if (question.to <= question.from)
      throw new GatewayError('invalid-message', 'The end of the time asked for must be later than its start.')
    const known = await stored.known(link, question.groups)
    groups.push(...(question.groups ?? known.map(({ group }) => group)))
    const told = known.map((limits) => answerFor(link, limits, question))
    const problems = told.flatMap(({ problem }) => (problem === undefined ? [] : [problem]))
    return {
      verdict: 'ACCEPTED',
      forecasts: told.flatMap(({ forecast }) => (forecast === undefined ? [] : [forecast])),
      ...(problems.length > 0 ? { message: problems.join('; ') } : {}),
    }
  }

  function answerFor(link: Link, limits: GroupLimits, { from, to }: Question) {
    try {
      const blocks = stored.heldBy(link, limits).blocks.filter(({ start, end }) => start < to && end > from)
      return blocks.length === 0 ? {} : { forecast: forecastFor(limits, blocks) }
    } catch (error) {
      if (!(error instanceof GatewayError && error.kind === 'untranslatable')) throw error
      return { problem: `${link.groups.toLegacy(limits.group)} is left out: ${error.message}` }
    }
  }
}

function forecastFor({ group, forecastId }: GroupLimits, blocks: readonly Block[]): Value {
  return { forecast_id: forecastId, ...forecastOf(group, 'CONSUMPTION', blocks) }
}

function questionOf(value: Value): Question {
  const { group_id: ids, start_time: from, end_time: to } = value
  const named = Array.isArray(ids) && ids.length > 0 ? [...new Set(ids as string[])] : undefined
  const instant = (time: unknown, absent: number) => (typeof time === 'string' ? Date.parse(time) : absent)
  return {
    groups: named,
    from: instant(from, Number.NEGATIVE_INFINITY),
    to: instant(to, Number.POSITIVE_INFINITY),
  }
}
