/** The closed set of conditions that refuse and hold ask about one field. */
import { parseInstant } from './codecs/instant.ts'
import { getAt } from './paths.ts'
import type { Condition } from './rules.ts'
import type { Run } from './run.ts'

export function conditionHolds(when: Condition, source: Record<string, unknown>, path: string, run: Run): boolean {
  const value = getAt(source, path)
  if (when.is === 'always') return !isNothing(value)
  if (when.is === 'absent') return isNothing(value)
  if (when.is === 'not') return value !== when.value
  if (when.is === 'one of') return when.values.includes(value as string)
  const other = getAt(source, when.other)
  // A register reading has no start; a field that is absent is not this condition's to judge.
  if (value === undefined || other === undefined) return false
  const [ends, starts] = [value, other].map((t) => parseInstant(t as string, run.context.zone))
  // A text that is no instant is the instant codec's to refuse.
  return typeof ends === 'number' && typeof starts === 'number' && ends <= starts
}

/** An element that is nil, and a list without items, say no more than what is absent. */
function isNothing(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0)
}

/** For mapping pages: "unless it is CONSUMPTION". */
export function conditionTitle(when: Condition): string {
  if (when.is === 'always') return 'always'
  if (when.is === 'absent') return 'when it is absent'
  if (when.is === 'one of') return `when it is ${when.values.join(' or ')}`
  return when.is === 'not' ? `unless it is ${when.value}` : `unless it is after ${when.other}`
}
