/** The clock of a gateway, or of one of two, jumps by minutes and hours: nothing that was taken is lost or goes back. */
import { expect } from 'chai'
import { openDsoScene, say } from '../support/dso-scene.ts'
import { eventually } from '../support/gateway.ts'
import { cable, closeScenes, limits, span, states } from '../support/scene.ts'

const days = (nth: number) => cable('c', span('2026-03-01T00:00:00Z', '2026-03-10T00:00:00Z', nth))
const usage = (value: number) => {
  const times = { initial_measure_time: '2026-03-01T00:00:00Z', measure_time: '2026-03-01T00:15:00Z' }
  return { group_id: 'c', measurements: [{ value, phase: 'ALL', unit: 'KWH', direction: 'IMPORT', ...times }] }
}
/** In minutes, one after the other. */
const jumps = [5, -5, 180, -360, 600, -30]

for (const state of states)
  describe(`A clock that jumps, on ${state} state,`, function () {
    this.timeout(60_000)
    afterEach(closeScenes)

    it('ahead and back, keeps no message from arriving, nor lets one overtake another', async () => {
      const { clock, cpo, dso, caller, say: tell } = await openDsoScene(state, { link: { groups: 'identity' } })
      for (const [i, minutes] of jumps.entries()) {
        const nth = i + 1
        await Promise.all([cpo.stop(), dso.stop()])
        expect((await caller.sendForecast([days(nth)])).status).to.equal('Accepted')
        expect((await tell('update_group_measurements', usage(nth))).status).to.equal(204)
        clock.advance(minutes)
        await Promise.all([cpo.restart(), dso.restart()])
        await eventually('the limit is there', () => limits(cpo, 'c', '12:00')[0] === nth, 20_000)
        await dso.waitFor('UpdateAggregatedUsage', nth, 20_000)
      }
      const energies = dso.calls('UpdateAggregatedUsage').map(({ value }) => {
        const [{ block }] = value.aggregatedUsage as unknown as [{ block: { energy: string }[] }]
        return Number(block[0]!.energy)
      })
      expect([...new Set(energies)]).to.deep.equal(jumps.map((_, i) => i + 1))
    })
  })

describe('The clock of one of two gateways', function () {
  this.timeout(60_000)
  afterEach(closeScenes)

  it('that is hours off makes nobody send what the other sends, and no older limit after a newer', async () => {
    const scene = await openDsoScene('Redis', { link: { groups: 'identity' } })
    let skew = 0
    const other = await scene.replica(undefined, () => scene.clock() + skew * 60_000)
    for (const [i, minutes] of jumps.entries()) {
      skew = minutes
      const nth = i + 1
      expect((await scene.caller.sendForecast([days(nth)])).status).to.equal('Accepted')
      const gateway = nth % 2 === 0 ? scene.gateway : other
      expect((await say(gateway, 'update_group_measurements', usage(nth))).status).to.equal(204)
      await scene.dso.waitFor('UpdateAggregatedUsage', nth, 20_000)
      expect(limits(scene.cpo, 'c', '12:00')).to.deep.equal([nth])
    }
    expect(scene.dso.calls('UpdateAggregatedUsage')).to.have.length(jumps.length)
    expect(scene.cpo.received).to.have.length(jumps.length)
  })
})
