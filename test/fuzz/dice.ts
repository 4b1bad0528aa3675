/** Choices that a seed determines, for generators. */
import { randomFrom } from '../xml/documents.ts'

export type Dice = ReturnType<typeof diceFrom>

export function diceFrom(seed: number) {
  const random = randomFrom(seed)
  const below = (n: number): number => Math.floor(random() * n)
  return {
    random,
    /** A whole number from 0 to n - 1. */
    below,
    pick: <T>(from: readonly T[]): T => from[below(from.length)]!,
    /** True this often, of 1. */
    often: (share: number): boolean => random() < share,
    times: <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i)),
  }
}
