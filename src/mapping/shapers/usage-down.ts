/**
 * Usage towards OSCP 1.0: of all that was measured, the energy one cable drew, per interval.
 * Limits: IMPORT or NET, one type of energy, single phases or their total: never two figures for the same energy.
 */
import { Big } from 'big.js'
import { parseInstant, printInstant } from '../codecs/instant.ts'
import type { Run } from '../run.ts'
import type { Shaped } from './index.ts'
import { type MeterState, readRegister } from './meter.ts'
import type { Measurement } from './usage.ts'

type Count = (what: string) => void

interface Timed extends Measurement {
  readonly end: number
  readonly start: number | undefined
}

export function downwards(measurements: readonly Measurement[], run: Run, path: string): Shaped {
  const dropped: Record<string, number> = {}
  const count: Count = (what) => {
    dropped[what] = (dropped[what] ?? 0) + 1
  }
  const timed = measurements.map((m, i) => timedOf(m, run, path, i))
  const one = oneUnit(ofOneType(ofOneDirection(timed, count), count))
  const intervals = overAssets(intervalsOf(perMeter(one, count), run, count))
  for (const { value } of intervals) if (value < 0) count('negative')
  const drawn = intervals.map((m) => ({ ...m, value: Math.max(0, m.value) }))
  const ordered = drawn.toSorted((a, b) => a.start! - b.start!)
  const { usageGrid } = run.context
  const onGrid =
    usageGrid !== undefined && ordered.some((m) => m.start! % usageGrid !== 0 || m.end - m.start! !== usageGrid)
  const shaped = onGrid ? spread(ordered, usageGrid) : ordered
  return {
    items: shaped.map(({ value, unit, start, end }) => ({
      value,
      unit,
      initial_measure_time: printInstant(start!),
      measure_time: printInstant(end),
    })),
    fidelity: onGrid ? 'approximate' : 'exact',
    dropped,
  }
}

function timedOf(measurement: Measurement, run: Run, path: string, index: number): Timed {
  const read = (field: 'measure_time' | 'initial_measure_time'): number => {
    const instant = parseInstant(measurement[field]!, run.context.zone)
    if (typeof instant === 'number') return instant
    run.indices.push(index)
    return run.refuse(`${path}.${field}`, instant, 'invalid-message')
  }
  const start = measurement.initial_measure_time === undefined ? undefined : read('initial_measure_time')
  return { ...measurement, start, end: read('measure_time') }
}

/** IMPORT where it is measured, else NET; EXPORT never. */
function ofOneDirection(all: readonly Timed[], count: Count): Timed[] {
  const wanted = all.some((m) => m.direction === 'IMPORT') ? 'IMPORT' : 'NET'
  const reason = (m: Timed) => (m.direction === 'EXPORT' ? 'exported' : 'otherDirection')
  return all.filter((m) => m.direction === wanted || void count(reason(m)))
}

/** FLEXIBLE where it is measured, else TOTAL, else what says nothing of its type. */
function ofOneType(all: readonly Timed[], count: Count): Timed[] {
  const wanted = ['FLEXIBLE', 'TOTAL', undefined, 'NONFLEXIBLE'].find((type) => all.some((m) => m.energy_type === type))
  return all.filter((m) => m.energy_type === wanted || void count('otherType'))
}

/** Watt-hours and kilowatt-hours in one message become watt-hours, which is exact. */
function oneUnit(all: readonly Timed[]): Timed[] {
  if (new Set(all.map((m) => m.unit)).size <= 1) return [...all]
  return all.map((m) => (m.unit === 'KWH' ? { ...m, unit: 'WH', value: new Big(m.value).times(1000).toNumber() } : m))
}

const whole = new Set(['ALL', 'UNKNOWN'])

/** One figure per meter and time: the total where it is stated, else its phases added up. */
function perMeter(all: readonly Timed[], count: Count): Timed[] {
  return groupsOf(all, (m) => `${m.start}/${m.end}/${m.asset ?? ''}`).map((same) => {
    const phaseOf = (m: Timed) => (whole.has(m.phase ?? 'ALL') ? 'ALL' : m.phase!)
    const last = new Map(same.map((m) => [phaseOf(m), m]))
    for (let i = last.size; i < same.length; i++) count('repeated')
    const total = last.get('ALL')
    if (total) for (let i = 1; i < last.size; i++) count('wholeAndParts')
    return total ?? added([...last.values()])
  })
}

/** Intervals as they are, and the differences between successive readings of each register. */
function intervalsOf(all: readonly Timed[], run: Run, count: Count): Timed[] {
  const meters: Record<string, MeterState> = { ...run.context.meters }
  const intervals = all.filter((m) => m.start !== undefined)
  for (const m of all.filter((m) => m.start === undefined).toSorted((a, b) => a.end - b.end)) {
    const meter = meters[m.asset ?? '']
    if (meter === undefined || meter.unit !== m.unit) count('firstReading')
    else if (m.end <= meter.at)
      continue // a repeat, or late: the interval it closes is already reported
    else if (m.value < meter.reading) count('reset')
    else intervals.push({ ...m, start: meter.at, value: new Big(m.value).minus(meter.reading).toNumber() })
    meters[m.asset ?? ''] = readRegister(m.value, m.end, m.unit)
    run.kept.meters = meters
  }
  return intervals
}

/** The energy of all assets of a group in the same interval. */
function overAssets(intervals: readonly Timed[]): Timed[] {
  return groupsOf(intervals, (m) => `${m.start}/${m.end}`).map(added)
}

function added(same: readonly Timed[]): Timed {
  return { ...same[0]!, value: same.reduce((sum, m) => sum.plus(m.value), new Big(0)).toNumber() }
}

function groupsOf(all: readonly Timed[], keyOf: (m: Timed) => string): Timed[][] {
  const groups = new Map<string, Timed[]>()
  for (const m of all) {
    const group = groups.get(keyOf(m))
    if (group) group.push(m)
    else groups.set(keyOf(m), [m])
  }
  return [...groups.values()]
}

/** Spreads each interval over the cells of the grid in proportion to time; what a cell gets from several is added. */
function spread(intervals: readonly Timed[], grid: number): Timed[] {
  const cells = new Map<number, Big>()
  for (const { start, end, value } of intervals)
    for (let cell = Math.floor(start! / grid) * grid; cell < end; cell += grid) {
      const share = Math.min(end, cell + grid) - Math.max(start!, cell)
      cells.set(cell, (cells.get(cell) ?? new Big(0)).plus(new Big(value).times(share).div(end - start!)))
    }
  const [model] = intervals
  let [sum, told] = [new Big(0), new Big(0)]
  return [...cells]
    .sort(([a], [b]) => a - b)
    .map(([cell, energy]) => {
      // Rounded on the running sum, so that the cells add up to what the intervals did.
      sum = sum.plus(energy)
      const value = sum.round(6).minus(told)
      told = told.plus(value)
      return { ...model!, start: cell, end: cell + grid, value: value.toNumber() }
    })
}
