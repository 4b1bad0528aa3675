/**
 * Laws of energy: what was drawn arrives once, whatever way it is said: as intervals, as readings, in parts, late or twice.
 * Limits: energies have three decimals here, so that sums of them are compared exactly.
 */
import { strict as assert } from 'node:assert'
import { Big } from 'big.js'
import fc from 'fast-check'
import type { Part, Value } from '../../src/mapping/compile.ts'
import type { MeterFields, Rule } from '../../src/mapping/rules.ts'
import type { Context } from '../../src/mapping/run.ts'
import { messageOf } from './arbitrary.ts'
import { contexts } from './contexts.ts'
import { seeded, settings, timeout } from './settings.ts'
import { fieldAt, read, steer } from './steer.ts'
import { crossings, isTranslated, translateFrozen, type Way, waysOf } from './ways.ts'

const usageOf = (way: Way) =>
  way.rules.find((rule): rule is Rule & { verb: 'shape' } => rule.verb === 'shape' && rule.shaper.use === 'usage')
const ways = waysOf(crossings).filter((way) => usageOf(way) !== undefined)
const up = ways.filter((way) => way.direction === 'toModern')
const down = ways.filter((way) => way.direction === 'toLegacy')

const quarter = 15 * 60_000
const evening = Date.parse('2026-03-02T20:00:00Z')
const iso = (at: number): string => new Date(at).toISOString()

interface Interval {
  readonly start: number
  readonly end: number
  readonly energy: number
}

const energies = fc.nat(99_999).map((n) => n / 1000)

/** Intervals one after the other, without gaps. */
const intervals = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 90 }), energies), { minLength: 1, maxLength: 8 })
  .map((pairs) => {
    let start = evening
    return pairs.map(([minutes, energy]): Interval => {
      const made = { start, end: start + minutes * 60_000, energy }
      start = made.end
      return made
    })
  })

const sum = (values: readonly number[]): Big => values.reduce((all, value) => all.plus(value), new Big(0))

const samples = new Map<Way, Value>()

/** One message of this way, the same every time. */
function sampleOf(way: Way): Value {
  const known = samples.get(way)
  if (known) return known
  const [sample] = fc.sample(messageOf(way.source.type, 'soap'), { seed: 7, numRuns: 1 }) as [Value]
  samples.set(way, steer(way.rules, sample, way.source.type, 'toModern', 'calm'))
  return sampleOf(way)
}

/** Writes intervals as a dialect's own message, by the names its rules give; `registers` adds what its meter read. */
function legacyMessage(way: Way, of: readonly Interval[], registers: number | undefined): Value {
  const shape = usageOf(way)!
  const { meters, inside } = shape.shaper as { meters: MeterFields; inside: string }
  const each = way.rules.find((rule) => rule.verb === 'each' && rule.legacy === shape.legacy) as Rule & { verb: 'each' }
  const at = inside === '' ? '' : `${inside}.`
  const nameOf = (modern: string): string | undefined =>
    (each.rules.find((rule) => rule.verb === 'via' && rule.modern === at + modern) as Rule & { verb: 'via' })?.legacy
  const value = structuredClone(sampleOf(way))
  const split = way.rules.find((rule) => rule.verb === 'split')
  const scope = split?.verb === 'split' ? split.legacy : undefined
  const item = scope === undefined ? value : (read(value, scope) as Value[])[0]!
  if (scope !== undefined) value[scope] = [item]
  const [model] = item[shape.legacy] as Value[]
  let total = new Big(registers ?? 0)
  item[shape.legacy] = of.map(({ start, end, energy }) => {
    const made: Value = { ...model, [nameOf('initial_measure_time')!]: iso(start), [nameOf('measure_time')!]: iso(end) }
    if (meters.energy === 'stated') made[nameOf('value')!] = String(energy)
    const before = total
    total = total.plus(energy)
    const isRead = registers !== undefined || meters.energy === 'difference'
    made[meters.start] = isRead ? before.toFixed() : undefined
    made[meters.end] = isRead ? total.toFixed() : undefined
    return made
  })
  return value
}

/** The energies of a 2.0 message, wherever its measurements have them. */
function measurementsOf(way: Way, message: Value): Value[] {
  const shape = usageOf(way)!
  const { inside } = shape.shaper as { inside: string }
  return (message[shape.modern] as Value[]).map((item) => (inside === '' ? item : (item[inside] as Value)))
}

/** Translates messages in order, each with the meters that those before left. */
function inOrder(way: Way, messages: readonly Value[], context: Context): Part[] {
  let meters = context.meters
  return messages.flatMap((message) => {
    const parts = translateFrozen(way.translator, message, { ...context, meters })
    for (const part of parts) if ('kept' in part) meters = { ...meters, ...(part.kept.meters as Context['meters']) }
    return parts
  })
}

/** Cuts a list into messages of these sizes, and one of what is left. */
function cutUp<T>(all: readonly T[], sizes: readonly number[]): T[][] {
  let from = 0
  const cut = sizes.map((size) => {
    from += size
    return all.slice(from - size, from)
  })
  return [...cut, all.slice(from)].filter((some) => some.length > 0)
}

const sizes = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 })

const base = (context: Context, changes: Partial<Context>): Context => ({
  ...context,
  groups: { toModern: (id) => id, toLegacy: (id) => id },
  usageGrid: undefined,
  meters: undefined,
  ...changes,
})

describe('Energy towards 2.0', () => {
  for (const way of up) {
    it(`of ${way.name} is the difference of successive readings ${seeded()}`, () => {
      const registers = fc.option(fc.nat(99_999), { nil: undefined })
      fc.assert(
        fc.property(intervals, sizes, registers, contexts, (all, cuts, register, context) => {
          const { meters } = usageOf(way)!.shaper as { meters: MeterFields }
          // Where readings are all that 1.0 says, there always is a register.
          let total = register ?? (meters.energy === 'difference' ? 0 : undefined)
          // Without one the first reading is the first energy itself, on a total that began with nothing.
          const expected = total === undefined ? all.slice(1) : all
          const messages = cutUp(all, cuts).map((some) => {
            const message = legacyMessage(way, some, total)
            if (total !== undefined) total = new Big(total).plus(sum(some.map((i) => i.energy))).toNumber()
            return message
          })
          const parts = inOrder(way, messages, base(context, { measurements: 'CONTINUOUS' }))
          const readings = parts.flatMap((part) => (isTranslated(part) ? measurementsOf(way, part.value) : []))
          const values = readings.map((m) => new Big(m.value as number))
          const differences = values.slice(1).map((value, i) => value.minus(values[i]!).toNumber())
          assert.deepEqual(
            differences,
            expected.map((i) => i.energy),
          )
          assert.ok(
            readings.every(
              (m) => m.direction === 'IMPORT' && m.phase === 'ALL' && m.initial_measure_time === undefined,
            ),
          )
        }),
        settings(),
      )
    }).timeout(timeout)

    it(`of ${way.name} counts a repeated interval once, as it was said last ${seeded()}`, () => {
      fc.assert(
        fc.property(intervals, fc.nat(), energies, contexts, (all, which, energy, context) => {
          const again = { ...all[which % all.length]!, energy }
          const parts = inOrder(
            way,
            [legacyMessage(way, all, undefined), legacyMessage(way, [again], undefined)],
            base(context, { measurements: 'CONTINUOUS', meters: { [itemName(way)]: counted } }),
          )
          const last = parts.at(-1) as Part & { kept: { meters: Context['meters'] } }
          const expected = sum([...all.filter((i) => i.start !== again.start), again].map((i) => i.energy))
          assert.equal(last.kept.meters![itemName(way)]!.reading, expected.toNumber())
        }),
        settings(),
      )
    }).timeout(timeout)

    it(`of ${way.name} goes on from where a register stood when intervals take its place ${seeded()}`, () => {
      fc.assert(
        fc.property(intervals, fc.nat(9999), contexts, (all, register, context) => {
          const [{ start }] = all as [Interval]
          const meter = {
            source: 'register',
            reading: register,
            at: start,
            unit: unitOf(way),
            intervals: {},
            base: 0,
          } as const
          // Blocks without readings.
          if ((usageOf(way)!.shaper as { meters: MeterFields }).meters.energy !== 'stated') return
          const parts = inOrder(
            way,
            [legacyMessage(way, all, undefined)],
            base(context, { measurements: 'CONTINUOUS', meters: { [itemName(way)]: meter } }),
          )
          const readings = parts.flatMap((part) => (isTranslated(part) ? measurementsOf(way, part.value) : []))
          const differences = [register, ...readings.map((m) => m.value as number)]
          for (const [i, { energy }] of all.entries())
            assert.equal(new Big(differences[i + 1]!).minus(differences[i]!).toNumber(), energy)
        }),
        settings(),
      )
    }).timeout(timeout)
  }
})

/** A running total of intervals that has counted nothing yet. */
const counted = { source: 'intervals', reading: 0, at: evening, unit: 'KWH', intervals: {}, base: 0 } as const

function itemName(way: Way): string {
  const split = way.rules.find((rule) => rule.verb === 'split')
  if (split?.verb !== 'split') return ''
  const message = legacyMessage(way, [{ start: 0, end: 1, energy: 0 }], undefined)
  return String((read(message, split.legacy) as Value[])[0]![split.by])
}

function unitOf(way: Way): string {
  const [part] = translateFrozen(
    way.translator,
    legacyMessage(way, [{ start: evening, end: evening + 1, energy: 1 }], undefined),
    base(fc.sample(contexts, { seed: 1, numRuns: 1 })[0]!, { measurements: 'INTERMITTENT' }),
  )
  assert.ok(part && isTranslated(part))
  return measurementsOf(way, part.value)[0]!.unit as string
}

/** A 2.0 message with these measurements, one item each. */
function modernMessage(way: Way, measurements: readonly Value[], assets: readonly string[] = ['EVSE-1']): Value {
  const shape = usageOf(way)!
  const { inside } = shape.shaper as { inside: string }
  const items = measurements.map((m, i) =>
    inside === '' ? m : { asset_id: assets[i % assets.length], asset_category: 'CHARGING', [inside]: m },
  )
  return { group_id: 'G1', [shape.modern]: items }
}

const measurement = (changes: Value): Value => ({ phase: 'ALL', unit: 'KWH', direction: 'IMPORT', ...changes })

/** Start, end and energy of what 1.0 is told; energy that is told as readings is their difference. */
function toldBy(way: Way, parts: readonly Part[]): Interval[] {
  const shape = usageOf(way)!
  const { meters, inside } = shape.shaper as { meters: MeterFields; inside: string }
  const each = way.rules.find((rule) => rule.verb === 'each' && rule.legacy === shape.legacy) as Rule & { verb: 'each' }
  const at = inside === '' ? '' : `${inside}.`
  const nameOf = (modern: string): string =>
    (each.rules.find((rule) => rule.verb === 'via' && rule.modern === at + modern) as Rule & { verb: 'via' })?.legacy
  const split = way.rules.find((rule) => rule.verb === 'split')
  return parts.filter(isTranslated).flatMap((part) => {
    const item = split?.verb === 'split' ? (read(part.value, split.legacy) as Value[])[0]! : part.value
    return (item[shape.legacy] as Value[]).map((block) => ({
      start: Date.parse(block[nameOf('initial_measure_time')] as string),
      end: Date.parse(block[nameOf('measure_time')] as string),
      energy:
        meters.energy === 'stated'
          ? Number(block[nameOf('value')])
          : new Big(block[meters.end] as string).minus(block[meters.start] as string).toNumber(),
    }))
  })
}

describe('Energy towards 1.0', () => {
  for (const way of down) {
    it(`of ${way.name} is the differences of readings, however they are cut into messages, and each once ${seeded()}`, () => {
      fc.assert(
        fc.property(intervals, sizes, fc.nat(999), contexts, (all, cuts, register, context) => {
          let total = new Big(register)
          const readings = [{ value: register, measure_time: iso(evening) }].concat(
            all.map(({ end, energy }) => {
              total = total.plus(energy)
              return { value: total.toNumber(), measure_time: iso(end) }
            }),
          )
          const messages = cutUp(readings, cuts).map((some) => modernMessage(way, some.map(measurement)))
          // Every message comes twice: what a repeat says is in what was told before.
          const parts = inOrder(
            way,
            messages.flatMap((m) => [m, m]),
            base(context, {}),
          )
          assert.deepEqual(toldBy(way, parts), all)
        }),
        settings(),
      )
    }).timeout(timeout)

    it(`of ${way.name} keeps its sum when it is spread over quarter hours ${seeded()}`, () => {
      fc.assert(
        fc.property(intervals, contexts, (all, context) => {
          const message = modernMessage(
            way,
            all.map(({ start, end, energy }) =>
              measurement({ value: energy, initial_measure_time: iso(start), measure_time: iso(end) }),
            ),
          )
          const told = toldBy(way, inOrder(way, [message], base(context, { usageGrid: quarter })))
          assert.equal(sum(told.map((i) => i.energy)).toFixed(), sum(all.map((i) => i.energy)).toFixed())
          for (const { start, end, energy } of told)
            assert.ok(start % quarter === 0 && end - start === quarter && energy >= 0)
        }),
        settings(),
      )
    }).timeout(timeout)

    it(`of ${way.name} never goes below nothing, whatever a register does ${seeded()}`, () => {
      const readings = fc.array(
        fc.tuple(
          fc.integer({ min: -999, max: 9999 }),
          fc.integer({ min: 0, max: 60 }),
          fc.constantFrom('IMPORT', 'NET'),
        ),
        { minLength: 1, maxLength: 8 },
      )
      fc.assert(
        fc.property(readings, sizes, contexts, (all, cuts, context) => {
          const stated = all.map(([value, minute, direction]) =>
            measurement({ value, direction, measure_time: iso(evening + minute * 60_000) }),
          )
          const messages = cutUp(stated, cuts).map((some) => modernMessage(way, some))
          const told = toldBy(way, inOrder(way, messages, base(context, {})))
          for (const { start, end, energy } of told) assert.ok(energy >= 0 && end > start)
          // No moment is told twice.
          const ordered = told.toSorted((a, b) => a.start - b.start)
          for (const [i, { start }] of ordered.entries()) if (i > 0) assert.ok(start >= ordered[i - 1]!.end)
        }),
        settings(),
      )
    }).timeout(timeout)

    it(`of ${way.name} is either the total or its phases, one direction, one type, one style: never twice ${seeded()}`, () => {
      const said = fc.record({
        phase: fc.constantFrom('ALL', 'UNKNOWN', 'ONE', 'TWO', 'THREE'),
        direction: fc.constantFrom('IMPORT', 'NET', 'EXPORT'),
        energy_type: fc.constantFrom(undefined, 'FLEXIBLE', 'TOTAL', 'NONFLEXIBLE'),
        isReading: fc.boolean(),
      })
      fc.assert(
        fc.property(fc.array(said, { minLength: 1, maxLength: 6 }), contexts, (all, context) => {
          // Everything says the same quarter hour, in which one load drew ten kilowatt-hours on each of its phases.
          const measurements = all.map(({ isReading, ...how }) =>
            measurement({
              ...how,
              value: how.phase === 'ALL' || how.phase === 'UNKNOWN' ? 30 : 10,
              measure_time: iso(evening + quarter),
              ...(isReading ? {} : { initial_measure_time: iso(evening) }),
            }),
          )
          const told = toldBy(way, inOrder(way, [modernMessage(way, measurements)], base(context, {})))
          assert.ok(told.length <= 1)
          for (const { energy } of told) assert.ok(energy === 10 || energy === 20 || energy === 30, String(energy))
        }),
        settings(),
      )
    }).timeout(timeout)

    const inside = (usageOf(way)!.shaper as { inside: string }).inside
    if (inside !== '')
      it(`of ${way.name} is that of all assets together, also where their times differ ${seeded()}`, () => {
        fc.assert(
          fc.property(intervals, intervals, fc.integer({ min: 0, max: 30 }), contexts, (one, other, shift, context) => {
            const moved = other.map((i) => ({ ...i, start: i.start + shift * 60_000, end: i.end + shift * 60_000 }))
            const both = [one, moved].map((list) =>
              list.map(({ start, end, energy }) =>
                measurement({ value: energy, initial_measure_time: iso(start), measure_time: iso(end) }),
              ),
            )
            const items = both.flatMap((list, i) => modernMessage(way, list, [`EVSE-${i}`]).measurements as Value[])
            const told = toldBy(way, inOrder(way, [{ group_id: 'G1', measurements: items }], base(context, {})))
            assert.equal(
              sum(told.map((i) => i.energy)).toFixed(),
              sum([...one, ...other].map((i) => i.energy)).toFixed(),
            )
            const ordered = told.toSorted((a, b) => a.start - b.start)
            for (const [i, { start }] of ordered.entries()) if (i > 0) assert.ok(start >= ordered[i - 1]!.end)
          }),
          settings(),
        )
      }).timeout(timeout)
  }
})

// A field that a test above names by hand would go stale in silence: the contract must have it.
for (const way of down) fieldAt(way.source.type, usageOf(way)!.modern)
