/**
 * Usage: intervals with energy (OSCP 1.0) and measurements with direction, type, phase and register style (OSCP 2.0).
 * Limits: energies are never estimated but where the link asks for a grid; what is left out is counted with its reason.
 */

import type { MeterFields } from '../rules.ts'
import type { Item, Shaped, Shaper } from './index.ts'
import { downwards } from './usage-down.ts'
import { differences, totals } from './usage-total.ts'
import { upwards } from './usage-up.ts'

/** `asset` is whose meter it is; '' for the group's own. */
export interface Measurement {
  readonly asset?: string
  readonly value: number
  readonly unit: string
  readonly phase?: string
  readonly direction?: string
  readonly energy_type?: string | undefined
  readonly measure_time: string
  readonly initial_measure_time?: string | undefined
}

/** Upwards and downwards, for measurements that are items themselves (`inside` is '') or a part of items. */
export function usageShaper(inside: string, meters: MeterFields): Shaper {
  const at = inside === '' ? '' : `${inside}.`
  const isDifference = meters.energy === 'difference'
  return {
    title: 'energy of intervals ↔ measurements by phase, direction and style',
    reason:
      'OSCP 1.0 reports what a cable drew in an interval; OSCP 2.0 says of which register, phase and type of energy.',
    owns: ['direction', 'energy_type', 'phase', ...(isDifference ? ['value'] : [])].map((name) => at + name),
    reads: [meters.start, meters.end],
    writes: isDifference ? { [meters.start]: `${at}meter_start`, [meters.end]: `${at}meter_end` } : {},
    ensures: ['initial_measure_time', 'measure_time', 'value', 'unit'].map((name) => at + name),
    drops: {
      exported: 'Exported energy is kept apart; OSCP 1.0 reports what was drawn.',
      otherDirection: 'A net reading holds the same energy as the import beside it; the two are never added together.',
      otherType: 'Energy of another type describes the same load; types are never added together.',
      negative: 'A net export counts as nothing drawn.',
      firstReading: 'A register says how much was used only with its second reading.',
      reset: 'The register was reset, so the energy since the reading before is not known.',
      noEnergy: 'OSCP 1.0 reports energy, and this asset sent none.',
      repeated: 'It was said twice in one message; the last holds.',
      wholeAndParts: 'The figure for all phases already holds those of the single phases.',
    },
    toModern: (items, run, path, source) => {
      const stated = unwrap(items, inside)
      const measurements = isDifference ? differences(stated, meters, run, path, source) : stated
      return wrap(upwards(measurements, meters, run, path, source), items, inside)
    },
    toLegacy: (items, run, path) => {
      const measurements = unwrap(items, inside)
      const intervals = downwards(measurements, run, path)
      const shaped = isDifference ? totals(intervals, run) : intervals
      const noEnergy = items.length - measurements.length
      const dropped = noEnergy > 0 ? { ...shaped.dropped, noEnergy } : shaped.dropped
      return wrap({ ...shaped, ...(dropped ? { dropped } : {}) }, [], inside)
    },
  }
}

function unwrap(items: readonly Item[], inside: string): Measurement[] {
  if (inside === '') return items as unknown as Measurement[]
  return items.flatMap((item) =>
    item[inside] === undefined ? [] : [{ ...(item[inside] as Measurement), asset: item.asset_id as string }],
  )
}

/** Back into the items they came from; measurements that no item stands for get one of their own. */
function wrap(shaped: Shaped, items: readonly Item[], inside: string): Shaped {
  if (inside === '') return shaped
  // Whose meter it is stands on the item itself.
  return { ...shaped, items: shaped.items.map(({ asset: _, ...energy }) => ({ ...items[0], [inside]: energy })) }
}
