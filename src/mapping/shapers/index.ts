/**
 * The closed set of shapers: pure transforms of a message's list of items, in OSCP 2.0 terms.
 * Limits: blocks are half-open; a capacity never comes out higher than the input states, unless marked approximate.
 */
import type { Fidelity, ShaperRef } from '../rules.ts'
import type { Run } from '../run.ts'
import { onGrid } from './grid.ts'
import { perPhase, toOneFigure } from './phases.ts'
import { tightest } from './tightest.ts'
import { toOneUnit } from './units.ts'
import { toOwnUnits } from './units-own.ts'
import { usageShaper } from './usage.ts'

export type Item = Record<string, unknown>

export interface Shaped {
  readonly items: readonly Item[]
  /** What it did to this message; 'exact' when the figures mean what they meant. */
  readonly fidelity: Fidelity
  /** How many items do not simply say what they said before; where the figures mean the same, how many were rewritten. */
  readonly changed?: number
  /** How many items or instants were left out, by the keys of `drops`. */
  readonly dropped?: Readonly<Record<string, number>>
  /** Why there is nothing to send, where that is no fault of the message: it is held then, not refused. */
  readonly nothing?: string
}

export interface Shaper {
  readonly title: string
  readonly reason: string
  /** The fields of a modern item that it looks at, whoever writes them. */
  readonly needs: readonly string[]
  /** The fields of a modern item that only this shaper writes upwards and reads downwards. */
  readonly owns: readonly string[]
  /** Those of them that nothing in the legacy item states: the receipt names them filled. */
  readonly fills: readonly string[]
  /** The fields of a legacy item that it reads upwards; downwards they stay absent. */
  readonly reads: readonly string[]
  /** The fields of a legacy item that only this shaper writes downwards, and where in its items it leaves them. */
  readonly writes: Readonly<Record<string, string>>
  /** Fields of a modern item that are present after it downwards, though the contract lets them be absent. */
  readonly ensures: readonly string[]
  /** What it may leave out, each with the reason that the receipt gives. */
  readonly drops: Readonly<Record<string, string>>
  /** `source` is the legacy list that `items` were made from. */
  toModern(items: readonly Item[], run: Run, path: string, source: readonly Item[]): Shaped
  toLegacy(items: readonly Item[], run: Run, path: string): Shaped
}

const nothing = {
  needs: ['capacity', 'unit', 'phase', 'start_time', 'end_time'],
  owns: [],
  fills: [],
  reads: [],
  writes: {},
  ensures: [],
  drops: {},
}

const untouched = (items: readonly Item[]): Shaped => ({ items, fidelity: 'exact' })

const forecastShapers: Record<Exclude<ShaperRef['use'], 'usage'>, Shaper> = {
  tightest: {
    ...nothing,
    title: 'the smallest capacity where blocks overlap',
    reason: 'Neither protocol says which of two overlapping blocks holds.',
    toModern: tightest,
    toLegacy: tightest,
  },
  phases: {
    ...nothing,
    title: 'one figure ↔ figures per phase',
    reason: 'OSCP 1.0 states power for all phases and current per phase; OSCP 2.0 states the phase of every block.',
    owns: ['phase'],
    fills: ['phase'],
    toModern: perPhase,
    toLegacy: toOneFigure,
  },
  'one unit': {
    ...nothing,
    title: 'one unit for all blocks: energy as mean power, mixed units as kW',
    reason: 'OSCP 1.0 states one unit of power or current per forecast.',
    toModern: untouched,
    toLegacy: toOneUnit,
  },
  'unit per block': {
    ...nothing,
    title: 'energy as mean power; one unit where blocks overlap or are gridded',
    reason: 'The 1.0 party states power or current, in the unit of each block.',
    toModern: untouched,
    toLegacy: toOwnUnits,
  },
  grid: {
    ...nothing,
    title: 'quarter hours by the minimum, where the link asks for a grid',
    reason: 'The 1.0 party takes blocks on a grid only; a quarter gets the smallest capacity stated in it.',
    drops: {
      quarters: 'The quarter is not wholly covered, no fallback covers the rest, and the link allows no odd blocks.',
    },
    toModern: untouched,
    toLegacy: onGrid,
  },
}

export function shaperFor(ref: ShaperRef): Shaper {
  return ref.use === 'usage' ? usageShaper(ref.inside, ref.meters) : forecastShapers[ref.use]
}
