/**
 * The smaller of two schedules at every instant, as far as they can be compared.
 * Limits: pure; each schedule has at most one block of a phase at an instant. Current and power are never compared.
 */
import { atMost, down, exactly } from '../../mapping/shapers/figures.ts'
import type { Block } from '../schedule.ts'

/** `limits`, lowered wherever `others` state less for the same phase; where they state nothing, nothing changes. */
export function smaller(limits: readonly Block[], others: readonly Block[]): Block[] {
  const phases = [...new Set(limits.map(({ phase }) => phase))]
  return phases
    .flatMap((phase) => lowered(ofPhase(limits, phase), ofPhase(others, phase)))
    .sort((a, b) => a.start - b.start || phases.indexOf(a.phase) - phases.indexOf(b.phase))
}

/** Whether every block of the one can be compared with what it meets of the other. */
export function areComparable(limits: readonly Block[], others: readonly Block[]): boolean {
  const isCurrent = ({ unit }: Block) => unit === 'A'
  const meets = (a: readonly Block[], b: readonly Block[]) =>
    smaller(bare(a, 1), bare(b, 0)).some((x) => x.capacity === 0)
  const split = (blocks: readonly Block[], current: boolean) => blocks.filter((block) => isCurrent(block) === current)
  return !meets(split(limits, true), split(others, false)) && !meets(split(limits, false), split(others, true))
}

/** Only when something is said, and one figure for what is said. */
function bare(blocks: readonly Block[], capacity: number): Block[] {
  return blocks.map(({ start, end }) => ({ start, end, capacity, unit: 'W', phase: 'ALL' }))
}

function ofPhase(blocks: readonly Block[], phase: string): Block[] {
  return blocks.filter((block) => block.phase === phase).sort((a, b) => a.start - b.start)
}

/** Both ascending. */
function lowered(limits: readonly Block[], others: readonly Block[]): Block[] {
  let first = 0
  return limits.flatMap((limit) => {
    while (first < others.length && others[first]!.end <= limit.start) first++
    const pieces: Block[] = []
    let from = limit.start
    for (let i = first; i < others.length && others[i]!.start < limit.end; i++) {
      const other = others[i]!
      const capacity = capacityIn(limit.unit, other)
      if (capacity === undefined || capacity >= limit.capacity) continue
      const [start, end] = [Math.max(other.start, from), Math.min(other.end, limit.end)]
      if (start > from) pieces.push({ ...limit, start: from, end: start })
      if (end > start) pieces.push({ ...limit, start, end, capacity })
      from = Math.max(from, end)
    }
    if (from < limit.end) pieces.push({ ...limit, start: from })
    return pieces
  })
}

function capacityIn(unit: string, other: Block): number | undefined {
  if (other.unit === unit) return other.capacity
  if (unit === 'KW' && other.unit === 'W') return down(exactly(other.capacity).times('0.001'))
  if (unit === 'W' && other.unit === 'KW') return atMost(exactly(other.capacity).times(1000))
  return undefined
}
