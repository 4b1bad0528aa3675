/**
 * Usage towards OSCP 2.0: intervals as they are, or as readings of a running register where the peer takes only those.
 * Limits: a cable keeps one source of readings for life; once its running total is made of intervals, it stays so.
 */
import { toNumber } from '../codecs/index.ts'
import type { MeterFields } from '../rules.ts'
import type { Run } from '../run.ts'
import type { Item, Shaped } from './index.ts'
import { countInterval, meterOf, readRegister } from './meter.ts'
import type { Measurement } from './usage.ts'

type Count = (what: string, count?: number) => void

/** The readings of the 1.0 blocks are the register, if every block has its end. */
export function upwards(
  measurements: readonly Measurement[],
  meters: MeterFields,
  run: Run,
  path: string,
  source: readonly Item[],
): Shaped {
  const dropped: Record<string, number> = {}
  const count: Count = (what, times = 1) => {
    if (times > 0) dropped[what] = (dropped[what] ?? 0) + times
  }
  const stated = (m: Measurement): Item => ({
    ...m,
    direction: 'IMPORT',
    energy_type: run.context.energyType,
    phase: 'ALL',
  })
  const has = (block: Item, name: string): boolean => typeof block[name] === 'string'
  if (run.context.measurements !== 'CONTINUOUS') {
    if (meters.energy === 'stated')
      count('readings', source.filter((block) => has(block, meters.start) || has(block, meters.end)).length)
    return { items: measurements.map(stated), fidelity: 'exact', dropped }
  }
  const timed = measurements
    .map((m, index) => ({ m, index, block: source[index]!, start: Date.parse(m.initial_measure_time!) }))
    .toSorted((a, b) => a.start - b.start)
  const isRegister =
    source.every((block) => has(block, meters.end)) && meterOf(run.context.meters, run.item)?.source !== 'intervals'
  count('starts', timed.length)
  const readings = isRegister ? fromRegister(timed, meters, run, path) : fromIntervals(timed, run, count)
  return { items: readings.map(stated), fidelity: 'exact', dropped }
}

interface Timed {
  readonly m: Measurement
  readonly index: number
  readonly block: Item
  readonly start: number
}

function reading(model: Measurement, value: number, at: string): Measurement {
  return { ...model, value, measure_time: at, initial_measure_time: undefined }
}

/** The first message also says where the register stood before, so that its first interval is not lost. */
function fromRegister(timed: readonly Timed[], meters: MeterFields, run: Run, path: string): Measurement[] {
  const number = ({ block, index }: Timed, name: string): number => {
    run.indices.push(index)
    const value = toNumber(block[name] as string, run, `${path}.${name}`)
    run.indices.pop()
    return value
  }
  const readings = timed.map((t) => reading(t.m, number(t, meters.end), t.m.measure_time))
  const meter = meterOf(run.context.meters, run.item)
  const [first] = timed
  if (meter === undefined && typeof first?.block[meters.start] === 'string')
    readings.unshift(reading(first.m, number(first, meters.start), first.m.initial_measure_time!))
  const last = readings.reduce((a, b) => (Date.parse(b.measure_time) >= Date.parse(a.measure_time) ? b : a))
  const at = Date.parse(last.measure_time)
  if (meter === undefined || at >= meter.at) run.kept.meters = { [run.item]: readRegister(last.value, at, last.unit) }
  return readings
}

function fromIntervals(timed: readonly Timed[], run: Run, count: Count): Measurement[] {
  let meter = meterOf(run.context.meters, run.item)
  if (meter?.source === 'register') count('reset')
  return timed.flatMap(({ m, start }) => {
    const counted = countInterval(meter, start, Date.parse(m.measure_time), m.value, m.unit)
    if (counted === undefined) {
      count('late')
      return []
    }
    meter = counted.meter
    run.kept.meters = { [run.item]: meter }
    return [reading(m, counted.reading, m.measure_time)]
  })
}
