/** A translation context for tests: cables C1, C2 … are groups G1, G2 …. */
import type { Context } from '../../src/mapping/run.ts'

export function context(changes: Partial<Context> = {}): Context {
  return {
    now: Date.parse('2026-03-02T22:00:00Z'),
    groups: {
      toModern: (id) => (/^C\d+$/.test(id) ? id.replace('C', 'G') : undefined),
      toLegacy: (id) => (/^G\d+$/.test(id) ? id.replace('G', 'C') : undefined),
    },
    amperePhases: ['ONE', 'TWO', 'THREE'],
    ampereAllMeans: 'sum',
    phaseBalance: 'assumed',
    offlineAt: Date.parse('2026-03-02T22:03:00Z'),
    ...changes,
  }
}
