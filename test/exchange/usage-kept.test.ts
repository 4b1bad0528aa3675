/** What is kept of reported usage: intervals of energy that went in, whatever style it was reported in. */
import { expect } from 'chai'
import { withMeasurements } from '../../src/exchange/usage-kept.ts'

const at = (time: string) => Date.parse(`2026-03-03T${time}:00Z`)
const energy = (value: number, from: string | undefined, to: string, rest: object = {}) => ({
  value,
  unit: 'KWH',
  phase: 'ALL',
  direction: 'IMPORT',
  measure_time: new Date(at(to)).toISOString(),
  ...(from === undefined ? {} : { initial_measure_time: new Date(at(from)).toISOString() }),
  ...rest,
})
const group = (...measurements: object[]) => ({ group_id: 'g', measurements })
const since = at('00:00')

describe('Kept usage', () => {
  it('has intervals in order, and one that is said again is replaced', () => {
    const first = withMeasurements(undefined, group(energy(2, '06:15', '06:30'), energy(1, '06:00', '06:15')), since)
    const { intervals } = withMeasurements(first, group(energy(5, '06:15', '06:30')), since)
    expect(intervals.map(({ energy }) => energy)).to.deep.equal([1, 5])
  })

  it('makes intervals of what a register has counted between two readings, and none where it began anew', () => {
    const values = [100, 103, 2, 4]
    let record: ReturnType<typeof withMeasurements> | undefined
    for (const [i, value] of values.entries())
      record = withMeasurements(record, group(energy(value, undefined, `0${6 + i}:00`)), since)
    expect(record!.intervals).to.deep.equal([
      { start: at('06:00'), end: at('07:00'), energy: 3 },
      { start: at('08:00'), end: at('09:00'), energy: 2 },
    ])
  })

  it('adds phases, parts of the load and assets, takes off what came out, and counts nothing twice', () => {
    const phases = group(
      energy(1, '06:00', '07:00', { phase: 'ONE', unit: 'KWH' }),
      energy(2000, '06:00', '07:00', { phase: 'TWO', unit: 'WH' }),
      energy(0.5, '06:00', '07:00', { phase: 'TWO', direction: 'EXPORT' }),
    )
    expect(withMeasurements(undefined, phases, since).intervals[0]!.energy).to.equal(2.5)
    const parts = group(
      energy(3, '06:00', '07:00', { energy_type: 'TOTAL' }),
      energy(1, '06:00', '07:00', { energy_type: 'FLEXIBLE' }),
    )
    expect(withMeasurements(undefined, parts, since).intervals[0]!.energy).to.equal(3)
    const assets = group(
      { asset_id: 'a', asset_category: 'CHARGING', energy_measurement: energy(1, '06:00', '07:00') },
      { asset_id: 'b', asset_category: 'CHARGING', energy_measurement: energy(2, '06:00', '07:00') },
      { asset_id: 'c', asset_category: 'CHARGING', instantaneous_measurement: { value: 9 } },
    )
    expect(withMeasurements(undefined, assets, since).intervals[0]!.energy).to.equal(3)
  })

  it('forgets what is too old, and keeps no more than 400 intervals', () => {
    const minute = (i: number) => new Date(at('00:00') + i * 60_000).toISOString()
    const many = Array.from({ length: 500 }, (_, i) => ({
      ...energy(i, '00:00', '00:01'),
      initial_measure_time: minute(i),
      measure_time: minute(i + 1),
    }))
    const { intervals } = withMeasurements(undefined, group(...many), since)
    expect(intervals).to.have.length(400)
    expect(intervals.at(-1)!.energy).to.equal(499)
    expect(
      withMeasurements({ intervals, readings: {} }, group(energy(1, '09:00', '10:00')), at('09:00')).intervals,
    ).to.have.length(1)
  })
})
