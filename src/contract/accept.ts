/**
 * Reads JSON from peers as liberally as real ones need (protocol/oscp-2.0.md section 12), into exactly what the contract says.
 * Limits: only spellings of the same meaning are accepted; a value that would have to be guessed is a problem with its path.
 */
import type { z } from 'zod'
import { GatewayError, type Problem } from '../errors.ts'
import type { Complex, Field, Message, Scalar } from './model.ts'

/** Fields whose absence has one documented meaning in section 8.1, by field name. */
const defaults: Readonly<Record<string, unknown>> = { phase: 'ALL' }

/**
 * Compiles what reads a message into the contract's own form, known fields only; it throws `invalid-message` with the path of each
 * problem. A party mostly writes its next message as it wrote the last: one in that form already is not looked through for others.
 */
export function compileAccept(message: Message, schema: z.ZodType): (json: unknown) => Record<string, unknown> {
  let isUsual = true
  return (json) => {
    let parsed = isUsual ? schema.safeParse(json) : undefined
    if (parsed?.success) return parsed.data as Record<string, unknown>
    const normal = normaliseComplex(message.type, json)
    isUsual = normal === json
    if (parsed === undefined || !isUsual) parsed = schema.safeParse(normal)
    if (parsed.success) return parsed.data as Record<string, unknown>
    throw refusal(parsed.error, normal)
  }
}

function refusal({ issues }: z.ZodError, value: unknown): GatewayError {
  const problems = issues.slice(0, 10).map((issue) => problemOf(issue, valueAt(value, issue.path)))
  const first = problems[0]!
  // zod's error would print every issue of a long list, and all of it each time somebody asks for its message.
  const cause = new Error(`${issues.length} issues, the first ${issues[0]!.code}`)
  return new GatewayError('invalid-message', `${first.path || 'the body'} ${first.sentence}`, { problems, cause })
}

/** What is in the contract's form already is not copied; members that the contract does not know are the schema's to leave out. */
function normaliseComplex(type: Complex, json: unknown): unknown {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return json
  const given = json as Record<string, unknown>
  let value = given
  for (const field of type.fields) {
    const { name } = field
    const said = given[name]
    const found = said ?? (field.min > 0 ? defaults[name] : undefined)
    const normal = found === undefined ? undefined : normaliseField(field, found)
    if (normal === said) continue
    if (value === given) value = { ...given }
    if (normal === undefined) delete value[name]
    else value[name] = normal
  }
  return value
}

function normaliseField(field: Field, value: unknown): unknown {
  if (field.max <= 1) return normaliseOne(field.type, value)
  // A list of one is sent as the thing itself by some (D-07, D-31).
  if (!Array.isArray(value)) return [normaliseOne(field.type, value)]
  let items = value
  for (let i = 0; i < value.length; i++) {
    const normal = normaliseOne(field.type, value[i])
    if (normal === value[i]) continue
    if (items === value) items = [...value]
    items[i] = normal
  }
  return items
}

function normaliseOne(type: Complex | Scalar, value: unknown): unknown {
  return type.kind === 'complex' ? normaliseComplex(type, value) : normaliseScalar(type, value)
}

function normaliseScalar(type: Scalar, value: unknown): unknown {
  if (type.type === 'text' || typeof value !== 'string') return value
  if (type.type === 'decimal' && /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(value.trim()))
    return Number(value)
  if (type.type !== 'instant' || isPlainTime(value)) return value
  // `2026-03-02 23:00:00+0100`, lower-case t and z: the same instant, spelled differently.
  const time = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d(?:\.\d+)?)([Zz]|[+-]\d\d:?\d\d)$/.exec(value)
  return time ? `${time[1]}T${time[2]}${time[3]!.toUpperCase().replace(/^([+-]\d\d)(\d\d)$/, '$1:$2')}` : value
}

/** Where `T` and `Z` stand as in what we write ourselves, there is nothing to respell. */
function isPlainTime(text: string): boolean {
  return text.charCodeAt(10) === 0x54 && text.charCodeAt(text.length - 1) === 0x5a
}

/** Asked of the value and not of the issue, so that no error ever carries what somebody sent. */
function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], value)
}

function problemOf(issue: z.core.$ZodIssue, value: unknown): Problem {
  const path = issue.path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text ? `${text}.${String(key)}` : String(key)),
    '',
  )
  return { path, sentence: sentenceOf(issue, value) }
}

/** zod's own sentences may repeat a value; these never do. */
function sentenceOf(issue: z.core.$ZodIssue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return value === undefined
        ? `is required and must be ${article(issue.expected)}`
        : `must be ${article(issue.expected)}`
    case 'invalid_value':
      return `${value === undefined ? 'is required and ' : ''}must be one of ${issue.values.join(', ')}`
    case 'too_small':
      return issue.origin === 'array'
        ? `must have at least ${issue.minimum} item(s)`
        : issue.origin === 'string'
          ? `must have at least ${issue.minimum} character(s)`
          : `must not be less than ${issue.minimum}`
    case 'too_big':
      return issue.origin === 'string'
        ? `must have at most ${issue.maximum} characters`
        : `must not be more than ${issue.maximum}`
    case 'invalid_format':
      return issue.format === 'datetime' ? 'must be an RFC 3339 time with an offset' : 'must have the right form'
    default:
      return 'is not what the contract says'
  }
}

function article(noun: string): string {
  return /^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`
}
