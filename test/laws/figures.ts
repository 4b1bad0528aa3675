/**
 * What limits mean, told independently of the shapers: a forecast at an instant is a set of constraints on the load, and one
 * forecast is no looser than another when no load that it allows breaks a constraint of the other.
 * Limits: power, current per phase and their sum; loads draw, they do not feed in. Energy budgets are not told here.
 */
import { Big } from 'big.js'
import { parseInstant } from '../../src/mapping/codecs/instant.ts'
import type { Value } from '../../src/mapping/compile.ts'
import type { Rule } from '../../src/mapping/rules.ts'
import type { Context } from '../../src/mapping/run.ts'
import { read } from './steer.ts'

export interface Figure {
  readonly start: number
  readonly end: number
  readonly capacity: Big
  /** In the words of OSCP 2.0. */
  readonly unit: string
  readonly phase: string | undefined
}

type Phase = 'ONE' | 'TWO' | 'THREE'

/** Watt or ampere that must not be exceeded: by all phases together, by the currents added up, or by one phase. */
export type Constraint =
  | { readonly of: 'power' | 'currents'; readonly most: Big }
  | { readonly of: 'phase power' | 'phase current'; readonly phase: Phase; readonly most: Big }

const all: readonly Phase[] = ['ONE', 'TWO', 'THREE']

/** Phases that the link has. */
const phasesOf = (context: Context): readonly Phase[] =>
  context.amperePhases.includes('UNKNOWN') ? all : (context.amperePhases as readonly Phase[])

/** What a 2.0 block asks of the load. */
export function constraintsOf({ capacity, unit, phase = 'ALL' }: Figure, context: Context): Constraint[] {
  const isWhole = phase === 'ALL' || phase === 'UNKNOWN'
  if (unit === 'A') {
    if (phase === 'ALL' && context.ampereAllMeans === 'sum') return [{ of: 'currents', most: capacity }]
    const stated = isWhole ? phasesOf(context) : [phase as Phase]
    return stated.map((one) => ({ of: 'phase current', phase: one, most: capacity }))
  }
  const most = unit === 'KW' ? capacity.times(1000) : capacity
  return isWhole ? [{ of: 'power', most }] : [{ of: 'phase power', phase: phase as Phase, most }]
}

/** What a 1.0 figure asks of the load: power of all phases together, current of each phase, or of each the link has. */
export function legacyConstraintsOf(figure: Figure, context: Context, which: 'of any' | 'of the link'): Constraint[] {
  if (figure.unit !== 'A') return constraintsOf({ ...figure, phase: 'ALL' }, context)
  return (which === 'of any' ? all : phasesOf(context)).map((phase) => ({
    of: 'phase current',
    phase,
    most: figure.capacity,
  }))
}

/** The most that a load within these constraints can make of what another constraint limits; undefined for no bound. */
function reach(within: readonly Constraint[], goal: Constraint, context: Context): Big | undefined {
  const phases = phasesOf(context)
  const { low, high } = context.voltage ?? { low: Number.NaN, high: Number.NaN }
  const volts = (v: number, then: (v: Big) => Big): Big | undefined => (Number.isNaN(v) ? undefined : then(new Big(v)))
  // Each constraint alone already bounds some quantities; the tightest of those bounds is the reach. Currents of all phases
  // together need a bound of each.
  const bounds = within.flatMap((c): (Big | undefined)[] => {
    const isOwn = !('phase' in c) || !('phase' in goal) || c.phase === goal.phase
    if (!isOwn) return []
    if (c.of === goal.of) return [c.most]
    if (c.of === 'power' && goal.of === 'phase power') return [c.most]
    if (c.of === 'power' && (goal.of === 'currents' || goal.of === 'phase current'))
      return [volts(low, (v) => over(c.most, v))]
    if (c.of === 'currents' && goal.of === 'phase current') return [c.most]
    if (c.of === 'currents' && (goal.of === 'power' || goal.of === 'phase power'))
      return [volts(high, (v) => c.most.times(v))]
    if (c.of === 'phase power' && goal.of === 'phase current') return [volts(low, (v) => over(c.most, v))]
    if (c.of === 'phase current' && goal.of === 'phase power') return [volts(high, (v) => c.most.times(v))]
    return []
  })
  if (goal.of === 'power' || goal.of === 'currents') bounds.push(sumOver(within, goal, phases, volts, high))
  const known = bounds.filter((b) => b !== undefined)
  return known.length === 0 ? undefined : known.reduce((a, b) => (b.lt(a) ? b : a))
}

/** All phases together, where each phase has a bound of its own. */
function sumOver(
  within: readonly Constraint[],
  goal: Constraint,
  phases: readonly Phase[],
  volts: (v: number, then: (v: Big) => Big) => Big | undefined,
  high: number,
): Big | undefined {
  let sum: Big | undefined = new Big(0)
  for (const phase of phases) {
    const currents = within.filter((c) => c.of === 'phase current' && c.phase === phase).map((c) => c.most)
    if (currents.length === 0) return undefined
    const least = currents.reduce((a, b) => (b.lt(a) ? b : a))
    const bound: Big | undefined = goal.of === 'currents' ? least : volts(high, (v) => least.times(v))
    if (bound === undefined) return undefined
    sum = sum.plus(bound)
  }
  return sum
}

/** A quotient that is not below the true one, so that no violation is missed. */
function over(a: Big, b: Big): Big {
  const quotient = a.div(b)
  return quotient.plus('1e-15')
}

/** The constraints of `input` that a load within `output` can break; empty when output is no looser. */
export function broken(output: readonly Constraint[], input: readonly Constraint[], context: Context): Constraint[] {
  return input.filter((goal) => {
    const most = reach(output, goal, context)
    return most === undefined || most.gt(goal.most.plus('1e-12'))
  })
}

/** The blocks of a 2.0 forecast. */
export function modernFigures(forecast: Value): Figure[] {
  return (forecast.forecasted_blocks as Value[]).map((b) => ({
    start: Date.parse(b.start_time as string),
    end: Date.parse(b.end_time as string),
    capacity: new Big(b.capacity as number),
    unit: b.unit as string,
    phase: b.phase as string,
  }))
}

/** Reads the blocks of a 1.0 forecast, whatever this dialect calls their fields: its own rules say. */
export function legacyReader(rules: readonly Rule[]): (forecast: Value, zone: string | undefined) => Figure[] {
  const each = rules.find((rule) => rule.verb === 'each') as Rule & { verb: 'each' }
  const nameOf = (modern: string): string =>
    (
      each.rules.find((rule) => (rule.verb === 'via' || rule.verb === 'same') && rule.modern === modern) as Rule & {
        verb: 'via'
      }
    )?.legacy
  const spread = rules.find((rule) => rule.verb === 'spread') as (Rule & { verb: 'spread' }) | undefined
  const unitRule =
    spread ?? (each.rules.find((rule) => rule.verb === 'via' && rule.modern === 'unit') as Rule & { verb: 'via' })
  const table = unitRule.codec as { pairs: readonly (readonly [string, string])[] }
  const [from, to, capacity] = ['start_time', 'end_time', 'capacity'].map(nameOf) as [string, string, string]
  return (forecast, zone) =>
    (read(forecast, each.legacy) as Value[]).map((item) => {
      const said = (spread ? forecast[spread.legacy] : item[unitRule.legacy]) as string
      return {
        start: parseInstant(item[from] as string, zone) as number,
        end: parseInstant(item[to] as string, zone) as number,
        // XML Schema writes decimals in more ways than Big reads.
        capacity: new Big(Number(item[capacity])),
        unit: table.pairs.find(([legacy]) => legacy === said)![1],
        phase: undefined,
      }
    })
}

export const at = (figures: readonly Figure[], instant: number): Figure[] =>
  figures.filter((f) => f.start <= instant && instant < f.end)

/** An instant inside every span that these figures cut time into. */
export function instantsOf(
  ...lists: readonly (readonly { readonly start: number; readonly end: number }[])[]
): number[] {
  return [...new Set(lists.flat().flatMap(({ start, end }) => [start, end]))]
}
