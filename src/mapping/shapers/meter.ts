/**
 * The meter of one group between messages: what a running register stood at, and the intervals that made it up.
 * Limits: plain data that the caller stores; intervals older than two days are folded into the total, and then no repeat of
 * them can be told from new energy: it is not counted.
 */
import { Big } from 'big.js'

export interface MeterState {
  /** Where the readings come from; a change of source is a reset. */
  readonly source: 'register' | 'intervals'
  /** Which register it is (direction, type of energy, phases), where that is known: another one is another source. */
  readonly register?: string | undefined
  /** The last reading, in `unit`, at this instant (milliseconds since 1970). */
  readonly reading: number
  readonly at: number
  readonly unit: string
  /** Energy by start of interval (milliseconds as text), so that a repeated interval replaces instead of adding. */
  readonly intervals: Readonly<Record<string, number>>
  /** The energy of intervals that are too old to be repeated. */
  readonly base: number
}

/** Meters by names that a partner chose: what every object knows by that name is no meter. */
export type Meters = Readonly<Record<string, MeterState>>

export function meterOf(meters: Meters | undefined, name: string): MeterState | undefined {
  return meters !== undefined && Object.hasOwn(meters, name) ? meters[name] : undefined
}

const foldAfter = 2 * 24 * 3600_000

/**
 * The meter after one more interval, and what it read at the end of that, as a double and to the last digit; undefined for
 * one that comes too late to tell.
 */
export function countInterval(
  meter: MeterState | undefined,
  start: number,
  end: number,
  energy: number,
  unit: string,
): { meter: MeterState; reading: number; exactly: Big } | undefined {
  const old = meter && inUnit(meter, unit)
  // What a register has counted, or what was folded, is in the total already.
  if (old && start < (old.source === 'register' ? old.at : old.at - foldAfter)) return undefined
  // After a register the total goes on from where that stood, so that no reader takes the change for energy.
  const intervals: Record<string, number> = { ...old?.intervals, [start]: energy }
  let base = new Big(old?.source === 'register' ? old.reading : (old?.base ?? 0))
  const at = Math.max(end, old?.at ?? end)
  for (const [key, value] of Object.entries(intervals))
    if (Number(key) < at - foldAfter) {
      base = base.plus(value)
      delete intervals[key]
    }
  const totalAt = (instant: number): Big =>
    Object.entries(intervals)
      .filter(([key]) => Number(key) < instant)
      .reduce((sum, [, value]) => sum.plus(value), base)
  const [latest, exactly] = [totalAt(at).toNumber(), totalAt(end)]
  const counted: MeterState = { source: 'intervals', reading: latest, at, unit, intervals, base: base.toNumber() }
  return { meter: counted, reading: exactly.toNumber(), exactly }
}

/** The meter after a reading of a real register. */
export function readRegister(reading: number, at: number, unit: string, register?: string): MeterState {
  return { source: 'register', register, reading, at, unit, intervals: {}, base: 0 }
}

/** The same meter in watt-hours or kilowatt-hours, which is exact. */
export function inUnit(meter: MeterState, unit: string): MeterState {
  if (meter.unit === unit) return meter
  const convert = (value: number): number => new Big(value).times(unit === 'WH' ? 1000 : '0.001').toNumber()
  const intervals = Object.fromEntries(Object.entries(meter.intervals).map(([start, value]) => [start, convert(value)]))
  return { ...meter, unit, reading: convert(meter.reading), base: convert(meter.base), intervals }
}
