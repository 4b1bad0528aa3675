/** Cuts blocks at every start and end of any of them, so that within a span the same blocks cover every instant. */
import { printInstant } from '../codecs/instant.ts'
import type { ShapedBlock } from './index.ts'

export interface Span {
  readonly start_time: string
  readonly end_time: string
  readonly covering: readonly ShapedBlock[]
}

/** The spans that at least one block covers, in time order. */
export function spansOf(blocks: readonly ShapedBlock[]): Span[] {
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
    if (open.length > 0)
      spans.push({ start_time: printInstant(start), end_time: printInstant(end), covering: open.map((t) => t.block) })
  }
  return spans
}
