import { strict as assert } from 'node:assert'
import { expect } from 'chai'
import fc from 'fast-check'
import { Refusal, Run } from '../../src/mapping/run.ts'
import type { Block } from '../../src/mapping/shapers/blocks.ts'
import { perPhase, toOneFigure } from '../../src/mapping/shapers/phases.ts'
import { tightest } from '../../src/mapping/shapers/tightest.ts'
import { context } from '../support/context.ts'

const hour = 3600_000
const at = (hours: number) => new Date(Date.parse('2026-03-03T00:00:00Z') + hours * hour).toISOString()
const run = (changes = {}) => new Run(context(changes), 0)

function block(start: number, end: number, capacity: number, unit = 'KW', phase: string | undefined = 'ALL'): Block {
  return { capacity, phase, unit, start_time: at(start), end_time: at(end) }
}

const blocksOf = (unit: string, phases: readonly (string | undefined)[]) =>
  fc.array(
    fc
      .record({
        start: fc.integer({ min: 0, max: 10 }),
        length: fc.integer({ min: 1, max: 5 }),
        capacity: fc.integer({ min: 0, max: 999 }).map((n) => n / 10),
        phase: fc.constantFrom(...phases),
      })
      .map(({ start, length, capacity, phase }) => ({ ...block(start, start + length, capacity, unit), phase })),
    { minLength: 1, maxLength: 6 },
  )

const covering = (blocks: readonly Block[], hours: number) =>
  blocks.filter((b) => b.start_time <= at(hours) && at(hours) < b.end_time)

/** The inputs have one decimal and rounding goes to three, so whole thousandths compare exactly. */
const thousandths = (capacity: number) => Math.round(capacity * 1000)

const settings = { seed: 20260302, numRuns: 3000 }

describe('The tightest shaper', () => {
  it('leaves blocks that do not overlap exactly as they are, in their order', () => {
    const blocks = [block(2, 3, 5), block(0, 2, 7)]
    expect(tightest(blocks, run(), 'x')).to.deep.equal({ items: blocks, fidelity: 'exact' })
  })

  it('states the smallest capacity at every instant, and none where the input states none', () => {
    fc.assert(
      fc.property(blocksOf('KW', [undefined]), (blocks) => {
        const { items: shaped } = tightest(blocks, run(), 'x')
        for (let h = 0; h < 16; h++) {
          const before = covering(blocks, h).map((b) => b.capacity)
          const after = covering(shaped as Block[], h).map((b) => b.capacity)
          assert.deepEqual(after, before.length > 0 ? [Math.min(...before)] : [])
        }
      }),
      settings,
    )
  })

  it('says that it changed something', () => {
    expect(tightest([block(0, 2, 5), block(1, 3, 4)], run(), 'x').fidelity).to.equal('safe')
  })

  it('refuses overlapping blocks of different units', () => {
    expect(() => tightest([block(0, 2, 5), block(1, 3, 4, 'A')], run(), 'x')).to.throw(Refusal)
  })
})

describe('The phases shaper upwards', () => {
  it('states power for all phases', () => {
    expect(perPhase([block(0, 1, 5, 'W', undefined)], run()).items).to.deep.equal([block(0, 1, 5, 'W', 'ALL')])
  })

  it('states current once for each phase the link is configured with', () => {
    const up = (phases: readonly string[]) =>
      perPhase([block(0, 1, 16, 'A', undefined)], run({ amperePhases: phases })).items.map((b) => b.phase)
    expect(up(['ONE', 'TWO', 'THREE'])).to.deep.equal(['ONE', 'TWO', 'THREE'])
    expect(up(['ONE'])).to.deep.equal(['ONE'])
  })
})

describe('The phases shaper downwards', () => {
  const down = (blocks: Block[], changes = {}) => {
    const { items: shaped, fidelity } = toOneFigure(blocks, run(changes), 'x')
    return { capacities: shaped.map((b) => b.capacity), fidelity }
  }

  it('brings back what it did upwards', () => {
    for (const unit of ['A', 'W', 'KW']) {
      const blocks = [block(0, 1, 16.5, unit), block(1, 2, 7, unit)].map((b) => ({ ...b, phase: undefined }))
      expect(toOneFigure(perPhase(blocks, run()).items, run(), 'x')).to.deep.include({
        items: blocks,
        fidelity: 'exact',
      })
    }
  })

  it('takes the smallest phase of a current', () =>
    expect(
      down([block(0, 1, 80, 'A', 'ONE'), block(0, 1, 80, 'A', 'TWO'), block(0, 1, 63, 'A', 'THREE')]),
    ).to.deep.equal({
      capacities: [63],
      fidelity: 'safe',
    }))

  it('takes n times the smallest phase of a power, and says that it assumed balanced loads', () =>
    expect(
      down([block(0, 1, 0.7, 'KW', 'ONE'), block(0, 1, 0.8, 'KW', 'TWO'), block(0, 1, 0.9, 'KW', 'THREE')]),
    ).to.deep.equal({
      capacities: [2.1],
      fidelity: 'approximate',
    }))

  it('takes only the smallest phase of a power where the link is strict', () =>
    expect(down([block(0, 1, 5, 'KW', 'ONE'), block(0, 1, 9, 'KW', 'TWO')], { phaseBalance: 'strict' })).to.deep.equal({
      capacities: [5],
      fidelity: 'safe',
    }))

  it('takes the tighter of a figure for all phases and figures per phase', () => {
    expect(down([block(0, 1, 10, 'KW', 'ALL'), block(0, 1, 9, 'KW', 'ONE')]).capacities).to.deep.equal([9])
    expect(down([block(0, 1, 5, 'KW', 'ALL'), block(0, 1, 9, 'KW', 'ONE')]).capacities).to.deep.equal([5])
  })

  it('takes a third, rounded down, of a current for all phases, or the whole where the link says so', () => {
    expect(down([block(0, 1, 100, 'A', 'ALL')])).to.deep.equal({ capacities: [33.333], fidelity: 'safe' })
    expect(down([block(0, 1, 100, 'A', 'ALL')], { ampereAllMeans: 'each' })).to.deep.equal({
      capacities: [100],
      fidelity: 'exact',
    })
  })

  it('takes UNKNOWN for all phases of a power and for every phase of a current', () => {
    expect(down([block(0, 1, 10, 'KW', 'UNKNOWN')])).to.deep.equal({ capacities: [10], fidelity: 'exact' })
    expect(down([block(0, 1, 10, 'A', 'UNKNOWN')])).to.deep.equal({ capacities: [10], fidelity: 'exact' })
  })

  it('never states more than any figure that is in force, with a strict link, nor a limit where there was none', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          blocksOf('KW', ['ALL', 'UNKNOWN', 'ONE', 'TWO', 'THREE']),
          blocksOf('A', ['ALL', 'UNKNOWN', 'ONE', 'TWO', 'THREE']),
        ),
        (blocks) => {
          const { items: shaped } = toOneFigure(blocks, run({ phaseBalance: 'strict' }), 'x')
          const { items: single } = tightest(shaped, run(), 'x')
          for (let h = 0; h < 16; h++) {
            const before = covering(blocks, h)
            const after = covering(single as Block[], h)
            assert.equal(after.length > 0, before.length > 0)
            for (const b of before)
              assert.ok(
                thousandths(after[0]!.capacity) * (b.unit === 'A' && b.phase === 'ALL' ? 3 : 1) <=
                  thousandths(b.capacity),
              )
          }
        },
      ),
      settings,
    )
  })
})
