/**
 * The vocabulary of mapping modules as YAML says it: one strict schema per verb, each made into the rule it stands for.
 * Limits: closed sets only; a verb, codec, shaper, source, condition or flow that src/ does not have is reported by name.
 */
import { z } from 'zod'
import * as vocabulary from '../define.ts'
import type { CodecRef, Condition, Rule, ShaperRef } from '../rules.ts'

const path = z
  .string('must be a path such as Body.Period[].Limit')
  .regex(/^[^\s.[\]]+(?:\[\])?(?:\.[^\s.[\]]+(?:\[\])?)*$/, 'must be a path such as Body.Period[].Limit')
const sentence = z.string('must be a sentence').refine((text) => text.trim() !== '', 'must be a sentence')
const noMore = { error: (issue: { code?: string; keys?: string[] }) => strange(issue) }

function strange(issue: { code?: string; keys?: string[] }): string | undefined {
  return issue.code === 'unrecognized_keys' ? `does not know ${issue.keys?.join(', ')}` : undefined
}

/** A table is named in the file; the loader puts what it stands for in its place. */
export interface TableName {
  readonly table: string
}

const codec = z.union(
  [
    z.enum(['instant', 'decimal', 'whole', 'groups']),
    z.strictObject({ text: z.int().min(1), absent: z.string().optional() }),
    z.strictObject({ table: z.string() }),
  ],
  { error: 'must be instant, decimal, whole, groups, { text: 500 } or { table: name }' },
)

const usage = z.strictObject({
  inside: z.string().default(''),
  start: z.string().default('meterStart'),
  end: z.string().default('meterEnd'),
  energy: z.enum(['stated', 'difference']).default('stated'),
})
const plainShapers = ['tightest', 'phases', 'one unit', 'unit per block', 'grid'] as const
const shaper = z.union([z.enum(plainShapers), z.strictObject({ usage })], {
  error: `must be ${plainShapers.join(', ')} or { usage: { inside, start, end, energy: stated | difference } }`,
})

const condition = z.union(
  [
    z.enum(['always', 'absent']),
    z.strictObject({ not: z.string() }),
    z.strictObject({ oneOf: z.array(z.string()).min(1) }),
    z.strictObject({ notAfter: path }),
  ],
  { error: 'must be always, absent, { not: VALUE }, { oneOf: [VALUE] } or { notAfter: field }' },
)

const sources = {
  now: vocabulary.clock,
  'offline deadline': vocabulary.config('offline deadline'),
  'combined asset': vocabulary.config('combined asset'),
  'forecast id': vocabulary.stored('forecast id'),
} as const
const sourceNames = Object.keys(sources) as (keyof typeof sources)[]

/** Makes codecs out of how YAML names them; undefined, having reported it, for a table that is not there. */
export type CodecMaker = (said: z.output<typeof codec>) => CodecRef | undefined

const pair = { legacy: path, modern: path }

/** By verb: the schema of its body, and the rule. `each` is made by the caller, who knows how to read rules. */
export const verbs = {
  same: entry(z.strictObject(pair, noMore), (b) => vocabulary.same(b.legacy, b.modern)),
  via: entry(z.strictObject({ ...pair, codec }, noMore), (b, make) => {
    const made = make(b.codec)
    return made && vocabulary.via(b.legacy, b.modern, made)
  }),
  spread: entry(z.strictObject({ ...pair, codec, differ: sentence }, noMore), (b, make) => {
    const made = make(b.codec)
    return made && vocabulary.spread(b.legacy, b.modern, made, b.differ)
  }),
  split: entry(z.strictObject({ legacy: path, by: path, answers: sentence }, noMore), (b) =>
    vocabulary.split(b.legacy, b.by, b.answers),
  ),
  shape: entry(z.strictObject({ ...pair, shaper }, noMore), (b) =>
    vocabulary.shape(b.legacy, b.modern, shaperOf(b.shaper)),
  ),
  fill: entry(
    z
      .strictObject(
        {
          path,
          constant: z.union([z.string(), z.number(), z.boolean()]).optional(),
          from: z.enum(sourceNames, { error: `must be ${sourceNames.join(', ')}` }).optional(),
          reason: sentence,
        },
        noMore,
      )
      .refine((b) => (b.constant === undefined) !== (b.from === undefined), 'needs either constant or from'),
    (b) => vocabulary.fill(b.path, b.from ? sources[b.from] : vocabulary.constant(b.constant!), b.reason),
  ),
  drop: entry(z.strictObject({ path, reason: sentence }, noMore), (b) => vocabulary.drop(b.path, b.reason)),
  keep: entry(z.strictObject({ path, as: z.string().min(1).optional(), reason: sentence }, noMore), (b) =>
    vocabulary.keep(b.path, vocabulary.until('last block + 7 days'), b.reason, b.as),
  ),
  hold: entry(
    z.strictObject(
      { path, when: condition, flow: z.enum(['shown', 'optimum', 'fallback', 'compliance']), reason: sentence },
      noMore,
    ),
    (b) => vocabulary.hold(b.path, conditionOf(b.when), b.flow, b.reason),
  ),
  refuse: entry(
    z.strictObject(
      {
        path,
        when: condition,
        error: z.enum(['untranslatable', 'invalid-message']).default('untranslatable'),
        reason: sentence,
      },
      noMore,
    ),
    (b) => vocabulary.refuse(b.path, conditionOf(b.when), b.error, b.reason),
  ),
}

export const eachBody = z.strictObject({ ...pair, rules: z.array(z.unknown(), 'must be a list of rules') }, noMore)

interface Entry {
  /** The rule, or what is wrong with what was said, by keys; undefined when `make` has reported it. */
  read(said: unknown, make: CodecMaker): { rule: Rule | undefined } | { issues: readonly z.core.$ZodIssue[] }
}

function entry<S extends z.ZodType>(
  schema: S,
  make: (body: z.output<S>, codec: CodecMaker) => Rule | undefined,
): Entry {
  return {
    read(said, codecMaker) {
      const parsed = schema.safeParse(said)
      return parsed.success ? { rule: make(parsed.data, codecMaker) } : { issues: parsed.error.issues }
    },
  }
}

const { instant, decimal, whole, groups } = vocabulary
const plainCodecs = { instant, decimal, whole, groups }

/** The codec that YAML names, where it is no table. */
export function codecOf(said: Exclude<z.output<typeof codec>, TableName>): CodecRef {
  return typeof said === 'string' ? plainCodecs[said] : vocabulary.text(said.text, said.absent)
}

function shaperOf(said: z.output<typeof shaper>): ShaperRef {
  if (typeof said === 'string') return { use: said }
  const { inside, ...meters } = said.usage
  return vocabulary.usage(inside, meters)
}

function conditionOf(said: z.output<typeof condition>): Condition {
  if (said === 'always') return vocabulary.always
  if (said === 'absent') return vocabulary.absent
  if ('not' in said) return vocabulary.not(said.not)
  return 'oneOf' in said ? vocabulary.oneOf(...said.oneOf) : vocabulary.notAfter(said.notAfter)
}
