/** Usage towards OSCP 2.0: intervals as they are, or as readings of a running register where the peer takes only those. */

import { toNumber } from '../codecs/index.ts'
import type { MeterFields } from '../rules.ts'
import type { Run } from '../run.ts'
import type { Item, Shaped } from './index.ts'
import { countInterval, type MeterState, readRegister } from './meter.ts'
import type { Measurement } from './usage.ts'

/** The readings of the 1.0 blocks are the register, if every block has its end. */
export function upwards(
  measurements: readonly Measurement[],
  meters: MeterFields,
  run: Run,
  path: string,
  source: readonly Item[],
): Shaped {
  const stated = (m: Measurement): Item => ({
    ...m,
    direction: 'IMPORT',
    energy_type: run.context.energyType,
    phase: 'ALL',
  })
  if (run.context.measurements !== 'CONTINUOUS') return { items: measurements.map(stated), fidelity: 'exact' }
  const ends = source.map((block) => block[meters.end] as string | undefined)
  const hasRegister = ends.every((end) => end !== undefined) && run.context.meters?.['']?.source !== 'intervals'
  const readings = hasRegister
    ? fromRegister(measurements, meters, source, run, path)
    : fromIntervals(measurements, run)
  return { items: readings.map(stated), fidelity: 'exact' }
}

function reading(model: Measurement, value: number, at: string): Measurement {
  return { ...model, value, measure_time: at, initial_measure_time: undefined }
}

function fromRegister(
  measurements: readonly Measurement[],
  meters: MeterFields,
  source: readonly Item[],
  run: Run,
  path: string,
): Measurement[] {
  const number = (text: unknown, index: number, name: string): number => {
    run.indices.push(index)
    const value = toNumber(text as string, run, `${path}.${name}`)
    run.indices.pop()
    return value
  }
  const readings = measurements.map((m, i) => reading(m, number(source[i]![meters.end], i, meters.end), m.measure_time))
  const [first] = measurements
  if (run.context.meters?.[''] === undefined && source[0]?.[meters.start] !== undefined)
    readings.unshift(reading(first!, number(source[0][meters.start], 0, meters.start), first!.initial_measure_time!))
  const last = readings.at(-1)!
  run.kept.meters = { '': readRegister(last.value, Date.parse(last.measure_time), last.unit) }
  return readings
}

function fromIntervals(measurements: readonly Measurement[], run: Run): Measurement[] {
  let meter: MeterState | undefined = run.context.meters?.['']
  return measurements.map((m) => {
    meter = countInterval(meter, Date.parse(m.initial_measure_time!), Date.parse(m.measure_time), m.value, m.unit)
    run.kept.meters = { '': meter }
    return reading(m, meter.reading, m.measure_time)
  })
}
