/**
 * Checks what a schema cannot: times that are in order, and lists and horizons of a size that somebody can mean.
 * Limits: it compares instants, never texts; blocks in the past are fine, they are nobody's business any more.
 */
import { GatewayError, type Problem } from '../errors.ts'
import { parseInstant } from '../mapping/codecs/instant.ts'
import { asObject } from './json.ts'

/** protocol/oscp-2.0.md section 8.4. */
const farthest = 31 * 24 * 3600_000

export interface Sense {
  readonly now: number
  /** Refuse blocks of one phase that overlap within one message. */
  readonly strict: boolean
}

interface Span {
  readonly path: string
  readonly phase: unknown
  readonly start: number
  readonly end: number
}

/** Throws `invalid-message` with the path of each problem. `value` is in the contract's form. */
export function checkSense(value: Record<string, unknown>, sense: Sense): void {
  const problems: Problem[] = []
  const report = (path: string, sentence: string) => void problems.push({ path, sentence })
  if (Array.isArray(value.forecasted_blocks)) checkBlocks(value.forecasted_blocks, sense, report)
  if (Array.isArray(value.measurements)) checkMeasurements(value.measurements, report)
  const [first] = problems
  if (first)
    throw new GatewayError('invalid-message', `${first.path} ${first.sentence}`, { problems: problems.slice(0, 10) })
}

type Report = (path: string, sentence: string) => void

function checkBlocks(blocks: unknown[], { now, strict }: Sense, report: Report): void {
  const spans: Span[] = []
  for (let i = 0; i < blocks.length; i++) {
    const { start_time, end_time, phase } = blocks[i] as Record<string, unknown>
    const [start, end] = [parseInstant(String(start_time)), parseInstant(String(end_time))]
    if (typeof start === 'string') report(at(i, 'start_time'), start)
    if (typeof end === 'string') report(at(i, 'end_time'), end)
    if (typeof start === 'string' || typeof end === 'string') continue
    if (end <= start) report(at(i, 'end_time'), 'must be later than start_time')
    if (start > now + farthest) report(at(i, 'start_time'), 'must not be more than 31 days ahead')
    if (strict) spans.push({ path: `forecasted_blocks[${i}]`, phase, start, end })
  }
  checkOverlaps(spans, report)
}

function at(block: number, field: string): string {
  return `forecasted_blocks[${block}].${field}`
}

function checkOverlaps(spans: readonly Span[], report: Report): void {
  const last = new Map<unknown, number>()
  for (const { path, phase, start, end } of [...spans].sort((a, b) => a.start - b.start)) {
    if (start < (last.get(phase) ?? Number.NEGATIVE_INFINITY))
      report(`${path}.start_time`, 'must not lie within another block of this phase')
    last.set(phase, Math.max(end, last.get(phase) ?? end))
  }
}

function checkMeasurements(measurements: unknown[], report: Report): void {
  measurements.forEach((measurement, i) => {
    const members = asObject(measurement)!
    checkMeasured(members, `measurements[${i}]`, report)
    for (const name of ['energy_measurement', 'instantaneous_measurement']) {
      const inner = asObject(members[name])
      if (inner) checkMeasured(inner, `measurements[${i}].${name}`, report)
    }
  })
}

/** */
function checkMeasured(members: Record<string, unknown>, path: string, report: Report): void {
  if (members.measure_time === undefined) return
  const end = instant(members.measure_time, `${path}.measure_time`, report)
  if (members.initial_measure_time === undefined) return
  const start = instant(members.initial_measure_time, `${path}.initial_measure_time`, report)
  if (start !== undefined && end !== undefined && start > end)
    report(`${path}.initial_measure_time`, 'must not be later than measure_time')
}

function instant(text: unknown, path: string, report: Report): number | undefined {
  const parsed = parseInstant(String(text))
  if (typeof parsed === 'number') return parsed
  report(path, parsed)
  return undefined
}
