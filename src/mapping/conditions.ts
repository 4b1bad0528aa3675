/** The closed set of conditions that refuse and hold ask about one field. */
import { parseInstant } from './codecs/instant.ts'
import type { Condition } from './define.ts'
import type { Run } from './run.ts'

export function conditionHolds(when: Condition, source: Record<string, unknown>, path: string, run: Run): boolean {
  if (when.is === 'not') return source[path] !== when.value
  const [value, other] = [source[path], source[when.other]].map((t) => parseInstant(t as string, run.context.zone))
  // A text that is no instant is the instant codec's to refuse.
  return typeof value === 'number' && typeof other === 'number' && value <= other
}

/** The sentence of an auditor: "unless it is CONSUMPTION". */
export function conditionTitle(when: Condition): string {
  return when.is === 'not' ? `unless it is ${when.value}` : `unless it is after ${when.other}`
}
