/** Where blocks of one message overlap, the smallest capacity holds; a message without overlaps is left as it is. */
import { parseInstant } from '../codecs/instant.ts'
import type { Run } from '../run.ts'
import { asBlocks, type Block, blockOf, needOneUnit, spansOf } from './blocks.ts'
import type { Item, Shaped } from './index.ts'

export function tightest(items: readonly Item[], run: Run, path: string): Shaped {
  const blocks = asBlocks(items, run, path)
  const phases = [...new Set(blocks.map((b) => b.phase))]
  const byPhase = phases.map((phase) => blocks.filter((b) => b.phase === phase))
  if (byPhase.every(isDisjoint)) return { items: [...blocks], fidelity: 'exact' }
  const spans = byPhase.flatMap((same) => spansOf(same, path))
  const shaped = spans.map((span) => {
    needOneUnit(span.covering, run, path)
    return blockOf(span, span.covering[0]!, Math.min(...span.covering.map((b) => b.capacity)))
  })
  return { items: shaped, fidelity: 'safe', changed: spans.filter(({ covering }) => covering.length > 1).length }
}

function isDisjoint(blocks: readonly Block[]): boolean {
  const spans = blocks.map((b) => [parseInstant(b.start_time) as number, parseInstant(b.end_time) as number] as const)
  const isSorted = spans.every((span, i) => i === 0 || spans[i - 1]![0] <= span[0])
  const ordered = isSorted ? spans : spans.toSorted((a, b) => a[0] - b[0])
  return ordered.every((span, i) => i === 0 || ordered[i - 1]![1] <= span[0])
}
