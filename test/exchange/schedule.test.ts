import { expect } from 'chai'
import fc from 'fast-check'
import { type Block, endOf, overlay } from '../../src/exchange/schedule.ts'

const block = (start: number, end: number, capacity = 1, phase = 'ALL', unit = 'KW'): Block => ({
  start,
  end,
  capacity,
  unit,
  phase,
})

const blocks = fc.array(
  fc
    .record({
      start: fc.integer({ min: 0, max: 20 }),
      length: fc.integer({ min: 1, max: 8 }),
      capacity: fc.integer({ min: 0, max: 99 }),
      phase: fc.constantFrom('ALL', 'ONE', 'TWO'),
    })
    .map(({ start, length, capacity, phase }) => block(start, start + length, capacity, phase)),
  { maxLength: 6 },
)

/** The capacities that hold at an instant, by phase, in no particular order. */
function holding(all: readonly Block[], instant: number, phase?: string): number[] {
  return all
    .filter((b) => b.start <= instant && instant < b.end && (phase === undefined || b.phase === phase))
    .map((b) => b.capacity)
    .sort((a, b) => a - b)
}

const settings = { seed: 20260302, numRuns: 1000 }

describe('The overlay of forecasts', () => {
  it('is per instant and phase what came last', () => {
    fc.assert(
      fc.property(blocks, blocks, (older, newer) => {
        const result = overlay(older, newer, 0, false)
        for (let t = 0; t < 30; t++)
          for (const phase of ['ALL', 'ONE', 'TWO']) {
            const last = holding(newer, t, phase)
            expect(holding(result, t, phase)).to.deep.equal(last.length > 0 ? last : holding(older, t, phase))
          }
      }),
      settings,
    )
  })

  it('replaces all phases where OSCP 1.0 speaks, because a cable has one budget', () => {
    fc.assert(
      fc.property(blocks, blocks, (older, newer) => {
        const result = overlay(older, newer, 0, true)
        for (let t = 0; t < 30; t++) {
          const last = holding(newer, t)
          expect(holding(result, t)).to.deep.equal(last.length > 0 ? last : holding(older, t))
        }
      }),
      settings,
    )
  })

  it('is associative: two messages may be joined before they are laid over a third', () => {
    fc.assert(
      fc.property(blocks, blocks, blocks, fc.boolean(), (a, b, c, across) => {
        const left = overlay(overlay(a, b, 0, across), c, 0, across)
        const right = overlay(a, overlay(b, c, 0, across), 0, across)
        for (let t = 0; t < 30; t++)
          for (const phase of ['ALL', 'ONE', 'TWO'])
            expect(holding(left, t, phase)).to.deep.equal(holding(right, t, phase))
      }),
      settings,
    )
  })

  it('cuts what has passed and changes nothing of its inputs', () => {
    fc.assert(
      fc.property(blocks, blocks, fc.integer({ min: 0, max: 30 }), (older, newer, now) => {
        const before = JSON.stringify([older, newer])
        const result = overlay(older, newer, now, false)
        expect(JSON.stringify([older, newer])).to.equal(before)
        expect(result.every((b) => b.start >= now && b.end > b.start)).to.equal(true)
        expect(result.map((b) => b.start)).to.deep.equal(result.map((b) => b.start).sort((a, b) => a - b))
      }),
      settings,
    )
  })

  it('leaves the day around an emergency of three hours as it was', () => {
    const day = Array.from({ length: 24 }, (_, hour) => block(hour, hour + 1, 100))
    const result = overlay(day, [block(16, 19, 50)], 0, true)
    expect(result.filter((b) => b.capacity === 50)).to.deep.equal([block(16, 19, 50)])
    expect(result.filter((b) => b.capacity === 100)).to.have.length(21)
  })

  it('gives a part of an energy block its share of the energy, never more', () => {
    expect(overlay([block(0, 3, 10, 'ALL', 'KWH')], [block(0, 1, 5)], 0, true)).to.deep.include(
      block(1, 3, 6.666, 'ALL', 'KWH'),
    )
  })

  it('ends with its last block', () => {
    expect(endOf([block(0, 9), block(1, 3)])).to.equal(9)
    expect(endOf([])).to.equal(Number.NEGATIVE_INFINITY)
  })
})
