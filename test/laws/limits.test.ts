/**
 * Laws of limits: what is called safe or exact never allows a load that the input forbids, at any instant to come, nor states
 * a limit where the input (with its fallback) states none; what is called exact states the very same.
 */
import { strict as assert } from 'node:assert'
import { Big } from 'big.js'
import fc from 'fast-check'
import { type Block, blocksOf, forecastOf, overlay } from '../../src/exchange/schedule.ts'
import type { Value } from '../../src/mapping/compile.ts'
import type { Context } from '../../src/mapping/run.ts'
import { messageOf } from './arbitrary.ts'
import { contexts } from './contexts.ts'
import {
  at,
  broken,
  type Constraint,
  constraintsOf,
  type Figure,
  instantsOf,
  legacyConstraintsOf,
  legacyReader,
  modernFigures,
} from './figures.ts'
import { casesOf, seeded, settings, timeout } from './settings.ts'
import { read, steer } from './steer.ts'
import { crossings, isTranslated, type Translated, translateFrozen, type Way, waysOf } from './ways.ts'

/** Ways of messages that are a forecast themselves. */
const forecasts = waysOf(crossings).filter((way) =>
  way.rules.some((rule) => rule.verb === 'shape' && rule.shaper.use === 'phases'),
)
const down = forecasts.filter((way) => way.direction === 'toLegacy')
const up = forecasts.filter((way) => way.direction === 'toModern')

const kinds = ['power', 'power', 'power of all', 'current', 'current of all', 'mixed', 'any'] as const
const units = { A: 'KW', W: 'W', KW: 'KW', WH: 'W', KWH: 'KW' } as Record<string, string>

/** Brings units and phases of a forecast together, so that not all of them mix everything. */
function ofKind(value: Value, kind: (typeof kinds)[number]): Value {
  const blocks = (value.forecasted_blocks as Value[]).map((block) => {
    const power = units[block.unit as string]
    if (kind === 'any') return block
    if (kind === 'mixed') return block.unit === 'A' ? block : { ...block, unit: power }
    if (kind === 'power') return { ...block, unit: power }
    if (kind === 'current') return { ...block, unit: 'A' }
    return { ...block, unit: kind === 'power of all' ? power : 'A', phase: 'ALL' }
  })
  return { ...value, forecasted_blocks: blocks }
}

const one = (way: Way): fc.Arbitrary<[Value, 'calm' | 'past guards']> =>
  fc.tuple(messageOf(way.source.type, 'json'), fc.constantFrom('calm' as const, 'past guards' as const))

const made = (way: Way, [value, how]: [Value, 'calm' | 'past guards'], kind: (typeof kinds)[number]): Value =>
  ofKind(steer(way.rules, value, way.source.type, 'toLegacy', how), kind)

const modernForecasts = (way: Way): fc.Arbitrary<Value> =>
  fc.tuple(one(way), fc.constantFrom(...kinds)).map(([value, kind]) => made(way, value, kind))

/** What holds at an instant: of each phase what the newest message that speaks of it says. */
function holding(messages: readonly (readonly Figure[])[], instant: number): Figure[] {
  const found = new Map<string | undefined, Figure[]>()
  for (const figures of messages) {
    const now = at(figures, instant)
    for (const phase of new Set(now.map((f) => f.phase)))
      found.set(
        phase,
        now.filter((f) => f.phase === phase),
      )
  }
  return [...found.values()].flat()
}

interface Seen {
  safe: number
  exact: number
}

/** Holds one translated forecast to what the messages said. */
function hold(
  way: Way,
  part: Translated,
  messages: readonly (readonly Figure[])[],
  context: Context,
  seen: Seen,
): void {
  const { fidelity, entries } = part.receipt
  if (fidelity === 'approximate') return
  seen[fidelity]++
  const figures = legacyReader(way.rules)(itemOf(way, part.value), context.zone)
  const fallback = (context.fallback ?? []).map((f) => ({ ...f, capacity: new Big(f.capacity), phase: f.phase }))
  for (const instant of instantsOf(figures, ...messages, fallback)) {
    const [figure, ...others] = at(figures, instant)
    assert.equal(others.length, 0, 'two figures for one instant')
    const said = holding(messages, instant)
    if (figure === undefined) {
      const isLeftOut = entries.some((entry) => entry.verb === 'dropped' && entry.reason.includes('quarter'))
      assert.ok(said.length === 0 || isLeftOut || instant < context.now, 'a limit is gone')
      continue
    }
    if (instant < context.now) continue
    const output = legacyConstraintsOf(figure, context, 'of any')
    const input = said.flatMap((f) => constraintsOf(f, context))
    if (said.length === 0) {
      assert.ok(context.grid !== undefined && at(fallback, instant).length > 0, 'a limit where none was stated')
      assert.equal(fidelity, 'safe')
      // Where a fallback names no phase it is a figure as 1.0 says it.
      for (const f of at(fallback, instant))
        assertNoLooser(
          output,
          f.phase === undefined ? legacyConstraintsOf(f, context, 'of any') : constraintsOf(f, context),
          context,
        )
    } else {
      assertNoLooser(output, input, context)
      if (fidelity === 'exact') assertNoLooser(input, legacyConstraintsOf(figure, context, 'of the link'), context)
    }
  }
}

function assertNoLooser(output: readonly Constraint[], input: readonly Constraint[], context: Context): void {
  const found = broken(output, input, context)
  if (found.length > 0) assert.fail(`allows what ${JSON.stringify(found)} forbids: ${JSON.stringify(output)}`)
}

function itemOf(way: Way, value: Value): Value {
  const split = way.rules.find((rule) => rule.verb === 'split')
  if (split?.verb !== 'split') return value
  const found = read(value, split.legacy)
  return (Array.isArray(found) ? found[0] : found) as Value
}

describe('A limit towards 1.0', () => {
  for (const way of down) {
    it(`of ${way.name} is never higher than was said, nor there where nothing was ${seeded(600)}`, () => {
      const seen = { safe: 0, exact: 0 }
      fc.assert(
        fc.property(modernForecasts(way), contexts, (value, context) => {
          const [part] = translateFrozen(way.translator, value, context)
          if (part && isTranslated(part)) hold(way, part, [modernFigures(value)], context, seen)
        }),
        settings(600),
      )
      assertSeen(seen)
    }).timeout(timeout)

    it(`of ${way.name} is never higher over a sequence of forecasts laid over each other ${seeded(600)}`, () => {
      const seen = { safe: 0, exact: 0 }
      const sequences = fc
        .tuple(fc.array(one(way), { minLength: 2, maxLength: 4 }), fc.constantFrom(...kinds))
        .map(([values, kind]) => values.map((value) => made(way, value, kind)))
      fc.assert(
        fc.property(sequences, contexts, (values, context) => {
          const messages = values.map(modernFigures)
          // What a contract's reader lets pass and a clock cannot hold is refused before it is laid over anything.
          fc.pre(
            values.every((v) =>
              (v.forecasted_blocks as Value[]).every((b) => isTold(b.start_time) && isTold(b.end_time)),
            ),
          )
          const schedule = values.reduce<readonly Block[]>(
            (older, v) => overlay(older, blocksOf(v), context.now, false),
            [],
          )
          const forecast = forecastOf('G', 'CONSUMPTION', schedule)
          const [part] = translateFrozen(way.translator, forecast, {
            ...context,
            groups: { toModern: (id) => id, toLegacy: (id) => id },
          })
          if (part && isTranslated(part)) hold(way, part, messages, context, seen)
        }),
        settings(600),
      )
      assertSeen(seen)
    }).timeout(timeout)
  }
})

describe('A limit towards 2.0', () => {
  for (const way of up)
    it(`of ${way.name} is what was said, the smallest where it was said twice, also after others ${seeded()}`, () => {
      const readFigures = legacyReader(way.rules)
      fc.assert(
        fc.property(
          fc.array(messageOf(way.source.type, 'soap'), { minLength: 1, maxLength: 3 }),
          contexts,
          (values, context) => {
            const items = values.flatMap((value) => {
              const steered = steer(way.rules, value, way.source.type, 'toModern')
              const parts = translateFrozen(way.translator, steered, context)
              const split = way.rules.find((rule) => rule.verb === 'split')
              const found = split?.verb === 'split' ? read(steered, split.legacy) : steered
              const sources = (Array.isArray(found) ? found : [found]) as Value[]
              return parts.flatMap((part, i) => (isTranslated(part) ? [{ part, source: sources[i]! }] : []))
            })
            // As if all were about one cable.
            const schedule = items.reduce<readonly Block[]>(
              (older, { part }) => overlay(older, blocksOf(part.value), context.now, true),
              [],
            )
            const told = modernFigures(forecastOf('G', 'CONSUMPTION', schedule))
            const messages = items.map(({ source }) => readFigures(source, context.zone))
            for (const instant of instantsOf(told, ...messages).filter((t) => t >= context.now)) {
              const said = messages.findLast((figures) => at(figures, instant).length > 0) ?? []
              const input = at(said, instant).flatMap((f) => legacyConstraintsOf(f, context, 'of the link'))
              const output = at(told, instant).flatMap((f) => constraintsOf(f, context))
              assert.equal(output.length > 0, input.length > 0)
              assertNoLooser(output, input, context)
              assertNoLooser(input, output, context)
            }
          },
        ),
        settings(),
      )
    }).timeout(timeout)
})

const isTold = (time: unknown): boolean => !/\.\d{3}\d*[1-9]/.test(time as string)

/** A law that sees no case proves nothing. */
function assertSeen(seen: Seen): void {
  assert.ok(seen.safe > casesOf(600) / 30 && seen.exact > casesOf(600) / 30, JSON.stringify(seen))
}
