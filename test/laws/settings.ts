/**
 * How many cases each law is tried with, and from which seed: quick by default, LAWS_RUNS for the full run (`npm run laws`).
 * Limits: the seed is fixed, so a failure happens again; it is printed in the title of every law.
 */
const runs = process.env.LAWS_RUNS

/** Cases per module and direction, or `quick` of them when no full run is asked for. */
export const casesOf = (quick: number): number => (runs === undefined ? quick : Number(runs))

export const seed = 20260302

/** For fast-check: the path to a failing case is printed with the seed. */
export const settings = (quick = 300) => ({ seed, numRuns: casesOf(quick), endOnFailure: false })

/** How a law says its seed. */
export const seeded = (quick = 300): string => `(seed ${seed}, ${casesOf(quick)} cases)`

/** Full runs take minutes. */
export const timeout = runs === undefined ? 60_000 : 3_600_000
