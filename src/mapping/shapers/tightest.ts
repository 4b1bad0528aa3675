/** Where blocks of one message overlap, the smallest capacity holds; a message without overlaps is left as it is. */
import type { Run } from '../run.ts'
import type { Shaped, ShapedBlock } from './index.ts'
import { spansOf } from './spans.ts'

export function tightest(blocks: readonly ShapedBlock[], run: Run, path: string): Shaped {
  const phases = [...new Set(blocks.map((b) => b.phase))]
  const byPhase = phases.map((phase) => blocks.filter((b) => b.phase === phase))
  if (byPhase.every(isDisjoint)) return { blocks: [...blocks], fidelity: 'exact' }
  if (new Set(blocks.map((b) => b.unit)).size > 1) run.refuse(path, 'must not overlap in different units')
  const shaped = byPhase.flatMap((same) =>
    spansOf(same).map(({ start_time, end_time, covering }) => ({
      ...covering[0]!,
      capacity: Math.min(...covering.map((b) => b.capacity)),
      start_time,
      end_time,
    })),
  )
  return { blocks: shaped, fidelity: 'safe' }
}

function isDisjoint(blocks: readonly ShapedBlock[]): boolean {
  const spans = blocks.map((b) => [Date.parse(b.start_time), Date.parse(b.end_time)] as const)
  const ordered = spans.every((span, i) => i === 0 || spans[i - 1]![0] <= span[0])
    ? spans
    : spans.toSorted((a, b) => a[0] - b[0])
  return ordered.every((span, i) => i === 0 || ordered[i - 1]![1] <= span[0])
}
