/**
 * Usage towards OSCP 1.0: of all that was measured, the energy one cable drew, per interval.
 * Limits: IMPORT or NET, one type of energy, single phases or their total, intervals or readings: never two figures for the
 * same energy.
 */
import { Big } from 'big.js'
import { parseInstant, printInstant } from '../codecs/instant.ts'
import type { Run } from '../run.ts'
import type { Shaped } from './index.ts'
import { inUnit, type MeterState, readRegister } from './meter.ts'
import type { Measurement } from './usage.ts'
import { cellsFor, type Interval, spread } from './usage-spread.ts'

type Count = (what: string) => void

/** Refuses the message because of a field of one measurement. */
export type RefuseAt = (index: number, field: string, sentence: string) => never

interface Timed extends Measurement {
  readonly end: number
  readonly start: number | undefined
  /** The phases that were added up. */
  readonly phases: string
}

export function downwards(measurements: readonly Measurement[], run: Run, path: string, refuseAt: RefuseAt): Shaped {
  const dropped: Record<string, number> = {}
  const count: Count = (what) => {
    dropped[what] = (dropped[what] ?? 0) + 1
  }
  const timed = measurements.map((m, i) => timedOf(m, run, i, refuseAt))
  const used = ofOneType(ofOneDirection(timed, count), count)
  const one = oneUnit(used)
  const rewritten = used.filter((m, i) => m.unit !== one[i]!.unit).length
  const intervals = intervalsOf(perMeter(one, count), run, count)
  const cells = cellsFor(intervals, run, path)
  const summed = overAssets(intervals).toSorted((a, b) => a.start - b.start)
  const shaped = cells === undefined ? summed : spread(summed, cells)
  for (const { value } of shaped) if (value < 0) count('negative')
  return {
    items: shaped.map(({ value, unit, start, end }) => ({
      value: Math.max(0, value),
      unit,
      initial_measure_time: printInstant(start),
      measure_time: printInstant(end),
    })),
    fidelity: cells === undefined ? 'exact' : 'approximate',
    changed: cells === undefined ? rewritten : shaped.length,
    dropped,
  }
}

function timedOf(measurement: Measurement, run: Run, index: number, refuseAt: RefuseAt): Timed {
  const read = (field: 'measure_time' | 'initial_measure_time'): number => {
    const instant = parseInstant(measurement[field]!, run.context.zone)
    return typeof instant === 'number' ? instant : refuseAt(index, field, instant)
  }
  const start = measurement.initial_measure_time === undefined ? undefined : read('initial_measure_time')
  return { ...measurement, start, end: read('measure_time'), phases: phaseOf(measurement) }
}

/** IMPORT where a meter measures it, else NET; EXPORT never. What a source of energy measures net is what it gave. */
function ofOneDirection(all: readonly Timed[], count: Count): Timed[] {
  return groupsOf(all, assetOf).flatMap((own) => {
    const wanted = own.some((m) => m.direction === 'IMPORT') ? 'IMPORT' : 'NET'
    return own.filter((m) => {
      const isExport = m.direction === 'EXPORT' || (m.direction === 'NET' && m.category === 'GENERATION')
      if (isExport) count('exported')
      else if (m.direction !== wanted) count('otherDirection')
      return !isExport && m.direction === wanted
    })
  })
}

/** FLEXIBLE where it is measured, else TOTAL, else what says nothing of its type. */
function ofOneType(all: readonly Timed[], count: Count): Timed[] {
  const wanted = ['FLEXIBLE', 'TOTAL', undefined].find((type) => all.some((m) => m.energy_type === type))
  return all.filter((m) => m.energy_type === wanted || void count('otherType'))
}

/** Watt-hours and kilowatt-hours in one message become watt-hours, which is exact. */
function oneUnit(all: readonly Timed[]): Timed[] {
  if (new Set(all.map((m) => m.unit)).size <= 1) return [...all]
  return all.map((m) => (m.unit === 'KWH' ? { ...m, unit: 'WH', value: new Big(m.value).times(1000).toNumber() } : m))
}

const whole = new Set(['ALL', 'UNKNOWN'])

const phaseOf = (m: Measurement): string => (whole.has(m.phase ?? 'ALL') ? 'ALL' : m.phase!)

const assetOf = (m: Measurement): string => m.asset ?? ''

/** One figure per meter and time: the total where it is stated, else its phases added up. */
function perMeter(all: readonly Timed[], count: Count): Timed[] {
  return groupsOf(all, (m) => JSON.stringify([m.start, m.end, assetOf(m)])).map((same) => {
    const last = new Map(same.map((m) => [phaseOf(m), m]))
    for (let i = last.size; i < same.length; i++) count('repeated')
    const total = last.get('ALL')
    if (total) for (let i = 1; i < last.size; i++) count('wholeAndParts')
    return total ?? { ...added([...last.values()]), phases: [...last.keys()].sort().join('+') }
  })
}

type Closed = Timed & Interval

/** Intervals as they are, or the differences between successive readings of each register. */
function intervalsOf(all: readonly Timed[], run: Run, count: Count): Closed[] {
  const known = new Map(Object.entries(run.context.meters ?? {}))
  const meters = new Map(known)
  const intervals = groupsOf(all, assetOf).flatMap((own) => {
    const asset = assetOf(own[0]!)
    const readings = own.filter((m) => m.start === undefined).toSorted((a, b) => a.end - b.end)
    const stated = own.filter((m): m is Closed => m.start !== undefined)
    const meter = meters.get(asset)
    // One source for life: the one it has, if this message has it too; else intervals, which say all by themselves.
    const isRegister = readings.length > 0 && (stated.length === 0 || meter?.source === 'register')
    for (const _ of isRegister ? stated : stated.length > 0 ? readings : []) count('otherStyle')
    const found = isRegister ? ofReadings(readings, meter, count) : ofIntervals(stated, meter, count)
    if (found.meter !== undefined) meters.set(asset, found.meter)
    return found.intervals
  })
  if ([...meters].some(([asset, meter]) => meter !== known.get(asset))) run.kept.meters = Object.fromEntries(meters)
  return intervals
}

interface Found {
  readonly intervals: Closed[]
  readonly meter: MeterState | undefined
}

function ofReadings(readings: readonly Timed[], known: MeterState | undefined, count: Count): Found {
  const intervals: Closed[] = []
  let meter = known
  for (const m of readings) {
    const register = [m.direction, m.energy_type, m.phases].join()
    const old = meter && inUnit(meter, m.unit)
    const isSame = old?.source === 'register' && (old.register ?? register) === register
    if (old !== undefined && (isSame ? m.end <= old.at : m.end < old.at)) {
      // The interval it closes is reported already.
      count('late')
      continue
    }
    if (old === undefined) count('firstReading')
    // A net register runs backwards by itself.
    else if (!isSame || (m.value < old.reading && m.direction !== 'NET')) count('reset')
    else intervals.push({ ...m, start: old.at, value: new Big(m.value).minus(old.reading).toNumber() })
    meter = readRegister(m.value, m.end, m.unit, register)
  }
  return { intervals, meter }
}

/** After a register, intervals that begin before its last reading would say the same energy again. */
function ofIntervals(stated: readonly Closed[], meter: MeterState | undefined, count: Count): Found {
  if (meter?.source !== 'register') return { intervals: [...stated], meter: undefined }
  const intervals = stated.filter((m) => m.start >= meter.at || void count('reset'))
  const at = intervals.reduce((latest, m) => Math.max(latest, m.end), meter.at)
  return { intervals, meter: { ...readRegister(0, at, meter.unit), source: 'intervals' } }
}

/** The energy of all assets of a group in the same interval. */
function overAssets(intervals: readonly Closed[]): Interval[] {
  const byAsset = groupsOf(intervals, assetOf)
  // What one meter said twice is its own business; only different meters are added up.
  return byAsset.length <= 1 ? [...intervals] : groupsOf(intervals, (m) => `${m.start}/${m.end}`).map(added)
}

function added<T extends { readonly value: number }>(same: readonly T[]): T {
  return { ...same[0]!, value: same.reduce((sum, m) => sum.plus(m.value), new Big(0)).toNumber() }
}

function groupsOf<T>(all: readonly T[], keyOf: (m: T) => string): T[][] {
  const groups = new Map<string, T[]>()
  for (const m of all) {
    const group = groups.get(keyOf(m))
    if (group) group.push(m)
    else groups.set(keyOf(m), [m])
  }
  return [...groups.values()]
}
