import { expect } from 'chai'
import { type Context, Refusal, Run } from '../../src/mapping/run.ts'
import type { Block } from '../../src/mapping/shapers/blocks.ts'
import { atMost, exactly, shareOf } from '../../src/mapping/shapers/figures.ts'
import { toOneFigure } from '../../src/mapping/shapers/phases.ts'
import { toOneUnit } from '../../src/mapping/shapers/units.ts'
import { context } from '../support/context.ts'

const block = (capacity: number, unit: string, phase = 'ALL', minutes = 60): Block => ({
  capacity,
  phase,
  unit,
  start_time: '2026-03-03T00:00:00.000Z',
  end_time: new Date(Date.parse('2026-03-03T00:00:00.000Z') + minutes * 60_000).toISOString(),
})

function converted(blocks: Block[], changes: Partial<Context> = {}) {
  const shaped = toOneUnit(blocks, new Run(context(changes), 0), 'blocks[]')
  const said = (shaped.items as Block[]).map(({ capacity, unit, phase }) => `${capacity} ${unit} ${phase}`)
  return { said, fidelity: shaped.fidelity, changed: shaped.changed }
}

const range = { low: 207, high: 253 }
const single = { low: 230, high: 230 }

describe('The unit shaper', () => {
  it('leaves one unit as it is', () =>
    expect(converted([block(5, 'W'), block(6, 'W')])).to.deep.equal({
      said: ['5 W ALL', '6 W ALL'],
      fidelity: 'exact',
      changed: 0,
    }))

  it('makes mixed power kW, and says safe where three decimals are not enough', () => {
    expect(converted([block(5, 'KW'), block(6500, 'W')])).to.deep.equal({
      said: ['5 KW ALL', '6.5 KW ALL'],
      fidelity: 'exact',
      changed: 1,
    })
    expect(converted([block(5, 'KW'), block(6500.9, 'W')])).to.deep.include({
      said: ['5 KW ALL', '6.5 KW ALL'],
      fidelity: 'safe',
    })
  })

  it('leaves no figure beyond what a double holds, however large what it comes of', () => {
    const largest = Number.MAX_VALUE
    expect(converted([block(largest, 'KWH', 'ALL', 30)]).said).to.deep.equal([`${largest} KW ALL`])
    expect(converted([block(largest, 'KW')], { legacyUnit: 'W' }).said).to.deep.equal([`${largest} W ALL`])
  })

  it('makes an energy its mean power over the block, to the last decimal', () => {
    expect(converted([block(10, 'KWH', 'ALL', 40)])).to.deep.equal({
      said: ['15 KW ALL'],
      fidelity: 'approximate',
      changed: 1,
    })
    expect(converted([block(10, 'WH', 'ALL', 7)]).said).to.deep.equal(['85.714 W ALL'])
  })

  it('refuses to mix current and power without a voltage, or without knowing the phases', () => {
    expect(() => converted([block(5, 'A'), block(5, 'KW')])).to.throw(Refusal, /no voltage/)
    expect(() => converted([block(5, 'A')], { legacyUnit: 'KW', voltage: range, amperePhases: ['UNKNOWN'] })).to.throw(
      Refusal,
      /phases are not configured/,
    )
  })

  it('makes current power at the low end of the voltage, safe for a range and approximate for a single figure', () => {
    const power = (voltage: Context['voltage']) => converted([block(10, 'A', 'ONE')], { legacyUnit: 'W', voltage })
    expect(power(range)).to.deep.include({ said: ['2070 W ONE'], fidelity: 'safe' })
    expect(power(single)).to.deep.include({ said: ['2300 W ONE'], fidelity: 'approximate' })
  })

  it('makes power current at the high end, shared by the phases of the link where it is a total', () => {
    const current = (phase: string, changes = {}) =>
      converted([block(7.59, 'KW', phase)], { legacyUnit: 'A', voltage: range, ...changes }).said
    expect(current('ALL')).to.deep.equal(['10 A UNKNOWN'])
    expect(current('ALL', { amperePhases: ['ONE'] })).to.deep.equal(['30 A UNKNOWN'])
    expect(current('TWO')).to.deep.equal(['30 A TWO'])
  })

  it('takes a current for all phases as their sum, or as one figure for each phase of the link', () => {
    const power = (phase: string, changes = {}) =>
      converted([block(10, 'A', phase)], { legacyUnit: 'W', voltage: range, ...changes }).said
    expect(power('ALL')).to.deep.equal(['2070 W ALL'])
    expect(power('ALL', { ampereAllMeans: 'each' })).to.deep.equal(['2070 W ONE', '2070 W TWO', '2070 W THREE'])
    expect(power('UNKNOWN', { amperePhases: ['TWO'] })).to.deep.equal(['2070 W TWO'])
  })

  it('never calls the total of phases safe that assumes balanced loads', () => {
    const down = (changes: Partial<Context>) => {
      const run = new Run(context({ legacyUnit: 'W', voltage: range, ...changes }), 0)
      const { items } = toOneUnit([block(10, 'A', 'UNKNOWN')], run, 'x')
      const { items: one, fidelity } = toOneFigure(items, run, 'x')
      return [one[0]!.capacity, fidelity]
    }
    expect(down({})).to.deep.equal([6210, 'approximate'])
    expect(down({ phaseBalance: 'strict' })).to.deep.equal([2070, 'safe'])
  })

  it('says which block has a time that is no instant', () => {
    const wrong = { ...block(5, 'W'), end_time: '2026-03-03T01:00:00.0001Z' }
    expect(() => converted([block(5, 'W'), wrong]))
      .to.throw(Refusal)
      .with.property('path', 'blocks[1].end_time')
  })
})

describe('A limit that is rounded', () => {
  it('is never above what it was, not even by the last bit of a double', () => {
    const third = exactly(1).div(3)
    expect(exactly(atMost(third)).gt(third)).to.equal(false)
    const long = exactly(1).plus('1e-17')
    expect(atMost(long)).to.equal(1)
  })

  it('shares an energy in proportion to time, and keeps it whole for the whole', () => {
    expect(shareOf(0.7, 1, 7)).to.equal(0.1)
    expect(shareOf(10, 1, 3)).to.equal(3.333)
    expect(shareOf(0.00049, 5, 5)).to.equal(0.00049)
  })
})
