/**
 * Finds what a person still has to decide in a drafted dialect: `confirm: true`, and TODO in any text.
 * Limits: it looks at every part of a document; a draft is never used as if somebody had read it.
 */
import type { Keys } from './rules.ts'

/** The document without its `confirm` marks; every mark and TODO is told to `report`. */
export function withoutMarks(
  said: unknown,
  report: (keys: Keys, sentence: string) => void,
  keys: Keys = [],
  around: readonly unknown[] = [],
): unknown {
  if (typeof said === 'string') {
    if (/\bTODO\b/.test(said)) report(keys, 'still says TODO; decide, and say it in a sentence')
    return said
  }
  if (typeof said !== 'object' || said === null) return said
  if (around.includes(said)) {
    report(keys, 'is an alias of what it stands in')
    return undefined
  }
  const inner = (value: unknown, key: PropertyKey) => withoutMarks(value, report, [...keys, key], [...around, said])
  if (Array.isArray(said)) return said.map(inner)
  const { confirm, ...rest } = said as Record<string, unknown>
  if (confirm !== undefined && confirm !== false)
    report([...keys, 'confirm'], 'is a proposal that nobody has confirmed; check it, then take `confirm: true` out')
  return Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, inner(value, key)]))
}
