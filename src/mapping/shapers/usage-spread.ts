/**
 * Spreads energies over the cells of a grid in proportion to time; what a cell gets from several intervals is added up.
 * Limits: the cells add up to exactly what the intervals did; within a cell the figure is an estimate.
 */
import { Big } from 'big.js'
import type { Run } from '../run.ts'

export interface Interval {
  readonly asset?: string
  readonly start: number
  readonly end: number
  readonly value: number
  readonly unit: string
}

/** The starts of cells, and their ends, that an interval touches. */
export type Cells = (interval: Interval) => (readonly [start: number, end: number])[]

/** No report has more; an interval of centuries is refused, not cut up. */
const mostCells = 20_000

/**
 * The grid the link asks for, if anything is off it; else, where meters of one group do not keep the same times, a cell
 * between every two of them, because OSCP 1.0 speaks of all charge points together. Undefined where nothing need be spread.
 */
export function cellsFor(intervals: readonly Interval[], run: Run, path: string): Cells | undefined {
  const { usageGrid } = run.context
  if (usageGrid !== undefined) {
    if (intervals.every((m) => m.start % usageGrid === 0 && m.end - m.start === usageGrid)) return undefined
    if (intervals.reduce((sum, m) => sum + (m.end - m.start) / usageGrid, 0) > mostCells)
      run.refuse(path, `must not cover more than ${mostCells} intervals of the grid`)
  } else if (new Set(intervals.map((m) => m.asset ?? '')).size <= 1 || !overlap(distinct(intervals))) return undefined
  const assets = [...new Set(intervals.map((m) => m.asset ?? ''))]
  if (assets.some((asset) => overlap(intervals.filter((m) => (m.asset ?? '') === asset))))
    run.refuse(path, 'must not overlap in time for one meter, where energy is spread over other intervals')
  if (usageGrid !== undefined) return (interval) => gridCells(interval, usageGrid)
  const edges = [...new Set(intervals.flatMap((m) => [m.start, m.end]))].sort((a, b) => a - b)
  return ({ start, end }) => {
    const own = edges.filter((edge) => edge >= start && edge <= end)
    return own.slice(1).map((edge, i) => [own[i]!, edge] as const)
  }
}

function gridCells({ start, end }: Interval, grid: number): [number, number][] {
  const cells: [number, number][] = []
  for (let cell = Math.floor(start / grid) * grid; cell < end; cell += grid) cells.push([cell, cell + grid])
  return cells
}

/** Intervals of different meters at the very same time are one. */
function distinct(intervals: readonly Interval[]): Interval[] {
  return [...new Map(intervals.map((m) => [`${m.start}/${m.end}`, m])).values()]
}

function overlap(intervals: readonly Interval[]): boolean {
  const ordered = intervals.toSorted((a, b) => a.start - b.start || a.end - b.end)
  return ordered.some((m, i) => i > 0 && m.start < ordered[i - 1]!.end)
}

export function spread(intervals: readonly Interval[], cellsOf: Cells): Interval[] {
  const cells = new Map<number, { readonly end: number; energy: Big }>()
  for (const interval of intervals)
    for (const [start, end] of cellsOf(interval)) {
      const share = Math.min(end, interval.end) - Math.max(start, interval.start)
      const energy = new Big(interval.value).times(share).div(interval.end - interval.start)
      const cell = cells.get(start)
      if (cell) cell.energy = cell.energy.plus(energy)
      else cells.set(start, { end, energy })
    }
  const ordered = [...cells].sort(([a], [b]) => a - b)
  const total = intervals.reduce((sum, m) => sum.plus(m.value), new Big(0))
  let [sum, told] = [new Big(0), new Big(0)]
  return ordered.map(([start, { end, energy }], i) => {
    // Cut on the running sum, and the last cell gets the rest, so that the cells add up to what the intervals did.
    sum = sum.plus(energy)
    const value = (i === ordered.length - 1 ? total : sum.round(6, Big.roundDown)).minus(told)
    told = told.plus(value)
    return { unit: intervals[0]!.unit, start, end, value: value.toNumber() }
  })
}
