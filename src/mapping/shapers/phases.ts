/**
 * Phases: OSCP 1.0 states power for all phases together and current for each; OSCP 2.0 says the phase on every block.
 * Limits: per-phase power becomes n times the smallest (approximate) unless the link is strict (safe).
 */
import { Big } from 'big.js'
import type { Fidelity } from '../rules.ts'
import { type Run, worst } from '../run.ts'
import { asBlocks, type Block, blockOf, spansOf } from './blocks.ts'
import type { Item, Shaped } from './index.ts'

/** Upwards: power is about ALL; ampere is one block for each phase the link is configured with. */
export function perPhase(items: readonly Item[], run: Run): Shaped {
  const shaped = asBlocks(items).flatMap((block) =>
    block.unit === 'A' ? run.context.amperePhases.map((phase) => ({ ...block, phase })) : [{ ...block, phase: 'ALL' }],
  )
  return { items: shaped, fidelity: 'exact' }
}

/** Downwards: one figure per instant, the tightest of what its phases state. */
export function toOneFigure(items: readonly Item[], run: Run, path: string): Shaped {
  const blocks = asBlocks(items)
  const sum = run.context.ampereAllMeans === 'sum'
  const plain = (b: Block): boolean => b.phase === undefined || (b.unit !== 'A' && wholePower.has(b.phase))
  if (blocks.every(plain)) return { items: blocks.map(withoutPhase), fidelity: 'exact' }
  if (new Set(blocks.map((b) => b.unit)).size > 1) run.refuse(path, 'must not mix units with figures per phase')
  let fidelity: Fidelity = 'exact'
  const shaped = spansOf(blocks).map((span) => {
    const { covering } = span
    const figure = covering[0]!.unit === 'A' ? current(covering, sum) : power(covering, run.context.phaseBalance)
    fidelity = worst(fidelity, figure.fidelity)
    return blockOf(span, withoutPhase(covering[0]!), figure.capacity)
  })
  return { items: shaped, fidelity }
}

const wholePower = new Set<string | undefined>(['ALL', 'UNKNOWN'])

interface Figure {
  readonly capacity: number
  readonly fidelity: Fidelity
}

/** Ampere: 1.0's figure holds for each phase, so the smallest; `ALL` may mean the sum over three (then a third of it). */
function current(covering: readonly Block[], allIsSum: boolean): Figure {
  const perPhaseFigures = covering.map((b) => (b.phase === 'ALL' && allIsSum ? third(b.capacity) : b.capacity))
  const capacity = Math.min(...perPhaseFigures)
  const equal = covering.every((_, i) => perPhaseFigures[i] === capacity)
  const divided = covering.some((b) => b.phase === 'ALL' && allIsSum)
  return { capacity, fidelity: equal && !divided ? 'exact' : 'safe' }
}

/** Power: 1.0's figure is the total, so the tighter of what `ALL` states and n times the smallest phase. */
function power(covering: readonly Block[], balance: 'assumed' | 'strict'): Figure {
  const whole = covering.filter((b) => wholePower.has(b.phase)).map((b) => b.capacity)
  const single = covering.filter((b) => !wholePower.has(b.phase))
  if (single.length === 0) return { capacity: Math.min(...whole), fidelity: whole.length === 1 ? 'exact' : 'safe' }
  const smallest = Math.min(...single.map((b) => b.capacity))
  const count = balance === 'strict' ? 1 : new Set(single.map((b) => b.phase)).size
  const total = new Big(smallest).times(count).toNumber()
  return {
    capacity: Math.min(total, ...whole),
    fidelity: balance === 'strict' || whole.some((w) => w <= total) ? 'safe' : 'approximate',
  }
}

function third(capacity: number): number {
  return new Big(capacity).div(3).round(3, Big.roundDown).toNumber()
}

function withoutPhase(block: Block): Block {
  return { ...block, phase: undefined }
}
