import { expect } from 'chai'
import { type Context, Refusal, Run } from '../../src/mapping/run.ts'
import type { Item } from '../../src/mapping/shapers/index.ts'
import { countInterval, readRegister } from '../../src/mapping/shapers/meter.ts'
import { usageShaper } from '../../src/mapping/shapers/usage.ts'
import { context } from '../support/context.ts'

const minute = 60_000
const base = Date.parse('2026-03-03T00:00:00Z')
const at = (minutes: number) => new Date(base + minutes * minute).toISOString()
const fields = { start: 'meterStart', end: 'meterEnd', energy: 'stated' } as const
const shaper = usageShaper('', fields)

const reading = (value: number, minutes: number, changes: Item = {}): Item => ({
  value,
  unit: 'KWH',
  phase: 'ALL',
  direction: 'IMPORT',
  measure_time: at(minutes),
  ...changes,
})
const interval = (value: number, start: number, end: number, changes: Item = {}): Item => ({
  ...reading(value, end, changes),
  initial_measure_time: at(start),
})

function down(items: Item[], changes: Partial<Context> = {}, of = shaper) {
  const run = new Run(context(changes), 0)
  const { items: made, dropped = {}, fidelity, nothing } = of.toLegacy(items, run, 'measurements[]')
  const told = made.map((item) => {
    const m = (item.energy_measurement as Item) ?? item
    const minutes = (time: unknown) => (Date.parse(time as string) - base) / minute
    return [minutes(m.initial_measure_time), minutes(m.measure_time), m.value]
  })
  return { told, dropped, fidelity, nothing, meters: run.kept.meters as Context['meters'] }
}

describe('Usage towards 1.0', () => {
  it('tells an interval as it is', () =>
    expect(down([interval(5, 0, 15)])).to.deep.include({ told: [[0, 15, 5]], dropped: {} }))

  it('holds a first reading, and keeps the meter for the next', () => {
    const first = down([reading(100, 0)])
    expect(first).to.deep.include({ told: [], dropped: { firstReading: 1 } })
    expect(first.nothing).to.be.a('string')
    expect(down([reading(107.5, 15)], { meters: first.meters }).told).to.deep.equal([[0, 15, 7.5]])
  })

  it('takes a register that ran backwards for a new one, but lets a net register run backwards', () => {
    const meters = down([reading(100, 0)]).meters
    expect(down([reading(3, 15)], { meters })).to.deep.include({ told: [], dropped: { reset: 1 } })
    const net = down([reading(100, 0, { direction: 'NET' })]).meters
    expect(down([reading(90, 15, { direction: 'NET' })], { meters: net })).to.deep.include({
      told: [[0, 15, 0]],
      dropped: { negative: 1 },
    })
  })

  it('never takes the difference between two registers: another direction, type or set of phases is another source', () => {
    for (const other of [{ direction: 'NET' }, { energy_type: 'FLEXIBLE' }, { phase: 'ONE' }]) {
      const { meters } = down([reading(100, 0)])
      expect(down([reading(120, 15, other)], { meters })).to.deep.include({ told: [], dropped: { reset: 1 } })
    }
  })

  it('counts what is late, and does not tell it again', () => {
    const { meters } = down([reading(100, 0), reading(110, 30)])
    expect(down([reading(105, 15)], { meters })).to.deep.include({ told: [], dropped: { late: 1 } })
    expect(down([reading(110, 30)], { meters }).dropped).to.deep.equal({ late: 1 })
  })

  it('understands a register that changes between watt-hours and kilowatt-hours', () => {
    const { meters } = down([reading(100, 0)])
    expect(down([reading(101_500, 15, { unit: 'WH' })], { meters }).told).to.deep.equal([[0, 15, 1500]])
  })

  it('takes one of two styles for the same energy: the one the meter has, else intervals', () => {
    const both = [interval(5, 0, 15), reading(105, 15)]
    expect(down(both)).to.deep.include({ told: [[0, 15, 5]], dropped: { otherStyle: 1 } })
    const { meters } = down([reading(100, 0)])
    expect(down(both, { meters })).to.deep.include({ told: [[0, 15, 5]], dropped: { otherStyle: 1 } })
  })

  it('does not tell energy twice when a register gives way to intervals, and back', () => {
    const register = down([reading(100, 0), reading(105, 15)]).meters
    const after = down([interval(4, 10, 20), interval(6, 20, 30)], { meters: register })
    expect(after).to.deep.include({ told: [[20, 30, 6]], dropped: { reset: 1 } })
    expect(down([reading(120, 45)], { meters: after.meters! })).to.deep.include({ told: [], dropped: { reset: 1 } })
  })

  it('takes FLEXIBLE, else TOTAL, else what says nothing, and never what is not flexible', () => {
    const of = (...types: (string | undefined)[]) =>
      down(types.map((energy_type, i) => interval(i + 1, 0, 15, { energy_type }))).told.map(([, , value]) => value)
    expect(of('TOTAL', 'FLEXIBLE', undefined)).to.deep.equal([2])
    expect(of(undefined, 'TOTAL')).to.deep.equal([2])
    expect(of('NONFLEXIBLE', undefined)).to.deep.equal([2])
    expect(of('NONFLEXIBLE')).to.deep.equal([])
  })

  it('adds up the phases that are stated, or takes their total, and says what it left out', () => {
    const phases = ['ONE', 'TWO'].map((phase) => interval(2, 0, 15, { phase }))
    expect(down(phases).told).to.deep.equal([[0, 15, 4]])
    expect(down([...phases, interval(7, 0, 15, { phase: 'UNKNOWN' })])).to.deep.include({
      told: [[0, 15, 7]],
      dropped: { wholeAndParts: 2 },
    })
  })

  it('tells of each reason by itself what was exported, and what was net beside an import', () => {
    const all = [
      interval(5, 0, 15),
      interval(1, 0, 15, { direction: 'EXPORT' }),
      interval(4, 0, 15, { direction: 'NET' }),
    ]
    expect(down(all).dropped).to.deep.equal({ exported: 1, otherDirection: 1 })
  })

  it('spreads over quarter hours so that they add up, to the last decimal', () => {
    const { told, fidelity } = down([interval(1, 5, 50)], { usageGrid: 15 * minute })
    expect(told).to.deep.equal([
      [0, 15, 0.222222],
      [15, 30, 0.333333],
      [30, 45, 0.333333],
      [45, 60, 0.111112],
    ])
    expect(fidelity).to.equal('approximate')
  })

  it('refuses to spread what one meter said of the same time twice', () =>
    expect(() => down([interval(1, 0, 20), interval(1, 10, 30)], { usageGrid: 15 * minute })).to.throw(
      Refusal,
      /overlap/,
    ))

  describe('of assets', () => {
    const assets = usageShaper('energy_measurement', fields)
    const item = (asset_id: string, energy_measurement: Item | undefined, asset_category = 'CHARGING'): Item => ({
      asset_id,
      asset_category,
      ...(energy_measurement ? { energy_measurement } : {}),
    })

    it('adds up what each drew, whichever of its registers says it', () => {
      const both = [item('a', interval(5, 0, 15)), item('b', interval(3, 0, 15, { direction: 'NET' }))]
      expect(down(both, {}, assets)).to.deep.include({ told: [[0, 15, 8]], dropped: {} })
    })

    it('keeps a meter for each', () => {
      const first = down([item('a', reading(10, 0)), item('b', reading(20, 0))], {}, assets)
      const next = down([item('a', reading(11, 15)), item('b', reading(22, 15))], { meters: first.meters }, assets)
      expect(next.told).to.deep.equal([[0, 15, 3]])
    })

    it('takes what a source of energy measured net for exported', () =>
      expect(down([item('pv', interval(5, 0, 15, { direction: 'NET' }), 'GENERATION')], {}, assets)).to.deep.include({
        told: [],
        dropped: { exported: 1 },
      }))

    it('cuts time where assets do not keep the same hours', () =>
      expect(down([item('a', interval(6, 0, 30)), item('b', interval(2, 15, 45))], {}, assets)).to.deep.include({
        told: [
          [0, 15, 3],
          [15, 30, 4],
          [30, 45, 1],
        ],
        fidelity: 'approximate',
      }))

    it('keeps a meter for each whatever it is called', () => {
      const names = ['constructor', '__proto__', 'toString']
      const said = (value: number, minutes: number) => names.map((name) => item(name, reading(value, minutes)))
      const first = down(said(10, 0), {}, assets)
      expect(first.dropped).to.deep.equal({ firstReading: 3 })
      expect(down(said(11, 15), { meters: first.meters }, assets).told).to.deep.equal([[0, 15, 3]])
    })

    it('names the item and the field that is wrong, counting items without energy too', () => {
      const wrong = item('b', { ...interval(1, 0, 15), measure_time: '2026-03-03T00:15:00.0001Z' })
      expect(() => down([item('a', undefined), wrong], {}, assets))
        .to.throw(Refusal)
        .with.property('path', 'measurements[1].energy_measurement.measure_time')
    })
  })
})

describe('Usage towards 2.0', () => {
  function up(items: Item[], source: Item[], changes: Partial<Context> = {}) {
    const run = new Run(context(changes), 0, {}, 'C1')
    const { items: made, dropped = {} } = shaper.toModern(items, run, 'block[]', source)
    const told = made.map((m) => [(Date.parse(m.measure_time as string) - base) / minute, m.value])
    return { made, told, dropped, meters: run.kept.meters as Context['meters'] }
  }
  const continuous = { measurements: 'CONTINUOUS' } as const
  const blocks = [interval(5, 0, 15), interval(6, 15, 30)]
  const registers = [
    { meterStart: '100', meterEnd: '105' },
    { meterStart: '105', meterEnd: '111' },
  ]

  it('sends intervals where they are taken, and counts the readings it leaves out', () => {
    const { told, dropped, meters } = up(blocks, registers)
    expect(told).to.deep.equal([
      [15, 5],
      [30, 6],
    ])
    expect(dropped).to.deep.equal({ readings: 2 })
    expect(meters).to.equal(undefined)
  })

  it('sends the register where every block has its end, with its start the first time', () => {
    const first = up(blocks, registers, continuous)
    expect(first.told).to.deep.equal([
      [0, 100],
      [15, 105],
      [30, 111],
    ])
    const next = up([interval(4, 30, 45)], [{ meterStart: '111', meterEnd: '115' }], {
      ...continuous,
      meters: first.meters,
    })
    expect(next.told).to.deep.equal([[45, 115]])
  })

  it('sends readings in order of time, whatever the order of the blocks', () =>
    expect(up(blocks.toReversed(), registers.toReversed(), continuous).told.map(([, value]) => value)).to.deep.equal([
      100, 105, 111,
    ]))

  it('sends a running total where a block has no reading, and stays with it for life', () => {
    const first = up(blocks, [registers[0]!, {}], continuous)
    expect(first.told).to.deep.equal([
      [15, 5],
      [30, 11],
    ])
    expect(up([interval(4, 30, 45)], [registers[1]!], { ...continuous, meters: first.meters }).told).to.deep.equal([
      [45, 15],
    ])
  })

  it('goes on from the register when readings stop coming, and counts the change', () => {
    const { meters } = up(blocks, registers, continuous)
    const next = up([interval(4, 30, 45)], [{}], { ...continuous, meters })
    expect(next.told).to.deep.equal([[45, 115]])
    expect(next.dropped).to.include({ reset: 1 })
  })

  it('takes no meter of its own for one of a cable that is called like what every object has', () => {
    for (const name of ['constructor', '__proto__', 'toString']) {
      const first = new Run(context({ ...continuous, meters: {} }), 0, {}, name)
      expect(shaper.toModern([interval(1, 0, 15)], first, 'block[]', [{}]).items[0]!.value, name).to.equal(1)
      const meters = first.kept.meters as Context['meters']
      const next = new Run(context({ ...continuous, meters }), 0, {}, name)
      expect(shaper.toModern([interval(2, 15, 30)], next, 'block[]', [{}]).items[0]!.value, name).to.equal(3)
    }
  })

  it('keeps the meters of two cables apart', () => {
    const { meters } = up(blocks, [{}, {}], continuous)
    const other = new Run(context({ ...continuous, meters }), 0, {}, 'C2')
    expect(shaper.toModern([interval(1, 30, 45)], other, 'block[]', [{}]).items[0]!.value).to.equal(1)
  })
})

describe('A running total', () => {
  const hour = 60 * minute

  it('counts a repeated interval once, as it was said last', () => {
    const one = countInterval(undefined, base, base + hour, 5, 'KWH')!
    const two = countInterval(one.meter, base + hour, base + 2 * hour, 6, 'KWH')!
    const again = countInterval(two.meter, base, base + hour, 7, 'KWH')!
    expect([one.reading, two.reading, again.reading, again.meter.reading]).to.deep.equal([5, 11, 7, 13])
  })

  it('does not count what comes too late to be told from a repeat', () => {
    let meter = countInterval(undefined, base, base + hour, 5, 'KWH')!.meter
    for (let h = 1; h < 72; h++) meter = countInterval(meter, base + h * hour, base + (h + 1) * hour, 1, 'KWH')!.meter
    expect(meter.reading).to.equal(76)
    expect(Object.keys(meter.intervals).length).to.be.at.most(49)
    expect(countInterval(meter, base, base + hour, 5, 'KWH')).to.equal(undefined)
    expect(countInterval(meter, base + 70 * hour, base + 71 * hour, 2, 'KWH')!.meter.reading).to.equal(77)
  })

  it('does not count again what a register had counted', () => {
    const meter = readRegister(100, base + hour, 'KWH')
    expect(countInterval(meter, base, base + 2 * hour, 5, 'KWH')).to.equal(undefined)
    expect(countInterval(meter, base + hour, base + 2 * hour, 5, 'KWH')!.reading).to.equal(105)
  })
})
