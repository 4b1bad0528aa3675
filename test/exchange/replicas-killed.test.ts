/** Two gateways under load on one Redis, each killed in turn every few seconds: nothing that was taken is lost, nothing goes back. */
import { expect } from 'chai'
import { soak } from '../soak/run.ts'
import { closeScenes } from '../support/scene.ts'

/** Numbers in [0, 1), the same in every run. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return state / 2 ** 32
  }
}

describe('Two replicas under load, one of them killed every few seconds,', function () {
  this.timeout(240_000)
  afterEach(closeScenes)

  it('deliver every message that was taken, and no limit older than the newest that was acknowledged', async () => {
    const outcome = await soak({ killingMs: 20_000, outagesMs: 0, pauseMs: 300, random: seeded(20260302) })
    expect(outcome.lost).to.deep.equal([])
    expect(outcome.disorder).to.deep.equal([])
    expect(outcome.dead).to.equal(0)
    expect(outcome.kills).to.be.at.least(2)
    expect(outcome.taken).to.be.at.least(100)
  })
})
