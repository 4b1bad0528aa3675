/** What a forecast's record is written as says what the record says, however it came to be. */
import { expect } from 'chai'
import { emptyRecord, received, settledBy } from '../../src/exchange/forecast-record.ts'
import type { ExchangeId, LinkId } from '../../src/exchange/ids.ts'
import { keepText, textOfRecord } from '../../src/exchange/record-text.ts'
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
  for (const [name, record] of Object.entries(states))
    it(`is the record again when it is read, ${name}`, () => {
      expect(JSON.parse(textOfRecord(record))).to.deep.equal(JSON.parse(JSON.stringify(record)))
    })

  it('is the same after it was read and written again, with other members changed', () => {
    const text = textOfRecord(held)
    const record = JSON.parse(text) as typeof held
    keepText({ record, revision: 1, text })
    const next = { ...record, version: 9 }
    expect(JSON.parse(textOfRecord(next))).to.deep.equal(JSON.parse(JSON.stringify(next)))
  })

  it('is taken over from no text in which the list may end elsewhere, or that another release wrote', () => {
    const odd = settledBy(received(empty, hours(0, 2, '],x'), {}, moment), { verdict: 'accepted' }, moment)
    for (const text of [textOfRecord(odd), JSON.stringify(odd)]) {
      const record = JSON.parse(text) as typeof odd
      keepText({ record, revision: 1, text })
      expect(JSON.parse(textOfRecord(record))).to.deep.equal(JSON.parse(JSON.stringify(odd)))
    }
  })

  it('leaves a list as it is when nothing older remains and nothing is to be cut', () => {
    expect(held.held).to.equal(sending.delivery?.blocks)
    const late = settledBy(sending, { verdict: 'accepted' }, { ...moment, now: hour / 2 })
    expect(late.held[0]).to.deep.equal({ ...hours(0, 1)[0], start: hour / 2 })
    expect(late.held).to.have.length(3)
  })
})
