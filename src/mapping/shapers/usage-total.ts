/**
 * Energy that OSCP 1.0 says only as the readings of a register at both ends of an interval: their difference, exactly, upwards,
 * and downwards a running total kept in the group's meters.
 * Limits: a register that runs backwards is refused; the total starts at zero, only its differences mean something.
 */
import { Big } from 'big.js'
import { toNumber } from '../codecs/index.ts'
import type { MeterFields } from '../rules.ts'
import type { Run } from '../run.ts'
import type { Item, Shaped } from './index.ts'
import { countInterval } from './meter.ts'
import type { Measurement } from './usage.ts'

/** The measurements with the energy that their register counted. */
export function differences(
  measurements: readonly Measurement[],
  meters: MeterFields,
  run: Run,
  path: string,
  source: readonly Item[],
): Measurement[] {
  return measurements.map((measurement, index) => {
    const depth = run.indices.push(index)
    const read = (name: string): Big => {
      const text = source[index]![name] as string | undefined | null
      if (typeof text !== 'string') return run.refuse(`${path}.${name}`, 'is needed to know the energy')
      // By way of the number, because XML Schema writes decimals in more ways than Big reads.
      return new Big(toNumber(text, run, `${path}.${name}`))
    }
    const energy = read(meters.end).minus(read(meters.start))
    if (energy.lt(0)) run.refuse(`${path}.${meters.end}`, `must not be less than ${meters.start}`, 'invalid-message')
    const value = toNumber(energy.toFixed(), run, `${path}.${meters.end}`)
    run.indices.length = depth - 1
    return { ...measurement, value }
  })
}

/** Where the running total is kept among the meters: nothing that came by JSON or XML in good faith is called so. */
const total = '\u0000total'

/** The intervals with the running total at their start and end, as 1.0 text, in `meter_start` and `meter_end`. */
export function totals(shaped: Shaped, run: Run): Shaped {
  let meters = (run.kept.meters as typeof run.context.meters) ?? run.context.meters
  let late = 0
  const items = shaped.items.flatMap((item) => {
    const { value, unit, initial_measure_time: start, measure_time: end } = item as unknown as Measurement
    const counted = countInterval(meters?.[total], Date.parse(start!), Date.parse(end), value, unit)
    if (counted === undefined) {
      late++
      return []
    }
    meters = { ...meters, [total]: counted.meter }
    run.kept.meters = meters
    // To the last digit, so that their difference is the very energy, also where a double cannot hold the total.
    const { exactly } = counted
    return [{ ...item, meter_start: exactly.minus(value).toFixed(), meter_end: exactly.toFixed() }]
  })
  return { ...shaped, items, dropped: late > 0 ? { ...shaped.dropped, late } : (shaped.dropped ?? {}) }
}
