/**
 * Downwards, for a contract that states a unit per block: energy becomes mean power, and nothing else changes its unit.
 * Limits: what is compared with other blocks (they overlap, or are gridded), or wanted in one unit, is brought to one.
 */
import type { Fidelity } from '../rules.ts'
import { type Run, worst } from '../run.ts'
import { asBlocks, spansOf } from './blocks.ts'
import type { Item, Shaped } from './index.ts'
import { toOneUnit } from './units.ts'

export function toOwnUnits(items: readonly Item[], run: Run, path: string): Shaped {
  const { grid, legacyUnit } = run.context
  const blocks = asBlocks(items, run, path)
  const mixed = spansOf(blocks, path).some(({ covering }) => new Set(covering.map((b) => b.unit)).size > 1)
  if (mixed || grid !== undefined || legacyUnit !== undefined) return toOneUnit(blocks, run, path)
  const alone = blocks.map((block) => toOneUnit([block], run, path))
  return {
    items: alone.flatMap(({ items: made }) => made),
    fidelity: alone.reduce<Fidelity>((so, { fidelity }) => worst(so, fidelity), 'exact'),
    changed: alone.reduce((sum, { changed = 0 }) => sum + changed, 0),
  }
}
