/**
 * What was lately reported of the load of each group, as intervals of mean power, for people to look at beside the limits.
 * Limits: two days, 400 intervals of a group. It is written beside the message's way and may be missing: nothing relies upon it.
 */
import { parseInstant } from '../mapping/codecs/instant.ts'
import type { Value } from '../mapping/compile.ts'
import type { Ledger, LedgerKey } from './ledger.ts'
import type { Link } from './peers.ts'
import { Turns } from './turns.ts'

export interface UsageRecord {
  /** Ascending; energy that went in, less what came out, in kWh. Instants in milliseconds since 1970. */
  readonly intervals: readonly UsedInterval[]
  /** Where running registers stood last, by what they measure. */
  readonly readings: Readonly<Record<string, Reading>>
}

export interface UsedInterval {
  readonly start: number
  readonly end: number
  readonly energy: number
}

interface Reading {
  readonly at: number
  readonly value: number
}

interface Measured extends UsedInterval {
  readonly phase: string
  readonly direction: string
  readonly type: string
}

const keepFor = 48 * 3600_000
const mostIntervals = 400
const mostReadings = 100
const mostTries = 5
/** Work that waits at a time; what comes on top is not kept. */
const mostWaiting = 1000

export function usageKey({ id, legacy }: Pick<Link, 'id' | 'legacy'>, group: string): LedgerKey {
  return { peer: legacy.id, id: `usage/${id}/${group}` }
}

export class KeptUsage {
  private readonly ledger: Ledger
  private readonly now: () => number
  private readonly turns = new Turns<string>()
  private readonly running = new Set<Promise<unknown>>()

  constructor(ledger: Ledger, now: () => number) {
    this.ledger = ledger
    this.now = now
  }

  /** Returns at once. `value` is an UpdateGroupMeasurements or an UpdateAssetMeasurements. */
  add(link: Link, value: Value): void {
    if (this.running.size >= mostWaiting) return
    const key = usageKey(link, String(value.group_id))
    const work = this.turns.take(`${key.peer} ${key.id}`, () => this.write(key, value)).catch(() => undefined)
    this.running.add(work)
    void work.finally(() => this.running.delete(work))
  }

  /** Resolves when nothing is being written any more. */
  async settled(): Promise<void> {
    while (this.running.size > 0) await Promise.allSettled(this.running)
  }

  private async write(key: LedgerKey, value: Value): Promise<void> {
    for (let tries = 0; tries < mostTries; tries++) {
      const stored = await this.ledger.read<UsageRecord>(key)
      const record = withMeasurements(stored?.record, value, this.now() - keepFor)
      if (await this.ledger.write(key, stored?.revision ?? 0, { record, due: 'not due', keepFor })) return
    }
  }
}

/** The record with what a message says; an interval that is said again is replaced, and what began before `since` is forgotten. */
export function withMeasurements(known: UsageRecord | undefined, value: Value, since: number): UsageRecord {
  const readings = new Map(Object.entries(known?.readings ?? {}))
  const measured = (value.measurements as Value[]).flatMap((one) => measuredBy(one, readings))
  const intervals = new Map((known?.intervals ?? []).map((interval) => [nameOf(interval), interval]))
  for (const [name, all] of grouped(measured, nameOf)) intervals.set(name, { ...spanOf(all[0]!), energy: totalOf(all) })
  const kept = [...intervals.values()].filter(({ start }) => start >= since).sort((a, b) => a.start - b.start)
  return { intervals: kept.slice(-mostIntervals), readings: Object.fromEntries([...readings].slice(-mostReadings)) }
}

/** An interval, or what a register has counted since it was read before. */
function measuredBy(one: Value, readings: Map<string, Reading>): Measured[] {
  const energy = (one.energy_measurement ?? one) as Value
  if (typeof energy.value !== 'number') return []
  const { phase, direction, energy_type: type = 'TOTAL', initial_measure_time: initial, measure_time } = energy
  const about = { phase: String(phase), direction: String(direction), type: String(type) }
  const counted = energy.unit === 'WH' ? energy.value / 1000 : energy.value
  const end = parseInstant(String(measure_time))
  const start = initial === undefined ? undefined : parseInstant(String(initial))
  if (typeof end !== 'number' || (start !== undefined && typeof start !== 'number')) return []
  if (start !== undefined) return start < end ? [{ ...about, start, end, energy: counted }] : []
  const register = [one.asset_id ?? '', about.phase, about.direction, about.type].join(' ')
  const before = readings.get(register)
  if (!before || before.at < end) {
    readings.delete(register)
    readings.set(register, { at: end, value: counted })
  }
  // A register that counts less than before was exchanged, or has begun anew.
  if (!before || before.at >= end || counted < before.value) return []
  return [{ ...about, start: before.at, end, energy: counted - before.value }]
}

/** All that was measured of one interval: what is said of the whole counts, and its parts only where the whole is not said. */
function totalOf(all: readonly Measured[]): number {
  const of = <T>(list: readonly T[], isWhole: (one: T) => boolean) => (list.some(isWhole) ? list.filter(isWhole) : list)
  const total = of(all, ({ type }) => type === 'TOTAL')
  const phases = of(total, ({ phase }) => phase === 'ALL' || phase === 'UNKNOWN')
  const net = of(phases, ({ direction }) => direction === 'NET')
  const sum = net.reduce((energy, one) => energy + (one.direction === 'EXPORT' ? -one.energy : one.energy), 0)
  return Math.round(sum * 1e6) / 1e6
}

function spanOf({ start, end }: UsedInterval): Pick<UsedInterval, 'start' | 'end'> {
  return { start, end }
}

function nameOf({ start, end }: UsedInterval): string {
  return `${start} ${end}`
}

function grouped<T>(list: readonly T[], nameOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const one of list) {
    const group = groups.get(nameOf(one))
    if (group) group.push(one)
    else groups.set(nameOf(one), [one])
  }
  return groups
}
