/**
 * What a plot draws of a group: lines of one unit, and the spans of time in which nothing changes.
 * Limits: pure. Power is drawn in kW; of other units the one that most limits have is drawn, and all are in the table.
 */
import type { Block } from '../../exchange/schedule.ts'
import type { GroupView, Version } from './data.ts'

export type SeriesName = 'received' | 'delivered' | 'fallback' | 'optimum' | 'usage'

export interface Step {
  readonly start: number
  readonly end: number
  readonly value: number
}

export interface Line {
  readonly series: SeriesName
  /** Where lines of a series differ by phase. */
  readonly phase?: string
  readonly steps: readonly Step[]
}

export interface Drawing {
  readonly from: number
  readonly to: number
  readonly unit: string
  readonly lines: readonly Line[]
  /** Units of limits that are not drawn. */
  readonly leftOut: readonly string[]
}

/** A span in which nothing changes, with what holds in it. */
export interface Span {
  readonly start: number
  readonly end: number
  readonly blocks: Readonly<Partial<Record<SeriesName, readonly Block[]>>>
}

const hour = 3600_000
const before = 3 * hour
const ahead = 24 * hour
const mostSpans = 600
/** Where a schedule was cut at some moment, nothing of it is worth a line. */
const shortest = 1000

export const seriesNames: readonly SeriesName[] = ['received', 'delivered', 'fallback', 'optimum', 'usage']

/** All series of a group; with a version, what that message said stands for what was received. */
export function seriesOf(view: GroupView, version?: Version): Readonly<Record<SeriesName, readonly Block[]>> {
  const { delivered, fallback, optimum } = view
  const usage = view.usage.map(({ start, end, power }) => ({ start, end, capacity: power, unit: 'KW', phase: 'ALL' }))
  return { received: version?.blocks ?? view.received, delivered, fallback, optimum, usage }
}

export function drawingOf(series: ReturnType<typeof seriesOf>, now: number): Drawing {
  const from = Math.floor((now - before) / hour) * hour
  const to = Math.ceil((now + ahead) / hour) * hour
  const limits = [...series.received, ...series.delivered, ...series.fallback]
  const counts = new Map<string, number>()
  for (const { unit } of limits) counts.set(drawnUnit(unit), (counts.get(drawnUnit(unit)) ?? 0) + 1)
  const [[unit] = ['kW'], ...others] = [...counts].sort((a, b) => b[1] - a[1])
  const lines = seriesNames.flatMap((name) => {
    const own = series[name].filter((b) => drawnUnit(b.unit) === unit && b.end > from && b.start < to)
    return linesOf(name, own, from, to)
  })
  return { from, to, unit, lines, leftOut: others.map(([other]) => other) }
}

/** The spans between any two changes within the drawing's time. */
export function spansOf(series: ReturnType<typeof seriesOf>, { from, to }: Pick<Drawing, 'from' | 'to'>): Span[] {
  const all = seriesNames.flatMap((name) => series[name].filter(({ start, end }) => end > from && start < to))
  const edges = [...new Set(all.flatMap(({ start, end }) => [Math.max(start, from), Math.min(end, to)]))].sort(
    (a, b) => a - b,
  )
  return edges.slice(0, mostSpans).flatMap((start, i): Span[] => {
    const end = edges[i + 1]
    if (end === undefined || end - start < shortest) return []
    const holding = seriesNames.map(
      (name) => [name, series[name].filter((b) => b.start <= start && end <= b.end)] as const,
    )
    const blocks = Object.fromEntries(holding.filter(([, found]) => found.length > 0))
    return Object.keys(blocks).length > 0 ? [{ start, end, blocks }] : []
  })
}

/** One line where all phases say the same, else one of each. */
function linesOf(series: SeriesName, blocks: readonly Block[], from: number, to: number): Line[] {
  const phases = [...new Set(blocks.map(({ phase }) => phase))]
  const lines = phases.map((phase): Line => {
    const own = blocks.filter((block) => block.phase === phase).sort((a, b) => a.start - b.start)
    return { series, phase, steps: own.map((b) => stepOf(b, from, to)) }
  })
  const [first] = lines
  if (!first) return []
  const text = JSON.stringify(first.steps)
  return lines.every(({ steps }) => JSON.stringify(steps) === text) ? [{ series, steps: first.steps }] : lines
}

function stepOf({ start, end, capacity, unit }: Block, from: number, to: number): Step {
  const value = unit === 'W' || unit === 'WH' ? capacity / 1000 : capacity
  return { start: Math.max(start, from), end: Math.min(end, to), value }
}

function drawnUnit(unit: string): string {
  if (unit === 'W' || unit === 'KW') return 'kW'
  return unit === 'WH' || unit === 'KWH' ? 'kWh' : unit
}
