/**
 * What a 1.0 contract's types ask beyond what a codec promises: facets, and whole numbers for names.
 * Limits: it looks at one value; whether a rule can ever produce a fitting one is account.ts's question.
 */
import { createHash } from 'node:crypto'
import type { Complex, Scalar } from '../../contract/model.ts'
import { compileCheck } from '../../contract/scalar.ts'

type Check = (value: string) => string | undefined

/** Why a converted value does not fit the target's facets; undefined where every value of the lexical type does. */
export function carriable(type: Scalar | Complex): Check | undefined {
  if (type.kind === 'complex') return undefined
  const { minLength, maxLength, pattern, min, max, exclusiveMin, exclusiveMax, totalDigits, fractionDigits } = type
  const facets = [minLength, maxLength, pattern, min, max, exclusiveMin, exclusiveMax, totalDigits, fractionDigits]
  return type.type === 'integer' || facets.some((facet) => facet !== undefined) ? compileCheck(type) : undefined
}

/**
 * A kept or made-up name in a type of whole numbers: itself where it is one ("007" stays), else a stable stand-in of up to
 * 15 digits made from its text, within the bounds of the type. Undefined for types that carry any name.
 */
export function nameFitter(type: Scalar | Complex): ((name: string) => string) | undefined {
  if (type.kind === 'complex' || type.type !== 'integer') return undefined
  const check = compileCheck(type)
  const [least, most] = [Math.max(1, type.min ?? 1), Math.min(999_999_999_999_999, type.max ?? Number.MAX_SAFE_INTEGER)]
  return (name) => {
    if (check(name) === undefined) return name
    const digest = createHash('sha256').update(name).digest().readUIntBE(0, 6)
    return String(least + (digest % (most - least + 1)))
  }
}
