/**
 * The meter of one group between messages: what a running register stood at, and the intervals that made it up.
 * Limits: plain data that the caller stores; intervals older than two days are folded into the total.
 */
import { Big } from 'big.js'

export interface MeterState {
  /** Where the readings come from; a change of source is a reset. */
  readonly source: 'register' | 'intervals'
  /** The last reading, in `unit`, at this instant (milliseconds since 1970). */
  readonly reading: number
  readonly at: number
  readonly unit: string
  /** Energy by start of interval (milliseconds as text), so that a repeated interval replaces instead of adding. */
  readonly intervals: Readonly<Record<string, number>>
  /** The energy of intervals that are too old to be repeated. */
  readonly base: number
}

const foldAfter = 2 * 24 * 3600_000

/** The meter after one more interval; its reading is the running total at the end of it. */
export function countInterval(
  meter: MeterState | undefined,
  start: number,
  end: number,
  energy: number,
  unit: string,
): MeterState {
  const old = meter?.source === 'intervals' && meter.unit === unit ? meter : undefined
  const intervals: Record<string, number> = { ...old?.intervals, [start]: energy }
  let base = new Big(old?.base ?? 0)
  for (const [key, value] of Object.entries(intervals))
    if (Number(key) < end - foldAfter) {
      base = base.plus(value)
      delete intervals[key]
    }
  const counted = Object.entries(intervals).filter(([key]) => Number(key) < end)
  const reading = counted.reduce((sum, [, value]) => sum.plus(value), base).toNumber()
  return { source: 'intervals', reading, at: end, unit, intervals, base: base.toNumber() }
}

/** The meter after a reading of a real register. */
export function readRegister(reading: number, at: number, unit: string): MeterState {
  return { source: 'register', reading, at, unit, intervals: {}, base: 0 }
}
