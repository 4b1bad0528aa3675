/** The smaller of a limit and an optimum, at every instant. */
import { expect } from 'chai'
import fc from 'fast-check'
import { areComparable, smaller } from '../../../src/exchange/flows/smaller.ts'
import type { Block } from '../../../src/exchange/schedule.ts'

const block = (start: number, end: number, capacity: number, unit = 'KW', phase = 'ALL'): Block => ({
  start,
  end,
  capacity,
  unit,
  phase,
})

const figures = (blocks: readonly Block[], t: number, phase = 'ALL') =>
  blocks.filter((b) => b.phase === phase && b.start <= t && t < b.end).map(({ capacity }) => capacity)

/** Disjoint blocks, ascending. */
const schedule = fc
  .array(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 4 }), fc.nat(9)), { maxLength: 8 })
  .map((steps) => {
    let at = 0
    return steps.map(([gap, length, capacity]) => {
      const start = at + gap
      at = start + length
      return block(start, at, capacity)
    })
  })

describe('The smaller of two schedules', () => {
  it('is at every instant the smaller figure, and the limit alone where nothing else is said', () => {
    fc.assert(
      fc.property(schedule, schedule, (limits, others) => {
        const made = smaller(limits, others)
        for (let t = 0; t < 60; t++) {
          const [limit, other] = [figures(limits, t)[0], figures(others, t)[0]]
          const expected = limit === undefined ? [] : [Math.min(limit, other ?? limit)]
          expect(figures(made, t)).to.deep.equal(expected)
        }
      }),
      { seed: 20260302, numRuns: 3000 },
    )
  })

  it('leaves the blocks of a limit alone where it is not lowered', () => {
    const limits = [block(0, 10, 5), block(10, 20, 7)]
    expect(smaller(limits, [block(3, 15, 6)])).to.deep.equal([block(0, 10, 5), block(10, 15, 6), block(15, 20, 7)])
    expect(smaller(limits, [])).to.deep.equal(limits)
    expect(smaller([], limits)).to.deep.equal([])
  })

  it('compares watt and kilowatt, and rounds only down', () => {
    expect(smaller([block(0, 1, 5)], [block(0, 1, 4999.9996, 'W')])).to.deep.equal([block(0, 1, 4.999)])
    expect(smaller([block(0, 1, 5, 'W')], [block(0, 1, 0.004)])).to.deep.equal([block(0, 1, 4, 'W')])
  })

  it('compares each phase with its own, and never current with power', () => {
    const limits = [block(0, 2, 16, 'A', 'ONE'), block(0, 2, 16, 'A', 'TWO')]
    expect(smaller(limits, [block(1, 2, 10, 'A', 'TWO')])).to.deep.equal([
      block(0, 2, 16, 'A', 'ONE'),
      block(0, 1, 16, 'A', 'TWO'),
      block(1, 2, 10, 'A', 'TWO'),
    ])
    expect(smaller(limits, [block(0, 2, 1, 'KW', 'ONE')])).to.deep.equal(limits)
    expect(areComparable(limits, [block(1, 2, 1)])).to.equal(false)
    expect(areComparable(limits, [block(2, 3, 1)])).to.equal(true)
    expect(areComparable(limits, [block(1, 2, 1, 'A', 'ONE')])).to.equal(true)
  })
})
