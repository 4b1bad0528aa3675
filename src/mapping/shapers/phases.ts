/**
 * Phases: OSCP 1.0 states power for all phases together and current for each; OSCP 2.0 says the phase on every block.
 * Limits: per-phase power becomes n times the smallest (approximate) unless the link is strict (safe).
 */
import type { Fidelity } from '../rules.ts'
import { type Run, worst } from '../run.ts'
import { asBlocks, type Block, blockOf, needOneUnit, spansOf } from './blocks.ts'
import { atMost, down, exactly } from './figures.ts'
import type { Item, Shaped } from './index.ts'

/** Upwards: power is about ALL; ampere is one block for each phase the link is configured with. */
export function perPhase(items: readonly Item[], run: Run): Shaped {
  const blocks = items as readonly Block[]
  const shaped = blocks.some((block) => block.unit === 'A')
    ? blocks.flatMap((block) =>
        (block.unit === 'A' ? run.context.amperePhases : ['ALL']).map((phase) => ({ ...block, phase })),
      )
    : blocks.map((block) => ({ ...block, phase: 'ALL' }))
  return { items: shaped, fidelity: 'exact' }
}

/** Downwards: one figure per instant, the tightest of what its phases state. */
export function toOneFigure(items: readonly Item[], run: Run, path: string): Shaped {
  const blocks = asBlocks(items, run, path)
  const plain = (b: Block): boolean => b.phase === undefined || (b.unit !== 'A' && wholePower.has(b.phase))
  if (blocks.every(plain)) return { items: blocks.map(withoutPhase), fidelity: 'exact' }
  let fidelity: Fidelity = 'exact'
  const shaped = spansOf(blocks, path).map((span) => {
    const { covering } = span
    needOneUnit(covering, run, path)
    const figure = covering[0]!.unit === 'A' ? current(covering, run) : power(covering, run)
    fidelity = worst(fidelity, figure.fidelity)
    return blockOf(span, withoutPhase(covering[0]!), figure.capacity)
  })
  return { items: shaped, fidelity, changed: shaped.length }
}

const wholePower = new Set<string | undefined>(['ALL', 'UNKNOWN'])
const threePhases = ['ONE', 'TWO', 'THREE']

interface Figure {
  readonly capacity: number
  readonly fidelity: Fidelity
}

/** Ampere: 1.0's figure holds for each phase, so the smallest; `ALL` may mean the sum over three (then a third of it). */
function current(covering: readonly Block[], run: Run): Figure {
  const { ampereAllMeans, amperePhases } = run.context
  const isSum = (b: Block): boolean => b.phase === 'ALL' && ampereAllMeans === 'sum'
  const figures = covering.map((b) => (isSum(b) ? down(exactly(b.capacity).div(3)) : b.capacity))
  const capacity = Math.min(...figures)
  const stated = new Set(covering.map((b) => b.phase))
  const about = amperePhases.includes('UNKNOWN') ? threePhases : amperePhases
  // Where a phase is not stated at all, a figure for each phase limits more than was said.
  const isWhole = [...stated].some((p) => p !== undefined && wholePower.has(p)) || about.every((p) => stated.has(p))
  const isExact = isWhole && figures.every((f) => f === capacity) && !covering.some(isSum)
  return { capacity, fidelity: isExact ? 'exact' : 'safe' }
}

/** Power: 1.0's figure is the total, so the tighter of what `ALL` states and n times the smallest phase. */
function power(covering: readonly Block[], run: Run): Figure {
  const whole = covering.filter((b) => wholePower.has(b.phase ?? 'ALL')).map((b) => b.capacity)
  const single = covering.filter((b) => !wholePower.has(b.phase ?? 'ALL'))
  if (single.length === 0)
    return { capacity: Math.min(...whole), fidelity: whole.every((w) => w === whole[0]) ? 'exact' : 'safe' }
  const smallest = Math.min(...single.map((b) => b.capacity))
  const count = run.context.phaseBalance === 'strict' ? 1 : new Set(single.map((b) => b.phase)).size
  const capacity = Math.min(atMost(exactly(smallest).times(count)), ...whole)
  // All of it may be drawn from one phase: no more than the smallest of them is safe, whoever stated it.
  return { capacity, fidelity: capacity <= smallest ? 'safe' : 'approximate' }
}

function withoutPhase(block: Block): Block {
  return { ...block, phase: undefined }
}
