/**
 * Usage: intervals with energy (OSCP 1.0) and measurements with direction, type, phase and register style (OSCP 2.0).
 * Limits: energies are never estimated but where the link asks for a grid; what is left out is counted with its reason.
 */

import type { MeterFields } from '../rules.ts'
import type { Item, Shaped, Shaper } from './index.ts'
import { downwards } from './usage-down.ts'
import { differences, totals } from './usage-total.ts'
import { upwards } from './usage-up.ts'

/** `asset` is whose meter it is, absent for the group's own, and `category` what kind of asset. */
export interface Measurement {
  readonly asset?: string
  readonly category?: string
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
  const fills = ['direction', 'energy_type', 'phase'].map((name) => at + name)
  return {
    title: 'energy of intervals ↔ measurements by phase, direction and style',
    reason:
      'OSCP 1.0 reports what a cable drew in an interval; OSCP 2.0 says of which register, phase and type of energy.',
    needs: ['value', 'unit', 'measure_time', 'initial_measure_time'].map((name) => at + name),
    owns: [...fills, ...(isDifference ? [`${at}value`] : [])],
    fills,
    reads: [meters.start, meters.end],
    writes: isDifference ? { [meters.start]: `${at}meter_start`, [meters.end]: `${at}meter_end` } : {},
    ensures: ['initial_measure_time', 'measure_time', 'value', 'unit'].map((name) => at + name),
    drops: {
      exported: 'Exported energy is kept apart; OSCP 1.0 reports what was drawn.',
      otherDirection:
        'What was drawn is measured by itself; the net of it and of what was exported is not used with it.',
      otherType: 'Energy of another type describes the same load; types are never added together.',
      otherStyle: 'The same energy was said as intervals and as readings of a register; one of them holds.',
      negative: 'A net export counts as nothing drawn.',
      firstReading: 'A register says how much was used only with its second reading.',
      reset: 'The register was reset, or readings come from another source: that begins anew.',
      late: 'It came too late: the energy is in what was reported before.',
      noEnergy: 'OSCP 1.0 reports energy, and this asset sent none.',
      repeated: 'It was said twice in one message; the last holds.',
      wholeAndParts: 'The figure for all phases already holds those of the single phases.',
      readings: 'The 2.0 party takes the energy of intervals, not readings of a register.',
      starts: 'The 2.0 party takes readings of a running register; where an interval begins is the reading before.',
    },
    toModern: (items, run, path, source) => {
      const stated = inside === '' ? items : items.map((item) => item[inside] as Item)
      const given = stated as unknown as readonly Measurement[]
      const measurements = isDifference ? differences(given, meters, run, path, source) : given
      const shaped = upwards(measurements, meters, run, path, source)
      if (inside === '') return told(shaped)
      return told({ ...shaped, items: shaped.items.map((measurement) => ({ ...items[0], [inside]: measurement })) })
    },
    toLegacy: (items, run, path) => {
      const found = measurementsOf(items, inside)
      const intervals = downwards(
        found.map(({ measurement }) => measurement),
        run,
        path,
        (index, field, sentence) => run.refuseItem(path, found[index]!.index, at + field, sentence),
      )
      const shaped = told(isDifference ? totals(intervals, run) : intervals)
      const noEnergy = items.length - found.length
      const dropped = noEnergy > 0 ? { ...shaped.dropped, noEnergy } : (shaped.dropped ?? {})
      const made = inside === '' ? shaped.items : shaped.items.map((measurement) => ({ [inside]: measurement }))
      return { ...shaped, items: made, dropped }
    },
  }
}

/** A message may hold nothing that can be told on: a first reading, or what was only exported. That is no fault of it. */
function told(shaped: Shaped): Shaped {
  return shaped.items.length > 0 ? shaped : { ...shaped, nothing: 'Nothing in it says yet what was drawn.' }
}

/** The measurements, and which item of the message each came from. */
function measurementsOf(items: readonly Item[], inside: string): { measurement: Measurement; index: number }[] {
  return items.flatMap((item, index) => {
    if (inside === '') return [{ measurement: item as unknown as Measurement, index }]
    const energy = item[inside] as Measurement | undefined
    if (energy === undefined) return []
    const { asset_id: asset, asset_category: category } = item as { asset_id: string; asset_category: string }
    return [{ measurement: { ...energy, asset, category }, index }]
  })
}
