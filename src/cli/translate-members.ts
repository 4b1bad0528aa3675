/**
 * Says how well a JSON object fits a message by its members alone, so that a message need not be named.
 * Limits: values are not looked at; what the best fit refuses is refused with that message's own sentences.
 */
import type { Complex } from '../contract/model.ts'

/** Higher fits better; below zero it has more that is foreign or missing than what is known. */
export function membersScore(type: Complex, json: unknown): number {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return -1
  let score = 0
  const known = new Map(type.fields.map((field) => [field.name, field]))
  for (const [name, value] of Object.entries(json)) {
    const field = known.get(name)
    if (!field || Array.isArray(value) !== field.max > 1) {
      score--
      continue
    }
    score++
    const first = Array.isArray(value) ? value[0] : value
    if (field.type.kind === 'complex' && first !== undefined) score += membersScore(field.type, first)
  }
  for (const field of type.fields) if (field.min > 0 && !Object.hasOwn(json, field.name)) score--
  return score
}
