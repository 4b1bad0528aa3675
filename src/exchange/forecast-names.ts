/**
 * What a DSO called its forecasts, by group and time: usage that is reported later refers to the one that was in force.
 * Limits: names are kept until a week after their last block, the newest thousand spans of a group; without state a name is
 * not learnt, and usage is reported without it.
 */
import type { Value } from '../mapping/compile.ts'
import type { LinkId, PeerId } from './ids.ts'
import type { Ledger, LedgerKey } from './ledger.ts'
import { type Block, blocksOf } from './schedule.ts'

/** The forecast that said what holds during a half-open span of milliseconds since 1970. */
interface Span {
  readonly name: string
  readonly start: number
  readonly end: number
}

const week = 7 * 24 * 3600_000
const mostSpans = 1000

export class ForecastNames {
  private readonly ledger: Ledger
  private readonly now: () => number

  constructor(ledger: Ledger, now: () => number) {
    this.ledger = ledger
    this.now = now
  }

  /** Learns a forecast's name beside everything else: a limit does not wait for it, and is not refused for it. */
  learn(peer: PeerId, link: LinkId, forecast: Value, { forecastId }: Value): void {
    if (typeof forecastId !== 'string') return
    void this.note(peer, link, forecast.group_id as string, forecastId, blocksOf(forecast)).catch(() => undefined)
  }

  /** Learns what the forecast with these blocks is called. Rejects while the state is away. */
  async note(peer: PeerId, link: LinkId, group: string, name: string, blocks: readonly Block[]): Promise<void> {
    const key = keyOf(peer, link, group)
    const newer = spansOf(name, blocks)
    for (;;) {
      const stored = await this.ledger.read<readonly Span[]>(key)
      const known = stored?.record ?? []
      const spans = named(known, newer, this.now() - week)
      if (stored && JSON.stringify(spans) === JSON.stringify(known)) return
      const end = Math.max(this.now(), ...spans.slice(-1).map((span) => span.end))
      const write = { record: spans, due: 'not due', keepFor: end - this.now() + week } as const
      if (await this.ledger.write(key, stored?.revision ?? 0, write)) return
    }
  }

  /** The name of the forecast that held at an instant. Rejects while the state is away. */
  async at(peer: PeerId, link: LinkId, group: string, instant: number): Promise<string | undefined> {
    const stored = await this.ledger.read<readonly Span[]>(keyOf(peer, link, group))
    return stored?.record.find(({ start, end }) => start <= instant && instant < end)?.name
  }
}

function keyOf(peer: PeerId, link: LinkId, group: string): LedgerKey {
  return { peer, id: `names/${link}/${group}` }
}

/** As few spans as say the same. */
function spansOf(name: string, blocks: readonly Block[]): Span[] {
  return joined(blocks.map(({ start, end }) => ({ name, start, end })).sort((a, b) => a.start - b.start))
}

/** What is named after newer spans came: they win where they overlap, and what ended before `since` is forgotten. */
function named(known: readonly Span[], newer: readonly Span[], since: number): readonly Span[] {
  let older = [...known]
  for (const { start, end } of newer)
    older = older.flatMap((span) =>
      [
        { ...span, end: Math.min(span.end, start) },
        { ...span, start: Math.max(span.start, end) },
      ].filter((rest) => rest.start < rest.end),
    )
  const all = [...older, ...newer].filter((span) => span.end > since).sort((a, b) => a.start - b.start)
  return joined(all).slice(-mostSpans)
}

function joined(spans: readonly Span[]): Span[] {
  const result: Span[] = []
  for (const span of spans) {
    const last = result.at(-1)
    if (last && last.name === span.name && span.start <= last.end)
      result[result.length - 1] = { ...last, end: Math.max(last.end, span.end) }
    else result.push(span)
  }
  return result
}
