/**
 * Downwards, one unit for all blocks of a forecast: energy becomes mean power, mixed power kW, and the unit a link wants.
 * Limits: every division rounds down to 3 decimals; ampere and watt only with a configured voltage, by its safe end.
 */
import { Big } from 'big.js'
import { parseInstant, printInstant } from '../codecs/instant.ts'
import type { Fidelity } from '../rules.ts'
import { type Run, worst } from '../run.ts'
import { asBlocks, type Block } from './blocks.ts'
import type { Item, Shaped } from './index.ts'

export function toOneUnit(items: readonly Item[], run: Run, path: string): Shaped {
  const blocks = asBlocks(items).map((block, i) => canonical(block, run, path, i))
  const meant = blocks.map((b) => (b.unit === 'WH' ? 'W' : b.unit === 'KWH' ? 'KW' : b.unit))
  const units = new Set(meant)
  const target = run.context.legacyUnit ?? (units.size === 1 ? meant[0]! : 'KW')
  let fidelity: Fidelity = 'exact'
  const shaped = blocks.map((block) => {
    const power = meanPower(block)
    const converted = convert(power.block, target, run, path)
    fidelity = worst(fidelity, worst(power.fidelity, converted.fidelity))
    return converted.block
  })
  return { items: shaped, fidelity }
}

interface Converted {
  readonly block: Block
  readonly fidelity: Fidelity
}

/** Times as instants that every later step may simply compare; what is no instant is refused here. */
function canonical(block: Block, run: Run, path: string, index: number): Block {
  const read = (field: 'start_time' | 'end_time'): string => {
    const instant = parseInstant(block[field], run.context.zone)
    if (typeof instant === 'number') return printInstant(instant)
    run.indices.push(index)
    return run.refuse(`${path}.${field}`, instant, 'invalid-message')
  }
  return { ...block, start_time: read('start_time'), end_time: read('end_time') }
}

/** The energy of a block as the power that uses it up evenly: what it was meant to limit, not when. */
function meanPower(block: Block): Converted {
  if (block.unit !== 'WH' && block.unit !== 'KWH') return { block, fidelity: 'exact' }
  const hours = new Big(Date.parse(block.end_time) - Date.parse(block.start_time)).div(3_600_000)
  const capacity = down(new Big(block.capacity).div(hours))
  return { block: { ...block, capacity, unit: block.unit.slice(0, -1) }, fidelity: 'approximate' }
}

function convert(block: Block, target: string, run: Run, path: string): Converted {
  const { unit } = block
  if (unit === target) return { block, fidelity: 'exact' }
  if (unit !== 'A' && target !== 'A') {
    const scaled = new Big(block.capacity).times(unit === 'W' ? '0.001' : 1000)
    const capacity = unit === 'W' ? down(scaled) : scaled.toNumber()
    return { block: { ...block, capacity, unit: target }, fidelity: scaled.eq(capacity) ? 'exact' : 'safe' }
  }
  const { voltage } = run.context
  if (!voltage) return run.refuse(path, 'must not mix current and power: no voltage is configured on this link')
  const fidelity: Fidelity = voltage.low === voltage.high ? 'approximate' : 'safe'
  return { block: unit === 'A' ? toPower(block, target, voltage.low, run) : toCurrent(block, voltage.high), fidelity }
}

const whole = new Set<string | undefined>(['ALL', 'UNKNOWN', undefined])

/** The low end of the voltage gives the least power that this current may be. */
function toPower(block: Block, target: string, volts: number, run: Run): Block {
  // A figure for all phases is their sum, or holds for each of three (protocol/oscp-2.0.md section 8.3).
  const isSum = block.phase === 'ALL' && run.context.ampereAllMeans === 'sum'
  const times = !whole.has(block.phase) || isSum ? 1 : 3
  const watts = new Big(block.capacity).times(volts).times(times)
  const capacity = down(target === 'KW' ? watts.div(1000) : watts)
  return { ...block, capacity, unit: target, phase: whole.has(block.phase) ? 'ALL' : block.phase }
}

/** The high end of the voltage gives the least current that this power may be; a total is shared by three phases. */
function toCurrent(block: Block, volts: number): Block {
  const watts = new Big(block.capacity).times(block.unit === 'KW' ? 1000 : 1)
  const capacity = down(watts.div(volts).div(whole.has(block.phase) ? 3 : 1))
  return { ...block, capacity, unit: 'A', phase: whole.has(block.phase) ? 'UNKNOWN' : block.phase }
}

/** Three decimals, rounded down; anything less is not a limit a meter could tell apart. */
export function down(value: Big): number {
  return value.round(3, Big.roundDown).toNumber()
}
