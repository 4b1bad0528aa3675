/** What may go wrong between a peer, its sender and the state, in the order that once lost a newer limit or told a wrong word. */
import { expect } from 'chai'
import { openDsoScene } from '../support/dso-scene.ts'
import { eventually } from '../support/gateway.ts'
import { startRedisProxy } from '../support/redis-proxy.ts'
import { cable, closeLater, closeScenes, limits, openScene, span } from '../support/scene.ts'

const capacitiesOf = (body: unknown) =>
  (body as { forecasted_blocks: { capacity: number }[] }).forecasted_blocks.map(({ capacity }) => capacity)

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

  it('is not overtaken by the one before it, though the CPO is slow, whether Redis is back meanwhile or not', async () => {
    const { cpo, dso, redis, gateway } = await openScene('Redis')
    for (const isBack of [false, true]) {
      redis!.pause()
      cpo.received.length = 0
      cpo.behave(() => (cpo.received.length === 1 ? { delayMs: 3000 } : undefined))
      const older = dso.sendForecast([cable('c1', span('06:00', '08:00', 100))])
      await cpo.waitFor(1, 5000)
      if (isBack) {
        redis!.resume()
        await eventually('the gateway is ready', async () => (await fetch(`${gateway.adminUrl}/readyz`)).ok)
      }
      const newer = dso.sendForecast([cable('c1', span('06:00', '08:00', 10))])
      expect((await Promise.all([older, newer])).map(({ status }) => status)).to.deep.equal(['Accepted', 'Accepted'])
      // With the state back all that holds is stated: another gateway may have sent something older meanwhile.
      const second = isBack ? [10, 7, 8] : [10]
      expect(cpo.received.map(({ body }) => capacitiesOf(body))).to.deep.equal([[100], second])
      expect(limits(cpo, 'c1', '06:30')).to.deep.equal([10])
      redis!.resume()
      await eventually('the gateway is ready', async () => (await fetch(`${gateway.adminUrl}/readyz`)).ok)
      cpo.behave({ status: 503 })
      expect((await dso.sendForecast([cable('c1', span('09:00', '10:00', 7))])).status).to.equal('Accepted')
      cpo.behave()
      // What waits and the next are one message, that holds all there is.
      expect((await dso.sendForecast([cable('c1', span('10:00', '11:00', 8))])).status).to.equal('Accepted')
      await eventually('the CPO has both', () => limits(cpo, 'c1', '09:30')[0] === 7)
      expect(limits(cpo, 'c1', '06:30'), 'what it holds in the end').to.deep.equal([10])
    }
  }).timeout(40_000)
})

describe('A newer limit that one of two gateways delivered while neither reached Redis', () => {
  afterEach(closeScenes)

  it('holds in the end, though the other sends the older one that was owed before it hears of it', async () => {
    const scene = await openDsoScene('Redis', { proxied: true, link: { groups: 'identity' } })
    const { cpo, caller, proxy, redis, gateway } = scene
    const others = closeLater(await startRedisProxy(redis!.port))
    const other = await scene.replica(others.url)
    cpo.behave({ status: 503 })
    expect((await caller.sendForecast([cable('c1', span('06:00', '09:00', 100))])).status).to.equal('Accepted')
    for (const wire of [proxy!, others]) wire.cut()
    cpo.behave()
    expect((await caller.sendForecast([cable('c1', span('06:00', '07:00', 10))])).status).to.equal('Accepted')
    expect(limits(cpo, 'c1', '06:30')).to.deep.equal([10])
    others.mend()
    await eventually('the other has sent what was owed', () => limits(cpo, 'c1', '06:30')[0] === 100, 20_000)
    await eventually('it knows that', () => other.observed.attempts.at(-1)?.outcome === 'accepted')
    proxy!.mend()
    await eventually('what holds is there again', () => limits(cpo, 'c1', '06:30')[0] === 10, 20_000)
    expect(limits(cpo, 'c1', '08:30')).to.deep.equal([100])
    expect(gateway.observed.alarms.map(({ alarm }) => alarm)).to.include('delivered but not recorded')
  }).timeout(60_000)
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
