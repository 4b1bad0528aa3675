/** The closed set of conditions that refuse and hold ask about one field. */
import { parseInstant } from './codecs/instant.ts'
import { compileGetter } from './paths.ts'
import type { Condition } from './rules.ts'
import type { Run } from './run.ts'

export type Holds = (source: Record<string, unknown>, run: Run) => boolean

export function compileCondition(when: Condition, path: string): Holds {
  const get = compileGetter(path)
  if (when.is === 'always') return (source) => !isNothing(get(source))
  if (when.is === 'absent') return (source) => isNothing(get(source))
  if (when.is === 'not') return (source) => get(source) !== when.value
  if (when.is === 'one of') return (source) => when.values.includes(get(source) as string)
  const other = compileGetter(when.other)
  return (source, run) => {
    const [end, start] = [get(source), other(source)]
    // A register reading has no start; a field that is absent is not this condition's to judge.
    if (end === undefined || start === undefined) return false
    const starts = parseInstant(start as string, run.context.zone)
    const ends = parseInstant(end as string, run.context.zone)
    // A text that is no instant is the instant codec's to refuse.
    return typeof ends === 'number' && typeof starts === 'number' && ends <= starts
  }
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
