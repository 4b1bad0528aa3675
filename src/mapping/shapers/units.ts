/**
 * Downwards, one unit for all blocks of a forecast: energy becomes mean power, mixed power kW, and the unit a link wants.
 * Limits: every division rounds down to 3 decimals; ampere and watt only with a configured voltage, by its safe end.
 */
import type { Fidelity } from '../rules.ts'
import { type Run, worst } from '../run.ts'
import { asBlocks, type Block } from './blocks.ts'
import { atMost, down, exactly } from './figures.ts'
import type { Item, Shaped } from './index.ts'

export function toOneUnit(items: readonly Item[], run: Run, path: string): Shaped {
  const blocks = asBlocks(items, run, path)
  const target = run.context.legacyUnit ?? unitOfAll(blocks)
  if (blocks.every(({ unit }) => unit === target)) return { items: blocks, fidelity: 'exact', changed: 0 }
  let fidelity: Fidelity = 'exact'
  let changed = 0
  const shaped = blocks.flatMap((block) => {
    const power = meanPower(block)
    const converted = convert(power.blocks[0]!, target, run, path)
    const own = worst(power.fidelity, converted.fidelity)
    if (converted.blocks[0]!.unit !== block.unit) changed++
    fidelity = worst(fidelity, own)
    return converted.blocks
  })
  return { items: shaped, fidelity, changed }
}

/** The one that all of them are in, energy as the power it is the mean of; else kW. */
function unitOfAll([first, ...others]: readonly Block[]): string {
  if (first === undefined) return 'KW'
  const unit = unitOfPower(first.unit)
  return others.every((other) => other.unit === first.unit || unitOfPower(other.unit) === unit) ? unit : 'KW'
}

function unitOfPower(unit: string): string {
  return unit === 'WH' || unit === 'KWH' ? unit.slice(0, -1) : unit
}

interface Converted {
  readonly blocks: readonly Block[]
  readonly fidelity: Fidelity
}

/** An energy budget over its block is its mean power: energy in other moments of the block is not held back. */
function meanPower(block: Block): Converted {
  if (block.unit !== 'WH' && block.unit !== 'KWH') return { blocks: [block], fidelity: 'exact' }
  const length = Date.parse(block.end_time) - Date.parse(block.start_time)
  const capacity = down(exactly(block.capacity).times(3_600_000).div(length))
  return { blocks: [{ ...block, capacity, unit: block.unit.slice(0, -1) }], fidelity: 'approximate' }
}

function convert(block: Block, target: string, run: Run, path: string): Converted {
  const { unit } = block
  if (unit === target) return { blocks: [block], fidelity: 'exact' }
  if (unit !== 'A' && target !== 'A') {
    const scaled = exactly(block.capacity).times(unit === 'W' ? '0.001' : 1000)
    const capacity = unit === 'W' ? down(scaled) : atMost(scaled)
    return { blocks: [{ ...block, capacity, unit: target }], fidelity: scaled.eq(capacity) ? 'exact' : 'safe' }
  }
  const { voltage } = run.context
  if (!voltage) return run.refuse(path, 'must not mix current and power: no voltage is configured on this link')
  const fidelity: Fidelity = voltage.low === voltage.high ? 'approximate' : 'safe'
  const phases = phasesOf(run, path)
  const blocks =
    unit === 'A' ? toPower(block, target, voltage.low, phases, run) : [toCurrent(block, voltage.high, phases.length)]
  return { blocks, fidelity }
}

/** Power and current are only comparable where it is known which phases a figure in ampere is about. */
function phasesOf(run: Run, path: string): readonly string[] {
  const { amperePhases } = run.context
  if (amperePhases.includes('UNKNOWN'))
    run.refuse(path, 'must not mix current and power: the phases are not configured on this link')
  return amperePhases
}

const whole = new Set<string | undefined>(['ALL', 'UNKNOWN', undefined])

/** The low end of the voltage gives the least power that this current may be. */
function toPower(block: Block, target: string, volts: number, phases: readonly string[], run: Run): Block[] {
  const watts = exactly(block.capacity).times(volts)
  const power = { ...block, capacity: down(target === 'KW' ? watts.div(1000) : watts), unit: target }
  if (!whole.has(block.phase)) return [power]
  // A figure for all phases is their sum, or holds for each of them (protocol/oscp-2.0.md section 8.3).
  if (block.phase === 'ALL' && run.context.ampereAllMeans === 'sum') return [power]
  return phases.map((phase) => ({ ...power, phase }))
}

/** The high end of the voltage gives the least current that this power may be; a total is shared by the phases. */
function toCurrent(block: Block, volts: number, phases: number): Block {
  const watts = exactly(block.capacity).times(block.unit === 'KW' ? 1000 : 1)
  const isWhole = whole.has(block.phase)
  const capacity = down(watts.div(exactly(volts).times(isWhole ? phases : 1)))
  return { ...block, capacity, unit: 'A', phase: isWhole ? 'UNKNOWN' : block.phase }
}
