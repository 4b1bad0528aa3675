/** Where blocks of one message overlap, the smallest capacity holds; a message without overlaps is left as it is. */
import type { Run } from '../run.ts'
import { asBlocks, type Block, blockOf, needOneUnit, spansOf } from './blocks.ts'
import type { Item, Shaped } from './index.ts'

export function tightest(items: readonly Item[], run: Run, path: string): Shaped {
  const blocks = asBlocks(items, run, path)
  const isOnePhase = blocks.every(({ phase }) => phase === blocks[0]!.phase)
  const byPhase = isOnePhase ? [blocks] : phasesOf(blocks).map((phase) => blocks.filter((b) => b.phase === phase))
  if (byPhase.every(isDisjoint)) return { items: blocks, fidelity: 'exact' }
  const spans = byPhase.flatMap((same) => spansOf(same, path))
  const shaped = spans.map((span) => {
    needOneUnit(span.covering, run, path)
    return blockOf(span, span.covering[0]!, Math.min(...span.covering.map((b) => b.capacity)))
  })
  return { items: shaped, fidelity: 'safe', changed: spans.filter(({ covering }) => covering.length > 1).length }
}

function phasesOf(blocks: readonly Block[]) {
  return [...new Set(blocks.map(({ phase }) => phase))]
}

/** Times written in one way are in the order of their texts. */
function isDisjoint(blocks: readonly Block[]): boolean {
  return (
    isOneAfterAnother(blocks) ||
    isOneAfterAnother(blocks.toSorted((a, b) => Date.parse(a.start_time) - Date.parse(b.start_time)))
  )
}

function isOneAfterAnother(blocks: readonly Block[]): boolean {
  return blocks.every(({ start_time }, i) => i === 0 || blocks[i - 1]!.end_time <= start_time)
}
