/**
 * Whatever small wrong is done to any rule of any module, something fails: accounting, or what a fixed set of messages becomes.
 * Limits: the messages are made from the contracts, with a fixed seed; the few changes that change nothing are named below.
 */
import { strict as assert } from 'node:assert'
import fc from 'fast-check'
import { accountMessage } from '../../src/mapping/account.ts'
import { compileMessage, type Part, type Value } from '../../src/mapping/compile.ts'
import { endsOf } from '../../src/mapping/crossings.ts'
import type { MessageModule } from '../../src/mapping/define.ts'
import type { Rule } from '../../src/mapping/rules.ts'
import type { Context } from '../../src/mapping/run.ts'
import { messageOf } from './arbitrary.ts'
import { contexts } from './contexts.ts'
import { type Mutant, mutantsOf } from './mutants.ts'
import { type How, steer } from './steer.ts'
import { crossings, isTranslated, translateFrozen, type Way, waysOfMessage } from './ways.ts'

/** Changes that change nothing, and why. */
const equivalent: readonly (readonly [mutant: RegExp, why: string])[] = [
  [
    /(spread|via) .*unit with another reason to refuse K?WH$/,
    'Energy has become mean power before the table of units is asked; the reason is for a link without that shaper.',
  ],
  [/shape .* \((grid|one unit|unit per block)\) only toLegacy$/, 'Upwards these leave a forecast as it is.'],
  [
    /^(group-capacity-compliance-error|rejected-forecast) rules: hold forecasted_blocks\[\] for another (reason|flow)$/,
    'The message itself is held first, always; this rule says so of its blocks.',
  ],
  [
    /^(group-capacity-compliance-error|rejected-forecast) rules: drop forecasted_blocks\[\] (only toLegacy|for another reason)$/,
    'It names a field that is never made, so nothing is ever counted; the reason is for mapping pages.',
  ],
  [/^group-capacity-compliance-error rules: via message with less room$/, 'Nothing is cut towards 2.0.'],
]

const seed = 20260302
/** Most messages of each way that come through; and half as many that do not. */
const most = 120

interface Case {
  readonly value: Value
  readonly context: Context
  readonly kept: Value
  readonly expected: string
}

/** What is kept under any name a rule keeps something by. */
function keptNames(rules: readonly Rule[]): string[] {
  return rules.flatMap((rule) =>
    rule.verb === 'keep' ? [rule.as ?? rule.path] : rule.verb === 'each' ? keptNames(rule.rules) : [],
  )
}

function casesOf(way: Way): Case[] {
  const { module } = way.compiled
  const names = keptNames([...module.rules, ...module.answer])
  const hows = fc.constantFrom<How | 'as it is'>('calm', 'of one kind', 'of one kind', 'past guards', 'as it is')
  const inputs = fc.tuple(messageOf(way.source.type, way.source.wire), hows, contexts, fc.constantFrom('7', 'F-1'))
  const all = fc.sample(inputs, { seed, numRuns: 3 * most }).map(([made, how, context, name]) => {
    const value = how === 'as it is' ? made : steer(way.rules, made, way.source.type, way.direction, how)
    const kept = Object.fromEntries(names.map((one) => [one, name]))
    const parts = translateFrozen(way.translator, value, context, kept)
    return { value, context, kept, expected: said(parts), isTranslated: parts.every(isTranslated) }
  })
  const [through, stopped] = [all.filter((one) => one.isTranslated), all.filter((one) => !one.isTranslated)]
  return [...through.slice(0, most), ...stopped.slice(0, most / 2)]
}

const said = (parts: readonly Part[]): string =>
  JSON.stringify(
    parts.map((part) => {
      if ('refusal' in part) return [part.item, part.refusal.kind, part.refusal.path, part.refusal.message]
      if ('held' in part) return [part.item, part.held.flow, part.held.path, part.held.message, part.receipt, part.kept]
      return part
    }),
  )

describe('A module of which one thing is another', () => {
  const used = new Set<RegExp>()
  for (const crossing of crossings)
    for (const compiled of crossing.messages) {
      const { module } = compiled
      const ends = endsOf(module, crossing.legacy, crossing.modern)
      assert.ok(typeof ends !== 'string')
      const ways = waysOfMessage(crossing, compiled)
      let cases: Map<string, Case[]>

      const survives = (changed: MessageModule): boolean => {
        if (accountMessage('mutant', changed, ends.request, ends.answer).length > 0) return false
        try {
          const mutant = waysOfMessage(crossing, compileMessage(changed, ends.request, ends.answer))
          return mutant.every((way) =>
            cases.get(way.name)!.every(({ value, context, kept, expected }) => {
              return said(translateFrozen(way.translator, value, context, kept)) === expected
            }),
          )
        } catch {
          return false // a module that cannot run is noticed
        }
      }

      for (const part of ['rules', 'answer'] as const) {
        if (module[part].length === 0) continue
        it(`is noticed in the ${part} of ${crossing.id} ${module.name} (seed ${seed})`, () => {
          cases ??= new Map(ways.map((way) => [way.name, casesOf(way)]))
          const types = {
            legacy: part === 'rules' ? ends.request.legacy : ends.answer.legacy,
            modern: part === 'rules' ? ends.request.modern : ends.answer.modern,
          }
          const mutants: Mutant[] = [...mutantsOf(module[part], types)]
          const survivors = mutants
            .filter(({ rules }) => survives({ ...module, [part]: rules }))
            .map(({ title }) => `${module.name} ${part}: ${title}`)
          assert.deepEqual(
            survivors.filter((title) => {
              const known = equivalent.find(([pattern]) => pattern.test(title))
              if (known) used.add(known[0])
              return !known
            }),
            [],
            `of ${mutants.length}`,
          )
        }).timeout(120_000)
      }
    }

  it('is never one of those that are said to change nothing, and do not exist', () => {
    assert.deepEqual(
      equivalent.filter(([pattern]) => !used.has(pattern)).map(([pattern]) => String(pattern)),
      [],
    )
  })
})
