/**
 * Checks the lexical form of one XSD value and its facets: what passes is text that the codecs can convert exactly.
 * Limits: it does not convert; calendar days and time zones are the instant codec's business.
 */
import type { Scalar } from './model.ts'

const lexical: Record<string, { pattern: RegExp; sentence: string } | undefined> = {
  decimal: { pattern: /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/, sentence: 'must be a decimal number without exponent' },
  float: {
    pattern: /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/,
    sentence: 'must be a number, neither INF nor NaN',
  },
  integer: { pattern: /^[+-]?\d+$/, sentence: 'must be a whole number' },
  boolean: { pattern: /^(?:true|false|0|1)$/, sentence: 'must be true or false' },
  instant: {
    pattern: /^-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?$/,
    sentence: 'must be an xs:dateTime such as 2026-03-02T23:00:00Z',
  },
}

/** A function that says what is wrong with a text as this type, or undefined when nothing is. Never repeats the value. */
export function compileCheck(type: Scalar): (value: string) => string | undefined {
  const checks: ((value: string) => string | undefined)[] = []
  const form = lexical[type.exponent ? 'float' : type.type]
  if (form) checks.push((v) => (form.pattern.test(v) ? undefined : form.sentence))
  if (type.values) {
    const allowed = new Set(type.values)
    checks.push((v) => (allowed.has(v) ? undefined : `must be one of ${type.values!.join(', ')}`))
  }
  if (type.pattern !== undefined) {
    const pattern = new RegExp(`^(?:${type.pattern})$`, 'u')
    checks.push((v) => (pattern.test(v) ? undefined : 'must match the pattern of its type'))
  }
  const { minLength, maxLength } = type
  if (minLength !== undefined)
    checks.push((v) =>
      v.length >= 2 * minLength || characters(v) >= minLength
        ? undefined
        : `must have at least ${minLength} character(s)`,
    )
  if (maxLength !== undefined)
    checks.push((v) =>
      v.length <= maxLength || characters(v) <= maxLength ? undefined : `must have at most ${maxLength} characters`,
    )
  if (type.type === 'decimal' || type.type === 'integer') checks.push(...rangeChecks(type))
  if (checks.length === 1) return checks[0]!
  return (value) => {
    for (const check of checks) {
      const sentence = check(value)
      if (sentence !== undefined) return sentence
    }
    return undefined
  }
}

/** XSD counts characters, not UTF-16 units. */
function characters(text: string): number {
  return [...text].length
}

function rangeChecks(type: Scalar): ((value: string) => string | undefined)[] {
  const { min, max, exclusiveMin, exclusiveMax, totalDigits, fractionDigits } = type
  const checks: ((value: string) => string | undefined)[] = []
  // Whatever has no minus is at least 0.
  const isAtLeast = min === 0 ? (v: string) => v[0] !== '-' || Number(v) >= 0 : (v: string) => Number(v) >= min!
  if (min !== undefined) checks.push((v) => (isAtLeast(v) ? undefined : `must not be less than ${min}`))
  if (max !== undefined) checks.push((v) => (Number(v) <= max ? undefined : `must not be more than ${max}`))
  if (exclusiveMin !== undefined)
    checks.push((v) => (Number(v) > exclusiveMin ? undefined : `must be more than ${exclusiveMin}`))
  if (exclusiveMax !== undefined)
    checks.push((v) => (Number(v) < exclusiveMax ? undefined : `must be less than ${exclusiveMax}`))
  if (totalDigits !== undefined)
    checks.push((v) =>
      digitsOf(v).join('').length <= totalDigits ? undefined : `must have at most ${totalDigits} digits`,
    )
  if (fractionDigits !== undefined)
    checks.push((v) =>
      digitsOf(v)[1].length <= fractionDigits
        ? undefined
        : `must have at most ${fractionDigits} digits after the point`,
    )
  return checks
}

/** The digits before and after the point that count: XSD's facets are about the value, not about how it is written. */
function digitsOf(text: string): [whole: string, fraction: string] {
  const [whole = '', fraction = ''] = text.replace(/^[+-]/, '').split('.')
  return [whole.replace(/^0+/, ''), fraction.replace(/0+$/, '')]
}
