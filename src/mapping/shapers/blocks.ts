/** Forecast blocks as shapers see them: the fields of a 2.0 block, of which those a later rule sets are undefined yet. */
import { printInstant, readInstant } from '../codecs/instant.ts'
import { Refusal, type Run } from '../run.ts'
import type { Item } from './index.ts'

export interface Block extends Item {
  readonly capacity: number
  readonly phase: string | undefined
  readonly unit: string
  readonly start_time: string
  readonly end_time: string
}

/** Lists of our own whose times were looked at already: several shapers in a row get the same one. */
const seen = new WeakSet<readonly Item[]>()

/** Blocks whose times every step may compare as they are; what is no instant, or finer than one, is refused with its index. */
export function asBlocks(items: readonly Item[], run: Run, path: string): readonly Block[] {
  const given = items as readonly Block[]
  if (seen.has(items)) return given
  const blocks = given.every((block) => isPlain(block.start_time) && isPlain(block.end_time))
    ? [...given]
    : given.map((block, index) => {
        const read = (field: 'start_time' | 'end_time'): string => {
          const instant = readInstant(block[field], run.context.zone)
          return typeof instant === 'string' ? run.refuseItem(path, index, field, instant) : instant.text
        }
        return { ...block, start_time: read('start_time'), end_time: read('end_time') }
      })
  seen.add(blocks)
  return blocks
}

/** Whether a time is written as our own codec writes it. */
function isPlain(time: string): boolean {
  const instant = readInstant(time)
  return typeof instant !== 'string' && instant.text === time
}

/** A span of time, and the blocks that cover every instant of it. */
export interface Span {
  readonly start: number
  readonly end: number
  readonly covering: readonly Block[]
}

/** A day of quarter hours on four phases, a hundred deep, is less; more is nobody's forecast, and would hold up everybody else's. */
const mostCovering = 50_000

/**
 * Cuts blocks at every start and end of any of them; the spans that at least one block covers, in time order.
 * Throws Refusal for blocks that overlap so deeply that the spans would outgrow any message.
 */
export function spansOf(blocks: readonly Block[], path: string): Span[] {
  const timed = blocks.map((block) => ({ block, start: Date.parse(block.start_time), end: Date.parse(block.end_time) }))
  const waiting = timed.toSorted((a, b) => a.start - b.start)
  const edges = [...new Set(timed.flatMap((t) => [t.start, t.end]))].sort((a, b) => a - b)
  const spans: Span[] = []
  let open: typeof timed = []
  let next = 0
  let covered = 0
  for (const [i, start] of edges.entries()) {
    const end = edges[i + 1]
    if (end === undefined) break
    open = open.filter((t) => t.end > start)
    while (next < waiting.length && waiting[next]!.start <= start) open.push(waiting[next++]!)
    covered += open.length
    if (covered > mostCovering) throw new Refusal('untranslatable', path, 'must not overlap this deeply')
    if (open.length > 0) spans.push({ start, end, covering: open.map((t) => t.block) })
  }
  return spans
}

/** The span as one block of this capacity, everything else as in `model`. */
export function blockOf(span: Pick<Span, 'start' | 'end'>, model: Block, capacity: number): Block {
  return { ...model, capacity, start_time: printInstant(span.start), end_time: printInstant(span.end) }
}

/** Figures of different units cannot be compared: what covers the same instant must be in one. */
export function needOneUnit(covering: readonly Block[], run: Run, path: string): void {
  if (covering.some((block) => block.unit !== covering[0]!.unit))
    run.refuse(path, 'must not overlap in different units')
}
