/**
 * Downwards, blocks on the grid a link asks for: each cell gets the smallest capacity stated in it.
 * Limits: a cell that is not wholly covered needs a fallback for the rest; a limit is never stated where nothing was.
 */
import type { Run } from '../run.ts'
import { asBlocks, type Block, blockOf, spansOf } from './blocks.ts'
import type { Item, Shaped } from './index.ts'

export function onGrid(items: readonly Item[], run: Run): Shaped {
  const { grid, oddBlocks } = run.context
  const blocks = asBlocks(items)
  if (grid === undefined || blocks.every((b) => isCell(b, grid))) return { items: [...blocks], fidelity: 'exact' }
  const shaped: Block[] = []
  let quarters = 0
  for (const [start, within] of cellsOf(blocks, grid)) {
    const cell = { start, end: start + grid, covering: [] }
    const rest = uncovered(within, cell.start, cell.end)
    const stated = within.map((w) => w.block.capacity)
    const stop = rest.length === 0 ? [] : fallbackFor(rest, within[0]!.block.unit, run)
    if (stop !== undefined) shaped.push(blockOf(cell, within[0]!.block, Math.min(...stated, ...stop)))
    else if (oddBlocks)
      for (const { block, ...span } of within) shaped.push(blockOf({ ...span, covering: [] }, block, block.capacity))
    else quarters++
  }
  return { items: shaped, fidelity: 'safe', dropped: { quarters } }
}

interface Within {
  readonly start: number
  readonly end: number
  readonly block: Block
}

/** What the blocks state in each cell they touch, cut to it; cells in time order. */
function cellsOf(blocks: readonly Block[], grid: number): [number, Within[]][] {
  const cells = new Map<number, Within[]>()
  for (const { start, end, covering } of spansOf(blocks))
    for (let cell = Math.floor(start / grid) * grid; cell < end; cell += grid) {
      const within = cells.get(cell) ?? []
      const tight = covering.reduce((least, block) => (block.capacity < least.capacity ? block : least))
      within.push({ start: Math.max(start, cell), end: Math.min(end, cell + grid), block: tight })
      cells.set(cell, within)
    }
  return [...cells].sort(([a], [b]) => a - b)
}

function uncovered(within: readonly Within[], start: number, end: number): [number, number][] {
  const gaps: [number, number][] = []
  let from = start
  for (const span of within) {
    if (span.start > from) gaps.push([from, span.start])
    from = Math.max(from, span.end)
  }
  if (from < end) gaps.push([from, end])
  return gaps
}

/** The fallback capacities over these gaps, if they are in this unit and leave none of it open. */
function fallbackFor(gaps: readonly [number, number][], unit: string, run: Run): number[] | undefined {
  const usable = (run.context.fallback ?? []).filter((f) => f.unit === unit).toSorted((a, b) => a.start - b.start)
  const found: number[] = []
  for (const [start, end] of gaps) {
    let from = start
    for (const block of usable) {
      if (block.end <= from || block.start > from || from >= end) continue
      found.push(block.capacity)
      from = block.end
    }
    if (from < end) return undefined
    // Every fallback that touches the gap binds it, also one that a longer neighbour made unnecessary above.
    found.push(...usable.filter((b) => b.start < end && b.end > start).map((b) => b.capacity))
  }
  return found
}

function isCell(block: Block, grid: number): boolean {
  const [start, end] = [Date.parse(block.start_time), Date.parse(block.end_time)]
  return start % grid === 0 && end - start === grid
}
