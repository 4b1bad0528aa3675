/** Contexts of a translation: every setting of a link, alone and together. */
import fc from 'fast-check'
import type { Context, IdTable } from '../../src/mapping/run.ts'

const quarter = 15 * 60_000
const evening = Date.parse('2026-03-02T20:00:00Z')

/** The same ids on both sides; and a table in which every cable is known, but only some groups are. */
const identity: IdTable = { toModern: (id) => id, toLegacy: (id) => id }
const table: IdTable = {
  toModern: (id) => `~${id}`,
  toLegacy: (id) => (id.startsWith('~') ? id.slice(1) : undefined),
}

const fallback = fc.array(
  fc
    .record({
      from: fc.integer({ min: -8, max: 24 }),
      length: fc.integer({ min: 1, max: 40 }),
      capacity: fc.nat(999).map((n) => n / 10),
      unit: fc.constantFrom('KW', 'KW', 'W', 'A', 'KWH'),
      phase: fc.constantFrom(undefined, 'ALL', 'ONE'),
    })
    .map(({ from, length, ...rest }) => ({
      ...rest,
      start: evening + from * quarter,
      end: evening + (from + length) * quarter,
    })),
  { maxLength: 3 },
)

const base = {
  now: Date.parse('2026-03-02T19:00:00Z'),
  offlineAt: Date.parse('2026-03-02T22:03:00Z'),
  combinedAsset: 'all-chargers',
}

const mostly = <T>(usual: T, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 2, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary })

/** What any link may be configured with that does not reshape time or unit: there and back must be the same. */
const plain = {
  groups: fc.constantFrom(identity, identity, identity, table),
  zone: fc.constantFrom(undefined, 'Europe/Amsterdam'),
  amperePhases: fc.constantFrom<Context['amperePhases'][]>(
    ['ONE', 'TWO', 'THREE'],
    ['ONE'],
    ['UNKNOWN'],
    ['TWO', 'THREE'],
  ),
  ampereAllMeans: fc.constantFrom<'sum' | 'each'>('sum', 'each'),
  phaseBalance: fc.constantFrom<'assumed' | 'strict'>('assumed', 'strict'),
  energyType: fc.constantFrom<Context['energyType'][]>(undefined, 'FLEXIBLE', 'TOTAL'),
  forecastId: fc.constantFrom(undefined, 'F-1', '42'),
  voltage: mostly<Context['voltage']>(
    undefined,
    fc.constantFrom({ low: 207, high: 253 }, { low: 230, high: 230 }, { low: 219.7, high: 241.3 }),
  ),
}

export const plainContexts: fc.Arbitrary<Context> = fc.record(plain).map((changes) => ({ ...base, ...changes }))

export const contexts: fc.Arbitrary<Context> = fc
  .record({
    ...plain,
    now: fc.constantFrom(base.now, Date.parse('2026-03-02T22:07:30Z')),
    legacyUnit: mostly<Context['legacyUnit']>(undefined, fc.constantFrom('A', 'W', 'KW')),
    grid: mostly<Context['grid']>(undefined, fc.constantFrom(quarter, 60 * 60_000)),
    oddBlocks: fc.constantFrom(undefined, false, true),
    fallback: mostly<Context['fallback']>(undefined, fallback),
    measurements: fc.constantFrom<Context['measurements'][]>(undefined, 'INTERMITTENT', 'CONTINUOUS'),
    usageGrid: mostly<Context['usageGrid']>(undefined, fc.constant(quarter)),
  })
  .map((changes) => ({ ...base, ...changes }))
