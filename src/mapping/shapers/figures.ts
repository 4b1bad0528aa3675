/**
 * Arithmetic on limits that never comes out higher: decimals as they are written, quotients and doubles rounded down.
 * Limits: for figures of zero or more; energies that were measured are added up elsewhere, without rounding.
 */
import { Big } from 'big.js'

/** An own constructor, so that no division anywhere else changes its rounding: every quotient is cut, never raised. */
const Down = Big()
Down.DP = 30
Down.RM = Big.roundDown

export const exactly = (value: number): Big => new Down(value)

/** The largest double that states no more than this. */
export function atMost(value: Big): number {
  const nearest = Math.min(value.toNumber(), Number.MAX_VALUE) // what is beyond all doubles would be read as infinite
  return exactly(nearest).gt(value) ? doubleBelow(nearest) : nearest
}

function doubleBelow(value: number): number {
  const bits = new BigUint64Array(new Float64Array([value]).buffer)
  bits[0]! -= 1n
  return new Float64Array(bits.buffer)[0]!
}

/** Three decimals, rounded down; anything less is not a limit a meter could tell apart. */
export const down = (value: Big): number => atMost(value.round(3, Big.roundDown))

/** A part's share of a budget of energy, in proportion to time. */
export const shareOf = (energy: number, part: number, whole: number): number =>
  part === whole ? energy : down(exactly(energy).times(part).div(whole))
