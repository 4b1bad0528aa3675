/**
 * The closed set of shapers: pure transforms of a forecast's list of blocks, in OSCP 2.0 terms.
 * Limits: blocks are half-open; a capacity never comes out higher than the input states, unless marked approximate.
 */
import type { Fidelity, ShaperRef } from '../define.ts'
import type { Run } from '../run.ts'
import { perPhase, toOneFigure } from './phases.ts'
import { tightest } from './tightest.ts'

/** A block as mapping rules see it on the modern side; what no rule has set yet is undefined. */
export interface ShapedBlock {
  capacity: number
  phase: string | undefined
  unit: string
  start_time: string
  end_time: string
}

export interface Shaped {
  readonly blocks: ShapedBlock[]
  /** What it did to this message; 'exact' when the figures mean what they meant. */
  readonly fidelity: Fidelity
}

export interface Shaper {
  readonly title: string
  readonly reason: string
  /** The fields of a modern item that only this shaper writes upwards and reads downwards. */
  readonly owns: readonly string[]
  toModern(blocks: readonly ShapedBlock[], run: Run, path: string): Shaped
  toLegacy(blocks: readonly ShapedBlock[], run: Run, path: string): Shaped
}

const shapers: Record<ShaperRef['use'], Shaper> = {
  tightest: {
    title: 'the smallest capacity where blocks overlap',
    reason: 'Neither protocol says which of two overlapping blocks holds.',
    owns: [],
    toModern: tightest,
    toLegacy: tightest,
  },
  phases: {
    title: 'one figure ↔ figures per phase',
    reason: 'OSCP 1.0 states power for all phases and current per phase; OSCP 2.0 states the phase of every block.',
    owns: ['phase'],
    toModern: perPhase,
    toLegacy: toOneFigure,
  },
}

export function shaperFor(ref: ShaperRef): Shaper {
  return shapers[ref.use]
}
