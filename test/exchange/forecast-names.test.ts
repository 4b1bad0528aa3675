/** What a DSO called the forecast that was in force at a time. */
import { expect } from 'chai'
import fc from 'fast-check'
import { ForecastNames } from '../../src/exchange/forecast-names.ts'
import type { LinkId, PeerId } from '../../src/exchange/ids.ts'
import { MemoryLedger } from '../../src/state/memory/ledger.ts'

const hour = 3600_000
const day = 24 * hour
const [peer, link] = ['cpo' as PeerId, 'link' as LinkId]
const blocks = (from: number, to: number, step = to - from) =>
  Array.from({ length: (to - from) / step }, (_, i) => ({
    start: from + i * step,
    end: from + (i + 1) * step,
    capacity: 1,
    unit: 'KW',
    phase: 'ALL',
  }))

describe('Names of forecasts', () => {
  let clock = 0
  let names: ForecastNames
  let ledger: MemoryLedger
  beforeEach(() => {
    clock = 0
    ledger = new MemoryLedger(() => clock)
    names = new ForecastNames(ledger, () => clock)
  })
  const at = (instant: number, group = 'g') => names.at(peer, link, group, instant)

  it('are those of the newest forecast for each instant, and none where none was named', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(20), fc.integer({ min: 1, max: 9 }), fc.constantFrom('a', 'b', 'c')), {
          maxLength: 12,
        }),
        async (said) => {
          names = new ForecastNames(new MemoryLedger(() => clock), () => clock)
          for (const [start, length, name] of said)
            await names.note(peer, link, 'g', name, blocks(start, start + length))
          for (let t = 0; t < 30; t++) {
            const expected = said.findLast(([start, length]) => start <= t && t < start + length)?.[2]
            expect(await at(t), `at ${t}`).to.equal(expected)
          }
        },
      ),
      { seed: 20260302, numRuns: 100 },
    )
  })

  it('are kept apart by group and link', async () => {
    await names.note(peer, link, 'g', 'one', blocks(0, 9))
    await names.note(peer, link, 'h', 'two', blocks(0, 9))
    expect([await at(3), await at(3, 'h'), await at(3, 'i')]).to.deep.equal(['one', 'two', undefined])
    expect(await names.at(peer, 'other' as LinkId, 'g', 3)).to.equal(undefined)
  })

  it('are known until a week after they ended, however many follow', async () => {
    for (let quarter = 0; quarter < 8 * 96; quarter++) {
      clock = (quarter * hour) / 4
      await names.note(peer, link, 'g', `F${quarter}`, blocks(clock, clock + day, hour / 4))
    }
    expect(await at(clock - 6 * day)).to.equal(`F${8 * 96 - 1 - 6 * 96}`)
    expect(await at(clock + hour)).to.equal(`F${8 * 96 - 1}`)
    expect(await at(clock - 7.5 * day)).to.equal(undefined)
    clock += 2 * day
    expect(await at(clock - 1.5 * day)).to.equal(`F${8 * 96 - 1}`)
    clock += 7 * day
    expect(await at(clock)).to.equal(undefined)
    expect(await ledger.list(peer, 'names/')).to.deep.equal([])
  })

  it('are learnt beside the forecast, and only where it has one', async () => {
    const forecast = {
      group_id: 'g',
      forecasted_blocks: [
        {
          capacity: 1,
          unit: 'KW',
          phase: 'ALL',
          start_time: '1970-01-01T00:00:00.000Z',
          end_time: '1970-01-01T01:00:00.000Z',
        },
      ],
    }
    names.learn(peer, link, forecast, {})
    names.learn(peer, link, { ...forecast, group_id: 'h' }, { forecastId: '007' })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect([await at(3), await at(3, 'h')]).to.deep.equal([undefined, '007'])
  })
})
