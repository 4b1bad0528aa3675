import { expect } from 'chai'
import { Refusal, Run } from '../../src/mapping/run.ts'
import type { Block } from '../../src/mapping/shapers/blocks.ts'
import { onGrid } from '../../src/mapping/shapers/grid.ts'
import { context } from '../support/context.ts'

const minute = 60_000
const base = Date.parse('2026-03-03T00:00:00Z')
const at = (minutes: number) => new Date(base + minutes * minute).toISOString()
const block = (start: number, end: number, capacity: number, unit = 'KW'): Block => ({
  capacity,
  phase: undefined,
  unit,
  start_time: at(start),
  end_time: at(end),
})
const fallback = (start: number, end: number, capacity: number, unit = 'KW', phase?: string) => ({
  start: base + start * minute,
  end: base + end * minute,
  capacity,
  unit,
  phase,
})

function gridded(blocks: Block[], changes = {}) {
  const shaped = onGrid(blocks, new Run(context({ grid: 15 * minute, ...changes }), 0), 'blocks[]')
  const said = (shaped.items as Block[]).map(({ start_time, end_time, capacity, unit }) => [
    (Date.parse(start_time) - base) / minute,
    (Date.parse(end_time) - base) / minute,
    capacity,
    ...(unit === 'KW' ? [] : [unit]),
  ])
  return { said, fidelity: shaped.fidelity, quarters: shaped.dropped?.quarters ?? 0 }
}

describe('The grid shaper', () => {
  it('leaves blocks that are quarters as they are, and all blocks where the link wants no grid', () => {
    expect(gridded([block(0, 15, 5), block(15, 30, 6)])).to.include({ fidelity: 'exact', quarters: 0 })
    expect(gridded([block(3, 44, 5)], { grid: undefined }).said).to.deep.equal([[3, 44, 5]])
  })

  it('cuts an hour into quarters without changing what it says', () =>
    expect(gridded([block(0, 60, 5)])).to.deep.equal({
      said: [
        [0, 15, 5],
        [15, 30, 5],
        [30, 45, 5],
        [45, 60, 5],
      ],
      fidelity: 'exact',
      quarters: 0,
    }))

  it('gives a quarter the smallest of what covers it', () =>
    expect(gridded([block(0, 10, 9), block(10, 30, 4)])).to.deep.equal({
      said: [
        [0, 15, 4],
        [15, 30, 4],
      ],
      fidelity: 'safe',
      quarters: 0,
    }))

  it('leaves out, and counts, a quarter that is not wholly covered, where there is no fallback and no odd block', () =>
    expect(gridded([block(5, 30, 4)])).to.deep.equal({ said: [[15, 30, 4]], fidelity: 'exact', quarters: 1 }))

  it('keeps the exact edges of such a quarter where the link allows odd blocks', () =>
    expect(gridded([block(5, 30, 4)], { oddBlocks: true })).to.deep.equal({
      said: [
        [5, 15, 4],
        [15, 30, 4],
      ],
      fidelity: 'exact',
      quarters: 0,
    }))

  it('gives such a quarter the smaller of what covers it and the fallback', () => {
    expect(gridded([block(5, 15, 4)], { fallback: [fallback(0, 60, 3)] }).said).to.deep.equal([[0, 15, 3]])
    expect(gridded([block(5, 15, 4)], { fallback: [fallback(0, 60, 8)] }).said).to.deep.equal([[0, 15, 4]])
  })

  it('takes all fallback that touches what is open, and none that leaves a part of it open', () => {
    const open = { fallback: [fallback(0, 3, 9)] }
    expect(gridded([block(5, 15, 4)], open)).to.deep.include({ said: [], quarters: 1 })
    const both = { fallback: [fallback(0, 3, 9), fallback(2, 5, 1)] }
    expect(gridded([block(5, 15, 4)], both).said).to.deep.equal([[0, 15, 1]])
  })

  it('compares a fallback in another unit only after converting it, and else has none', () => {
    expect(gridded([block(5, 15, 4)], { fallback: [fallback(0, 60, 2500, 'W')] }).said).to.deep.equal([[0, 15, 2.5]])
    expect(gridded([block(5, 15, 4)], { fallback: [fallback(0, 60, 2, 'A')] })).to.deep.include({
      said: [],
      quarters: 1,
    })
    const voltage = { low: 200, high: 250 }
    const ampere = gridded([block(5, 15, 4)], {
      voltage,
      phaseBalance: 'strict',
      fallback: [fallback(0, 60, 10, 'A', 'UNKNOWN')],
    })
    expect(ampere).to.deep.include({ said: [[0, 15, 2]], fidelity: 'safe' })
  })

  it('does not use a second fallback alone where the first cannot be compared', () => {
    const mixed = { fallback: [fallback(0, 60, 9), fallback(0, 60, 1, 'A')] }
    expect(gridded([block(5, 15, 4)], mixed)).to.deep.include({ said: [], quarters: 1 })
  })

  it('says approximate where the fallback could only be approximated', () => {
    const energy = { fallback: [fallback(0, 60, 3, 'KWH')] }
    expect(gridded([block(5, 15, 4)], energy)).to.deep.include({ said: [[0, 15, 3]], fidelity: 'approximate' })
  })

  it('lets a limit begin now, although the quarter began before', () => {
    const now = base + 7 * minute
    expect(gridded([block(7, 15, 4)], { now })).to.deep.equal({ said: [[0, 15, 4]], fidelity: 'safe', quarters: 0 })
    expect(gridded([block(8, 15, 4)], { now })).to.deep.include({ said: [], quarters: 1 })
  })

  it('takes no figures of different units into one quarter', () =>
    expect(() => gridded([block(0, 7, 4), block(7, 15, 4, 'A')])).to.throw(Refusal, /different units/))

  it('refuses what would be more quarters than a forecast can have', () =>
    expect(() => gridded([block(1, 500 * 24 * 60, 4)])).to.throw(Refusal, /20000/))
})
