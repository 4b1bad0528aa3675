/** What a forecast's record is written as says what the record says, however it came to be. */
import { expect } from 'chai'
import { emptyRecord, type ForecastRecord, received, settledBy } from '../../src/exchange/forecast-record.ts'
import type { ExchangeId, LinkId } from '../../src/exchange/ids.ts'
import { lasting } from '../../src/exchange/record-text.ts'
import type { Block } from '../../src/exchange/schedule.ts'

const hour = 3_600_000
const moment = { now: 0, newId: () => 'an-id' }
const hours = (from: number, count: number, unit = 'KW'): Block[] =>
  Array.from({ length: count }, (_, i) => {
    return { start: (from + i) * hour, end: (from + i + 1) * hour, capacity: 1.5 + i, unit, phase: 'ALL' }
  })
const origin = { exchange: 'exchange' as ExchangeId, forecastId: 'f' }

describe("The text of a forecast's record", () => {
  const empty = emptyRecord('link' as LinkId, 'group "]', 'CONSUMPTION')
  const sending = received(empty, hours(0, 3), { forecastId: '],"version":' }, moment, origin)
  const joined = received(sending, hours(2, 2), {}, moment, origin)
  const held = settledBy(sending, { verdict: 'accepted' }, moment)
  const states = {
    empty,
    sending,
    joined,
    held,
    'owing more': settledBy(joined, { verdict: 'accepted' }, moment),
    refused: settledBy(sending, { verdict: 'refused', sentence: 'no' }, moment),
    'per phase': emptyRecord('link' as LinkId, 'g', 'CONSUMPTION', true),
  }
  const stored = (record: ForecastRecord, before: ForecastRecord | undefined) => {
    const { text, apart } = lasting(record, before)
    const whole = JSON.parse(text())
    for (const [path, member] of Object.entries(apart))
      if (member) put(whole, path.split('.'), JSON.parse(member.json()))
    return whole
  }
  const stays = (record: ForecastRecord, before: ForecastRecord | undefined) =>
    Object.fromEntries(Object.entries(lasting(record, before).apart).map(([path, member]) => [path, member?.as]))

  for (const [name, record] of Object.entries(states))
    it(`is the record again when it is read, ${name}`, () => {
      expect(stored(record, undefined)).to.deep.equal(JSON.parse(JSON.stringify(record)))
      expect(stored(record, sending)).to.deep.equal(JSON.parse(JSON.stringify(record)))
    })

  it('leaves the lists that are stored already, under whatever name, and writes all others', () => {
    expect(stays(sending, undefined)).to.deep.equal({ held: undefined, 'delivery.blocks': undefined, since: undefined })
    expect(stays(joined, sending)).to.deep.equal({
      held: undefined,
      'delivery.blocks': 'delivery.blocks',
      since: undefined,
    })
    expect(stays(held, sending)).to.deep.equal({
      held: 'delivery.blocks',
      'delivery.blocks': undefined,
      since: undefined,
    })
    const again = received(held, hours(0, 4), {}, moment, origin)
    expect(stays(again, held)).to.deep.equal({ held: 'held', 'delivery.blocks': undefined, since: undefined })
    const copied: ForecastRecord = { ...held, held: [...held.held] }
    expect(stays(copied, held).held).to.equal(undefined)
  })

  it('leaves a list as it is when nothing older remains and nothing is to be cut', () => {
    expect(held.held).to.equal(sending.delivery?.blocks)
    const late = settledBy(sending, { verdict: 'accepted' }, { ...moment, now: hour / 2 })
    expect(late.held[0]).to.deep.equal({ ...hours(0, 1)[0], start: hour / 2 })
    expect(late.held).to.have.length(3)
  })
})

function put(record: Record<string, unknown>, [name = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) record[name] = value
  else put(record[name] as Record<string, unknown>, rest, value)
}
