/** Forecast blocks as shapers see them: the fields of a 2.0 block, of which those a later rule sets are undefined yet. */
import { printInstant } from '../codecs/instant.ts'
import type { Item } from './index.ts'

export interface Block extends Item {
  readonly capacity: number
  readonly phase: string | undefined
  readonly unit: string
  readonly start_time: string
  readonly end_time: string
}

/** Shapers run between contract checks: what they are handed has a block's fields. */
export const asBlocks = (items: readonly Item[]): readonly Block[] => items as readonly Block[]

/** A span of time, and the blocks that cover every instant of it. */
export interface Span {
  readonly start: number
  readonly end: number
  readonly covering: readonly Block[]
}

/** Cuts blocks at every start and end of any of them; the spans that at least one block covers, in time order. */
export function spansOf(blocks: readonly Block[]): Span[] {
  const timed = blocks.map((block) => ({ block, start: Date.parse(block.start_time), end: Date.parse(block.end_time) }))
  const waiting = timed.toSorted((a, b) => a.start - b.start)
  const edges = [...new Set(timed.flatMap((t) => [t.start, t.end]))].sort((a, b) => a - b)
  const spans: Span[] = []
  let open: typeof timed = []
  let next = 0
  for (const [i, start] of edges.entries()) {
    const end = edges[i + 1]
    if (end === undefined) break
    open = open.filter((t) => t.end > start)
    while (next < waiting.length && waiting[next]!.start <= start) open.push(waiting[next++]!)
    if (open.length > 0) spans.push({ start, end, covering: open.map((t) => t.block) })
  }
  return spans
}

/** The span as one block of this capacity, everything else as in `model`. */
export function blockOf(span: Span, model: Block, capacity: number): Block {
  return { ...model, capacity, start_time: printInstant(span.start), end_time: printInstant(span.end) }
}
