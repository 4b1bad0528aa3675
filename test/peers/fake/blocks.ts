/** Blocks of what a script says in kW, in times of a clock; the wires write them in their own terms. */
import { cableForecast } from '../forecast.ts'
import type { Forecast, Span, Usage } from './script.ts'

const quarter = 15 * 60_000

export interface Block {
  readonly startTime: string
  readonly endTime: string
  readonly capacity: string
}

/** What the households on each cable leave of it, from the quarter hour that runs. */
export function forecastBlocks({ carries, load, blocks, from }: Forecast, now: number): Record<string, Block[]> {
  const start = new Date(Math.floor((now + from) / quarter) * quarter)
  const of = (cableId: string, capacity: number) =>
    cableForecast({ cableId, day: load, carries: capacity, from: start, quarters: blocks }).blocks
  return Object.fromEntries(
    Object.entries(carries).map(([about, capacity]) => [
      about,
      of(about, capacity).map((block) => ({ ...block, capacity: String(block.capacity) })),
    ]),
  )
}

export function spanBlock({ capacity, from, for: long }: Span, now: number): Block {
  const start = Math.floor((now + from) / 60_000) * 60_000
  return { ...times(start, start + long), capacity: String(capacity) }
}

/** The time that usage is about, up to now. */
export function usageTimes({ over }: Usage, now: number) {
  return times(now - over, now)
}

function times(from: number, to: number) {
  return { startTime: new Date(from).toISOString(), endTime: new Date(to).toISOString() }
}

/** As a party writes it that leaves out the offset. */
export function naive(time: string): string {
  return time.replace(/(?:\.000)?Z$/, '')
}
