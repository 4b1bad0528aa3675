/** What may go wrong between a peer, its sender and the state, in the order that once lost a newer limit or told a wrong word. */
import { expect } from 'chai'
import { eventually } from '../support/gateway.ts'
import { cable, closeScenes, limits, openScene, span } from '../support/scene.ts'

describe('A newer limit that was delivered while Redis was away', () => {
  afterEach(closeScenes)

  it('is not undone by the older one that was owed before', async () => {
    const { cpo, dso, redis, gateway } = await openScene('Redis')
    cpo.behave({ status: 503 })
    expect((await dso.sendForecast([cable('c1', span('06:00', '07:00', 100))])).status).to.equal('Accepted')
    redis!.pause()
    cpo.behave()
    expect((await dso.sendForecast([cable('c1', span('06:00', '07:00', 10))])).status).to.equal('Accepted')
    expect(limits(cpo, 'c1', '06:30')).to.deep.equal([10])
    redis!.resume()
    await eventually(
      'what was owed has been settled',
      () => {
        const last = gateway.observed.attempts.at(-1)
        return last?.outcome === 'accepted'
      },
      40_000,
    )
    expect(limits(cpo, 'c1', '06:30')).to.deep.equal([10])
  }).timeout(60_000)

  it('is part of what the gateway lays the next partial forecast over', async () => {
    const { cpo, dso, redis, gateway } = await openScene('Redis')
    redis!.pause()
    expect((await dso.sendForecast([cable('c1', span('06:00', '09:00', 10))])).status).to.equal('Accepted')
    redis!.resume()
    await eventually('the gateway is ready', async () => (await fetch(`${gateway.adminUrl}/readyz`)).ok)
    await cpo.stop()
    expect((await dso.sendForecast([cable('c1', span('07:00', '08:00', 5))])).status).to.equal('Accepted')
    await cpo.restart()
    cpo.received.length = 0
    expect((await dso.sendForecast([cable('c1', span('08:00', '08:30', 4))])).status).to.equal('Accepted')
    await eventually('the CPO has it', () => limits(cpo, 'c1', '08:15')[0] === 4)
    for (const [time, limit] of [
      ['06:30', 10],
      ['07:30', 5],
      ['08:45', 10],
    ] as const)
      expect(limits(cpo, 'c1', time), time).to.deep.equal([limit])
  })
})

for (const state of ['memory', 'Redis'] as const)
  describe(`Many senders at once, on ${state} state,`, () => {
    afterEach(closeScenes)

    it('are all told Rejected by a CPO that refuses everything, and never Accepted', async () => {
      const { cpo, dso } = await openScene(state, { link: { answerWithin: '8s' } })
      cpo.behave({ status: 400, body: { message: 'no' } })
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_, i) => dso.sendForecast([cable('c1', span('06:00', '07:00', i))])),
      )
      expect(new Set(answers.map(({ status }) => status))).to.deep.equal(new Set(['Rejected']))
    }).timeout(20_000)
  })
