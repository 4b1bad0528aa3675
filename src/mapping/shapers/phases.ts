/**
 * Phases: OSCP 1.0 states power for all phases together and current for each; OSCP 2.0 says the phase on every block.
 * Limits: per-phase power becomes n times the smallest (approximate) unless the link is strict (safe).
 */
import { Big } from 'big.js'
import type { Fidelity } from '../define.ts'
import { type Run, worst } from '../run.ts'
import type { Shaped, ShapedBlock } from './index.ts'
import { spansOf } from './spans.ts'

/** Upwards: power is about ALL; ampere is one block for each phase the link is configured with. */
export function perPhase(blocks: readonly ShapedBlock[], run: Run): Shaped {
  const shaped = blocks.flatMap((block) =>
    block.unit === 'A' ? run.context.amperePhases.map((phase) => ({ ...block, phase })) : [{ ...block, phase: 'ALL' }],
  )
  return { blocks: shaped, fidelity: 'exact' }
}

/** Downwards: one figure per instant, the tightest of what its phases state. */
export function toOneFigure(blocks: readonly ShapedBlock[], run: Run, path: string): Shaped {
  const sum = run.context.ampereAllMeans === 'sum'
  const plain = (b: ShapedBlock): boolean => b.phase === undefined || (b.unit !== 'A' && wholePower.has(b.phase))
  if (blocks.every(plain)) return { blocks: blocks.map(withoutPhase), fidelity: 'exact' }
  if (new Set(blocks.map((b) => b.unit)).size > 1) run.refuse(path, 'must not mix units with figures per phase')
  let fidelity: Fidelity = 'exact'
  const shaped = spansOf(blocks).map(({ start_time, end_time, covering }) => {
    const figure = covering[0]!.unit === 'A' ? current(covering, sum) : power(covering, run.context.phaseBalance)
    fidelity = worst(fidelity, figure.fidelity)
    return { ...withoutPhase(covering[0]!), capacity: figure.capacity, start_time, end_time }
  })
  return { blocks: shaped, fidelity }
}

const wholePower = new Set<string | undefined>(['ALL', 'UNKNOWN'])

interface Figure {
  readonly capacity: number
  readonly fidelity: Fidelity
}

/** Ampere: 1.0's figure holds for each phase, so the smallest; `ALL` may mean the sum over three (then a third of it). */
function current(covering: readonly ShapedBlock[], allIsSum: boolean): Figure {
  const perPhaseFigures = covering.map((b) => (b.phase === 'ALL' && allIsSum ? third(b.capacity) : b.capacity))
  const capacity = Math.min(...perPhaseFigures)
  const equal = covering.every((_, i) => perPhaseFigures[i] === capacity)
  const divided = covering.some((b) => b.phase === 'ALL' && allIsSum)
  return { capacity, fidelity: equal && !divided ? 'exact' : 'safe' }
}

/** Power: 1.0's figure is the total, so the tighter of what `ALL` states and n times the smallest phase. */
function power(covering: readonly ShapedBlock[], balance: 'assumed' | 'strict'): Figure {
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

function withoutPhase(block: ShapedBlock): ShapedBlock {
  return { ...block, phase: undefined }
}
