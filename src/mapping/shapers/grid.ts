/**
 * Downwards, blocks on the grid a link asks for: each cell gets the smallest capacity stated in it.
 * Limits: a cell that is not wholly covered needs a fallback for the rest; no limit is stated for an instant to come where
 * nothing was. What has passed needs no cover: else a limit that begins now would wait for the next quarter.
 */
import type { Fidelity } from '../rules.ts'
import { Refusal, Run, worst } from '../run.ts'
import { asBlocks, type Block, blockOf, needOneUnit, spansOf } from './blocks.ts'
import type { Item, Shaped } from './index.ts'
import { toOneFigure } from './phases.ts'
import { tightest } from './tightest.ts'
import { toOneUnit } from './units.ts'

/** More cells than any forecast has (protocol/oscp-2.0.md section 8.4); a block of centuries is refused, not cut up. */
const mostCells = 20_000

export function onGrid(items: readonly Item[], run: Run, path: string): Shaped {
  const { grid, oddBlocks, now } = run.context
  const blocks = asBlocks(items, run, path)
  if (grid === undefined || blocks.every((b) => isCell(b, grid))) return { items: blocks, fidelity: 'exact' }
  const shaped: Block[] = []
  let quarters = 0
  let fidelity: Fidelity = 'exact'
  for (const [start, within] of cellsOf(blocks, grid, run, path)) {
    const end = start + grid
    const stated = within.map((w) => w.block)
    needOneUnit(stated, run, path)
    const gaps = uncovered(within, Math.max(start, Math.min(now, end)), end)
    const rest = gaps.length === 0 ? { capacities: [], fidelity: 'exact' as const } : fallbackFor(gaps, stated[0]!, run)
    if (rest !== undefined) {
      const isSame =
        uncovered(within, start, end).length === 0 && stated.every((b) => b.capacity === stated[0]!.capacity)
      if (!isSame) fidelity = worst(worst(fidelity, 'safe'), rest.fidelity)
      const capacity = Math.min(...stated.map((b) => b.capacity), ...rest.capacities)
      shaped.push(blockOf({ start, end }, stated[0]!, capacity))
    } else if (oddBlocks) for (const { block, ...span } of within) shaped.push(blockOf(span, block, block.capacity))
    else quarters++
  }
  return { items: shaped, fidelity, changed: shaped.length, dropped: { quarters } }
}

interface Within {
  readonly start: number
  readonly end: number
  readonly block: Block
}

/** What the blocks state in each cell they touch, cut to it; cells in time order. */
function cellsOf(blocks: readonly Block[], grid: number, run: Run, path: string): [number, Within[]][] {
  const spans = spansOf(blocks, path)
  if (spans.reduce((sum, { start, end }) => sum + (end - start) / grid, 0) > mostCells)
    run.refuse(path, `must not cover more than ${mostCells} blocks of the grid`)
  const cells = new Map<number, Within[]>()
  for (const { start, end, covering } of spans) {
    needOneUnit(covering, run, path)
    const block = covering.reduce((least, other) => (other.capacity < least.capacity ? other : least))
    for (let cell = Math.floor(start / grid) * grid; cell < end; cell += grid) {
      const within = cells.get(cell) ?? []
      within.push({ start: Math.max(start, cell), end: Math.min(end, cell + grid), block })
      cells.set(cell, within)
    }
  }
  return [...cells].sort(([a], [b]) => a - b)
}

type Gap = readonly [start: number, end: number]

function uncovered(within: readonly { readonly start: number; readonly end: number }[], start: number, end: number) {
  const gaps: Gap[] = []
  let from = start
  for (const span of within) {
    if (span.start >= end) break
    if (span.start > from) gaps.push([from, span.start])
    from = Math.max(from, span.end)
  }
  if (from < end) gaps.push([from, end])
  return gaps
}

/** What the fallback states in these gaps, as figures comparable to `model`; undefined if it leaves any of them open. */
function fallbackFor(gaps: readonly Gap[], model: Block, run: Run) {
  const touching = (run.context.fallback ?? []).filter((f) =>
    gaps.some(([start, end]) => f.start < end && f.end > start),
  )
  const stated = touching.map(({ start, end, ...f }) =>
    blockOf({ start, end }, { ...model, phase: undefined, ...f }, f.capacity),
  )
  const own = new Run({ ...run.context, legacyUnit: model.unit as 'A' | 'W' | 'KW' }, 0)
  try {
    // The fallback came from the same peer in the same words: it goes the same way.
    const steps = [toOneUnit, toOneFigure, tightest]
    let shaped: Shaped = { items: stated, fidelity: 'exact' }
    for (const step of steps) {
      const next = step(shaped.items, own, '')
      shaped = { ...next, fidelity: worst(shaped.fidelity, next.fidelity) }
    }
    const spans = spansOf(shaped.items as Block[], '')
    if (
      gaps.some(
        ([start, end]) =>
          uncovered(
            spans.filter((s) => s.end > start),
            start,
            end,
          ).length > 0,
      )
    )
      return undefined
    const binding = spans.filter((s) => gaps.some(([start, end]) => s.start < end && s.end > start))
    return { capacities: binding.map((s) => s.covering[0]!.capacity), fidelity: shaped.fidelity }
  } catch (thrown) {
    // A fallback that cannot be compared with these figures is none.
    if (thrown instanceof Refusal) return undefined
    throw thrown
  }
}

function isCell(block: Block, grid: number): boolean {
  const [start, end] = [Date.parse(block.start_time), Date.parse(block.end_time)]
  return start % grid === 0 && end - start === grid
}
