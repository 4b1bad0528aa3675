/**
 * What a contract's types ask beyond what a codec promises: facets, and whole numbers for names.
 * Limits: it looks at one value; whether a rule can ever produce a fitting one is account.ts's question.
 */
import { createHash } from 'node:crypto'
import type { Complex, Scalar } from '../../contract/model.ts'
import { compileCheck } from '../../contract/scalar.ts'

type Check = (value: string) => string | undefined

const bounds = ['minLength', 'maxLength', 'pattern', 'min', 'max', 'exclusiveMin', 'exclusiveMax'] as const
const facets = [...bounds, 'totalDigits', 'fractionDigits'] as const

/**
 * Why a converted value, as text, does not fit the target's facets; undefined where none can be unfit, because the source has
 * the very same ones or the target has none.
 */
export function carriable(type: Scalar | Complex, source: Scalar | Complex): Check | undefined {
  if (type.kind === 'complex' || type.values) return undefined
  const isTighter = facets.some((name) => type[name] !== undefined && type[name] !== (source as Scalar)[name])
  if (!isTighter && (type.type !== 'integer' || (source as Scalar).type === 'integer')) return undefined
  // A JSON number is printed with an exponent where that is shorter; on the 1.0 wire none is left by then.
  return compileCheck(type.type === 'decimal' ? { ...type, exponent: true } : type)
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
