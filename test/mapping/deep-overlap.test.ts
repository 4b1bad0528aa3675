import { expect } from 'chai'
import { Refusal, Run } from '../../src/mapping/run.ts'
import { tightest } from '../../src/mapping/shapers/tightest.ts'
import { context } from '../support/context.ts'

/** Blocks that each lie within the one before: as many overlap in the middle as there are. */
function nested(count: number) {
  const middle = Date.parse('2026-03-03T12:00:00Z')
  return Array.from({ length: count }, (_, i) => ({
    capacity: i,
    phase: 'ALL',
    unit: 'KW',
    start_time: new Date(middle - (count - i) * 1000).toISOString(),
    end_time: new Date(middle + (count - i) * 1000).toISOString(),
  }))
}

describe('A forecast whose blocks overlap', () => {
  it('a hundred deep is still made the tightest of them', () => {
    expect(tightest(nested(100), new Run(context(), 0), 'block[]').fidelity).to.equal('safe')
  })

  it('thousands deep is refused before it holds everybody else up', () => {
    expect(() => tightest(nested(8000), new Run(context(), 0), 'block[]')).to.throw(Refusal, /overlap this deeply/)
  })
})
