/**
 * Which part of an operator's schedule a change concerns, so that a message passes with its own blocks where it can.
 * Limits: pure; blocks are told in legacy terms, and what cannot be put so throws `untranslatable`.
 */
import { GatewayError } from '../../errors.ts'
import { contextOf, type Link } from '../peers.ts'
import type { Block } from '../schedule.ts'
import { type GroupLimits, holding } from './group-limits.ts'
import { type InLegacyTerms, inLegacyTerms } from './in-legacy-terms.ts'

/** How much of what an operator is to hold it is told after a change. */
export interface Telling {
  /** Without it nothing is told. `before` is what the operator was to hold until now. */
  readonly concerns?: (told: readonly Block[], before: () => readonly Block[]) => readonly Block[]
  /** Whether the change is made even if the operator cannot be told of it. */
  readonly anyway?: boolean
  /** Whether nothing has changed, and what is stated for a while only is stated anew. */
  readonly again?: boolean
}

const nothing: InLegacyTerms = { blocks: [], receipts: [] }

export function tell(link: Link, before: GroupLimits, next: GroupLimits, now: number, telling: Telling): InLegacyTerms {
  const { concerns, anyway, again } = telling
  if (!concerns) return nothing
  if (again && next.mode === 'fallback' && !link.fallback.has(next.group)) return nothing
  // What a message replaced for good is still with the operator.
  const replaced = link.replaces ? (before.said.CONSUMPTION?.blocks ?? []) : []
  const told = inTerms(link, next, now, replaced, anyway)
  const blocks = concerns(told.blocks, () => inTerms(link, before, now, [], true).blocks)
  return { ...told, blocks: blocks.filter(({ end }) => end > now) }
}

export const everything = (told: readonly Block[]): readonly Block[] => told

/** Those that a message is about; on a grid with the rest of their quarters. */
export function touching(told: readonly Block[], said: readonly Block[]): Block[] {
  const spans = [...said].sort((a, b) => a.start - b.start)
  let latest = Number.NEGATIVE_INFINITY
  const ends = spans.map(({ end }) => {
    latest = Math.max(latest, end)
    return latest
  })
  return told.filter(({ start, end }) => {
    // Of the spans that begin before the block ends, one ends after it starts.
    let [low, high] = [0, spans.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (spans[middle]!.start < end) low = middle + 1
      else high = middle
    }
    return low > 0 && ends[low - 1]! > start
  })
}

/** Those that the operator does not hold already. */
export function differing(told: readonly Block[], before: () => readonly Block[]): Block[] {
  const known = new Set(before().map((block) => JSON.stringify(block)))
  return told.filter((block) => !known.has(JSON.stringify(block)))
}

/** `anyway`: where current and power meet and cannot be told, what was left for being offline goes alone, or nothing. */
function inTerms(
  link: Link,
  limits: GroupLimits,
  now: number,
  replaced: readonly Block[],
  anyway = false,
): InLegacyTerms {
  const told = (of: GroupLimits) =>
    inLegacyTerms(link, of.group, holding(of, link, now, replaced), contextOf(link, now, 0))
  if (!anyway) return told(limits)
  const { CONSUMPTION: _, ...rest } = limits.said
  for (const of of [limits, { ...limits, said: rest }])
    try {
      return told(of)
    } catch (error) {
      if (!(error instanceof GatewayError && error.kind === 'untranslatable')) throw error
    }
  return nothing
}
