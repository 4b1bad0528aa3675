/**
 * The effective schedule of one group and type: every forecast received, overlaid in the order it came.
 * Limits: pure; blocks are half-open, in milliseconds since 1970 UTC, and keep their unit and phase.
 */
import { parseInstant, printInstant } from '../mapping/codecs/instant.ts'
import type { Value } from '../mapping/compile.ts'
import { shareOf } from '../mapping/shapers/figures.ts'

export interface Block {
  readonly start: number
  readonly end: number
  readonly capacity: number
  readonly unit: string
  readonly phase: string
}

interface WireBlock {
  readonly capacity: number
  readonly phase: string
  readonly unit: string
  readonly start_time: string
  readonly end_time: string
}

/** The blocks of an UpdateGroupCapacityForecast, in its order. */
export function blocksOf(forecast: Value): Block[] {
  return (forecast.forecasted_blocks as WireBlock[]).map((b) => ({
    start: parseInstant(b.start_time) as number,
    end: parseInstant(b.end_time) as number,
    capacity: b.capacity,
    unit: b.unit,
    phase: b.phase,
  }))
}

/** An UpdateGroupCapacityForecast with these blocks. */
export function forecastOf(group: string, type: string, blocks: readonly Block[]): Value {
  return {
    group_id: group,
    type,
    forecasted_blocks: blocks.map((b) => ({
      capacity: b.capacity,
      phase: b.phase,
      unit: b.unit,
      start_time: printInstant(b.start),
      end_time: printInstant(b.end),
    })),
  }
}

/**
 * What holds after `newer` arrived on top of `older`: per instant the newer block, elsewhere the older; ended blocks are cut.
 * `acrossPhases` is OSCP 1.0's rule: a newer forecast of a cable replaces all that was said about that time, whatever the phase.
 * Last wins per instant, so overlaying is associative: two messages may be joined before either is laid over a third.
 */
export function overlay(
  older: readonly Block[],
  newer: readonly Block[],
  now: number,
  acrossPhases: boolean,
): readonly Block[] {
  const phases = acrossPhases ? [undefined] : [...new Set(newer.map((block) => block.phase))]
  const covers = new Map(phases.map((phase) => [phase, covered(newer, phase)]))
  const remaining = older.flatMap((block) => {
    const over = overlapping(covers.get(acrossPhases ? undefined : block.phase) ?? [], block)
    return over.length === 0 ? [block] : outside(block, over)
  })
  if (remaining.length === 0 && isInOrder(newer, now)) return newer
  return [...remaining, ...newer]
    .filter((block) => block.end > now)
    .map((block) => (block.start < now ? cut(block, now, block.end) : block))
    .sort((a, b) => a.start - b.start || phaseOrder(a) - phaseOrder(b))
}

/** Whether there is nothing to cut or sort: then it stays the list it is, and need not be written out anew. */
function isInOrder(blocks: readonly Block[], now: number): boolean {
  return blocks.every((block, i) => {
    const before = blocks[i - 1]
    const follows =
      !before || before.start < block.start || (before.start === block.start && phaseOrder(before) <= phaseOrder(block))
    return block.start >= now && block.end > now && follows
  })
}

/** Those of ascending, disjoint spans that overlap a block; found by halving, because schedules can be long. */
function overlapping(covers: readonly Cover[], block: Block): readonly Cover[] {
  let [low, high] = [0, covers.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (covers[middle]!.end <= block.start) low = middle + 1
    else high = middle
  }
  let last = low
  while (last < covers.length && covers[last]!.start < block.end) last++
  return low === last ? none : covers.slice(low, last)
}

const none: readonly Cover[] = []

interface Cover {
  readonly start: number
  end: number
}

/** The time that blocks of a phase (or of any) cover, as few disjoint spans, ascending. */
function covered(blocks: readonly Block[], phase: string | undefined): Cover[] {
  const spans: Cover[] = []
  const own = blocks.filter((block) => phase === undefined || block.phase === phase).sort((a, b) => a.start - b.start)
  for (const { start, end } of own) {
    const last = spans.at(-1)
    if (last && start <= last.end) last.end = Math.max(last.end, end)
    else spans.push({ start, end })
  }
  return spans
}

function outside(block: Block, covers: readonly Cover[]): Block[] {
  const rest: Block[] = []
  let from = block.start
  for (const { start, end } of covers) {
    if (start > from) rest.push(cut(block, from, start))
    from = Math.max(from, end)
  }
  if (from < block.end) rest.push(cut(block, from, block.end))
  return rest
}

/** A part of a block. Energy is a budget of the whole block, so a part gets its share, rounded down to 3 decimals. */
function cut(block: Block, start: number, end: number): Block {
  if (block.unit !== 'WH' && block.unit !== 'KWH') return { ...block, start, end }
  return { ...block, start, end, capacity: shareOf(block.capacity, end - start, block.end - block.start) }
}

const phaseNames = ['ALL', 'UNKNOWN', 'ONE', 'TWO', 'THREE']

function phaseOrder(block: Block): number {
  return phaseNames.indexOf(block.phase)
}

/** When the last block ends; -Infinity for no blocks. */
export function endOf(blocks: readonly Block[]): number {
  return blocks.reduce((latest, block) => Math.max(latest, block.end), Number.NEGATIVE_INFINITY)
}
