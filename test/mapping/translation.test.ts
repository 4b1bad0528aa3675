/** What a translation says of itself: paths of refusals, counts of receipts, what is kept; and what the reader refuses before. */
import { resolve } from 'node:path'
import { expect } from 'chai'
import { z } from 'zod'
import { messageFromZod } from '../../src/contract/zod.ts'
import { GatewayError } from '../../src/errors.ts'
import type { Part, Value } from '../../src/mapping/compile.ts'
import { compileCrossings, mappingFolders } from '../../src/mapping/crossings.ts'
import { template } from '../../src/mapping/objects.ts'
import type { Context } from '../../src/mapping/run.ts'
import { context } from '../support/context.ts'

const root = resolve(import.meta.dirname, '../..')
const crossings = compileCrossings(await mappingFolders(`${root}/mappings`), `${root}/wsdl`)
const crossing = crossings.find((c) => c.id === 'oscp-1.0--oscp-2.0')!
const of = (name: string) => crossing.messages.find((m) => m.module.name === name)!

const at = (hours: number) => new Date(Date.parse('2026-03-03T00:00:00Z') + hours * 3_600_000).toISOString()
const block = (start: number, end: number, changes: Value = {}): Value => ({
  startTime: at(start),
  endTime: at(end),
  capacity: '5',
  remainingCapacity: undefined,
  ...changes,
})
const cable = (id: string, ...blocks: Value[]): Value => ({
  cableId: id,
  forecastId: undefined,
  capacityUnit: 'kW',
  block: blocks,
})
const modernBlock = (start: number, end: number, changes: Value = {}): Value => ({
  capacity: 5,
  phase: 'ALL',
  unit: 'KW',
  start_time: at(start),
  end_time: at(end),
  ...changes,
})
const modern = (...blocks: Value[]): Value => ({ group_id: 'G1', type: 'CONSUMPTION', forecasted_blocks: blocks })

const up = (...cables: Value[]) =>
  of('update-cable-capacity-forecast').toModern.translate({ cableCapacityForecast: cables }, context())
const down = (value: Value, changes: Partial<Context> = {}) =>
  of('update-cable-capacity-forecast').toLegacy.translate(value, context(changes))[0]!

const refusal = (part: Part | undefined) =>
  part && 'refusal' in part ? `${part.refusal.path} ${part.refusal.message}` : part
const entries = (part: Part | undefined) =>
  part && 'receipt' in part ? part.receipt.entries.map((e) => `${e.verb} ${e.path} ${e.count}`) : part

describe('A refusal', () => {
  it('names the cable, the block and the field, by their positions', () => {
    const [, second] = up(cable('C1', block(0, 1)), cable('C2', block(0, 1), block(3, 2)))
    expect(refusal(second)).to.equal('cableCapacityForecast[1].block[1].endTime A block must end after it starts.')
    const long = block(0, 1, { capacity: '1234567890.1234567' })
    expect(refusal(up(cable('C1', block(1, 2), long))[0])).to.match(
      /^cableCapacityForecast\[0\]\.block\[1\]\.capacity must not/,
    )
    expect(refusal(up(cable('X', block(1, 2)))[0])).to.match(/^cableCapacityForecast\[0\]\.cableId is not known/)
  })

  it('names them towards 1.0 too, by the positions the message came with', () => {
    const wrong = (changes: Value) =>
      refusal(down(modern(modernBlock(5, 6), modernBlock(0, 1, changes), modernBlock(2, 3))))
    expect(wrong({ end_time: at(0) })).to.match(/^forecasted_blocks\[1\]\.end_time /)
    expect(wrong({ start_time: '2026-03-03T00:00:00.00001Z' })).to.match(/^forecasted_blocks\[1\]\.start_time /)
  })

  it('is of one cable, and leaves the others what they are', () => {
    const [first, second] = up(cable('C1', block(2, 1)), cable('C2', block(0, 1)))
    expect(first).to.have.property('refusal')
    expect(second).to.have.nested.property('value.group_id', 'G2')
  })

  it('says of a link without a combined asset that this is what is missing', () => {
    const usage = { cableId: 'C1', energyUnit: 'kWh', block: [{ startTime: at(0), endTime: at(1), energy: '5' }] }
    const [part] = of('update-asset-measurements').toModern.translate({ aggregatedUsage: [usage] }, context())
    expect(refusal(part)).to.match(/needs configured: combined asset/)
  })
})

describe('A receipt', () => {
  it('counts fills and drops item by item', () => {
    const [part] = up(
      cable('C1', block(0, 1, { remainingCapacity: '1' }), block(1, 2, { remainingCapacity: '2' }), block(2, 3)),
    )
    expect(entries(part)).to.have.members([
      'dropped cableCapacityForecast[].block[].remainingCapacity 2',
      'filled type 1',
      'filled forecasted_blocks[].phase 3',
    ])
  })

  it('counts what was dropped of items that a shaper then replaced', () => {
    const measurement = {
      value: 1,
      unit: 'KWH',
      phase: 'ALL',
      direction: 'IMPORT',
      initial_measure_time: at(0),
      measure_time: at(1),
    }
    const asset = (asset_id: string, more: Value = {}): Value => ({
      asset_id,
      asset_category: 'CHARGING',
      energy_measurement: measurement,
      ...more,
    })
    const now = { value: 3, phase: 'ALL', unit: 'KW', measure_time: at(1) }
    const value = { group_id: 'G1', measurements: [asset('a', { instantaneous_measurement: now }), asset('b')] }
    expect(entries(of('update-asset-measurements').toLegacy.translate(value, context())[0])).to.include.members([
      'dropped measurements[].asset_id 2',
      'dropped measurements[].asset_category 2',
      'dropped measurements[].instantaneous_measurement 1',
    ])
  })

  it('counts the items of a list that was dropped', () => {
    const points = [{ chargePointId: 'a' }, { chargePointId: 'b' }]
    const usage = {
      cableId: 'C1',
      energyUnit: 'kWh',
      block: [{ startTime: at(0), endTime: at(1), energy: '5', chargePoint: points }],
    }
    const [part] = of('update-aggregated-usage').toModern.translate({ aggregatedUsage: [usage] }, context())
    expect(entries(part)).to.include('dropped aggregatedUsage[].block[].chargePoint[] 2')
  })

  it('says how true the whole is, by the worst that was done', () => {
    const fidelity = (part: Part) => ('receipt' in part ? part.receipt.fidelity : part)
    expect(fidelity(down(modern(modernBlock(0, 1))))).to.equal('exact')
    expect(fidelity(down(modern(modernBlock(0, 2), modernBlock(1, 3, { capacity: 4 }))))).to.equal('safe')
    expect(fidelity(down(modern(modernBlock(0, 1, { unit: 'KWH' }))))).to.equal('approximate')
  })
})

describe('Usage of several cables in one message', () => {
  const usage = (id: string, start: number, energy: string): Value => ({
    cableId: id,
    energyUnit: 'kWh',
    block: [{ startTime: at(start), endTime: at(start + 1), energy }],
  })
  const send = (usages: Value[], meters?: Context['meters']) =>
    of('update-aggregated-usage').toModern.translate(
      { aggregatedUsage: usages },
      context({ measurements: 'CONTINUOUS', meters }),
    )
  const readings = (parts: Part[]) =>
    parts.map((part) =>
      'value' in part ? [part.value.group_id, (part.value.measurements as Value[]).map((m) => m.value)] : part,
    )

  it('runs a total for each, also for one that comes twice', () => {
    const parts = send([usage('C1', 0, '5'), usage('C2', 0, '7'), usage('C1', 1, '1')])
    expect(readings(parts)).to.deep.equal([
      ['G1', [5]],
      ['G2', [7]],
      ['G1', [6]],
    ])
    const kept = Object.assign({}, ...parts.map((part) => ('kept' in part ? part.kept.meters : {})))
    expect(readings(send([usage('C2', 1, '2'), usage('C1', 2, '3')], kept))).to.deep.equal([
      ['G2', [9]],
      ['G1', [9]],
    ])
  })
})

describe('A list that JSON always has', () => {
  it('is there without items when XML has none, and never shared', () => {
    const make = template(messageFromZod('m', z.object({ items: z.array(z.string()) }), 'test', []).type)
    expect(make()).to.deep.equal({ items: [] })
    expect(make().items).not.to.equal(make().items)
  })
})

describe('Empty text where something must be said', () => {
  it('is as none: the words of the mapping stand in for it', () => {
    const [part] = of('group-capacity-compliance-error').toModern.translate(
      { status: 'Rejected', rejectedCableId: undefined, info: '' },
      context(),
    )
    expect(part)
      .to.have.nested.property('value.message')
      .that.matches(/rejected the forecast/)
  })
})

describe('The reader of 2.0 messages', () => {
  it('refuses a negative capacity with its path (protocol/oscp-2.0.md section 8.2)', () => {
    const accept = crossing.modern.messages.get('UpdateGroupCapacityForecast')!.accept!
    expect(() => accept(modern(modernBlock(0, 1), modernBlock(1, 2, { capacity: -1 }))))
      .to.throw(GatewayError)
      .with.nested.property('problems[0].path', 'forecasted_blocks[1].capacity')
  })
})

describe('The decimal codec, as far from one as a double goes', () => {
  const capacity = (text: string) => refusal(up(cable('C1', block(0, 1, { capacity: text })))[0])
  it('refuses what a double would make endless, nothing or less exact', () => {
    for (const text of [`1${'0'.repeat(400)}`, `0.${'0'.repeat(400)}1`, `0.${'0'.repeat(310)}12345`])
      expect(capacity(text)).to.match(/capacity must be in the range of a double-precision number/)
  })

  it('makes no difference between zero and minus zero', () => {
    const [part] = up(cable('C1', block(0, 1, { capacity: '-0.0' })))
    expect(Object.is(((part as { value: Value }).value.forecasted_blocks as Value[])[0]!.capacity, 0)).to.equal(true)
  })
})
