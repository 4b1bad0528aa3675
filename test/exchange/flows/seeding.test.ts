/** A flexibility provider that comes online is told what holds, by asking the DSO. */
import { expect } from 'chai'
import type { Called } from '../../peers/soap-service.ts'
import { element, openDsoScene } from '../../support/dso-scene.ts'
import { eventually } from '../../support/gateway.ts'
import { bodies, cable, closeScenes, limits, messageOf, span, states } from '../../support/scene.ts'

const day = span('00:00', '12:00', 100)
const lower = span('06:00', '07:00', 20)

/** That nothing more happens is known by something else that happens after it. */
const asked = (calls: Called[]) => calls.map(({ value }) => value.cableId)

for (const state of states)
  describe(`A party that comes online, on ${state} state,`, () => {
    afterEach(closeScenes)

    it('is told what its DSO says holds for all cables at once, in the order it says it', async () => {
      const { dso, cpo, gateway } = await openDsoScene(state, {
        service: { forecasts: () => [element('007', day), element('008', day), element('007', lower)] },
      })
      await eventually('the forecasts are there', () => cpo.received.length >= 3)
      expect(asked(dso.calls('GetCapacityForecast'))).to.deep.equal([[]])
      expect(limits(cpo, 'hub', '05:00', '06:30', '07:30')).to.deep.equal([100, 20, 100])
      expect(limits(cpo, 'depot', '05:00', '06:30')).to.deep.equal([100, 100])
      const [line] = gateway.observed.attempts.filter(({ peer }) => peer === 'dso')
      const about = { message: 'GetCapacityForecast', direction: 'toLegacy', outcome: 'accepted', attempt: 1 }
      expect(line).to.include({ ...about, link: 'link' })
      expect(`urn:uuid:${line!.request}`).to.equal(dso.calls('GetCapacityForecast')[0]!.blocks.MessageID)
      expect(gateway.observed.alarms).to.deep.equal([])
    })

    it('is told of its own groups, whatever else the DSO tells us, and of what can be told', async () => {
      const { cpo, gateway } = await openDsoScene(state, {
        service: {
          forecasts: () => [
            element('999', day),
            { ...element('008', day), block: [{ startTime: day.endTime, endTime: day.startTime, capacity: 1 }] },
            element('007', day),
          ],
        },
      })
      await eventually('the forecast is there', () => cpo.received.length >= 1)
      expect(bodies(cpo.received)).to.deep.equal([messageOf(cable('', day), 'hub')])
      await eventually('a person is told', () => gateway.observed.alarms.length > 0)
      expect(gateway.observed.alarms.map(({ alarm }) => alarm)).to.deep.equal(['forecasts not fetched'])
    })

    it('is told as soon as the DSO can be asked, and a person hears once that it cannot', async () => {
      const { dso, cpo, gateway } = await openDsoScene(state, {
        service: { forecasts: () => [element('007', day)], fails: ['GetCapacityForecast'] },
        dso: { soapVersion: '1.2' },
      })
      await dso.waitFor('GetCapacityForecast', 3)
      expect(cpo.received).to.deep.equal([])
      dso.behave('GetCapacityForecast')
      await eventually('the forecast is there', () => cpo.received.length > 0)
      expect(bodies(cpo.received)).to.deep.equal([messageOf(cable('', day), 'hub')])
      expect(gateway.observed.alarms.map(({ alarm }) => alarm)).to.deep.equal(['forecasts not fetched'])
    })

    it('is not told again what it holds, and the DSO is not asked more than once a minute', async () => {
      const scene = await openDsoScene(state, {
        service: { forecasts: () => [element('007', day)] },
        cpo: { profile: { handshakeInitiator: 'they' } },
      })
      const { dso, cpo, caller, say } = scene
      const shake = () =>
        say('handshake', { required_behaviour: { heartbeat_interval: 60, measurement_configuration: [] } })
      const acknowledged = () => cpo.received.filter((one) => one.path.endsWith('/handshake_acknowledge')).length
      expect((await shake()).status).to.equal(204)
      await eventually('the forecast is there', () => limits(cpo, 'hub', '05:00')[0] === 100)
      for (let nth = 2; nth < 5; nth++) {
        await shake()
        await eventually('the handshake is done', () => acknowledged() >= nth)
      }
      await caller.sendForecast([cable('008', day)])
      expect(dso.calls('GetCapacityForecast')).to.have.length(1)
      expect(limits(cpo, 'hub', '05:00')).to.deep.equal([100])
    })

    it('is told nothing by a DSO that has no such operation, and nobody is bothered', async () => {
      const { dso, cpo, gateway, say } = await openDsoScene(state, {
        service: { lacks: ['GetCapacityForecast'] },
        cpo: { profile: { handshakeInitiator: 'they' } },
      })
      await say('handshake', { required_behaviour: { heartbeat_interval: 60, measurement_configuration: [] } })
      await dso.waitFor('GetCapacityForecast')
      await say('handshake', { required_behaviour: { heartbeat_interval: 60, measurement_configuration: [] } })
      await eventually('both handshakes are done', () => cpo.received.length === 2)
      expect(gateway.observed.alarms.map(({ alarm }) => alarm)).to.not.include('forecasts not fetched')
      expect(dso.calls('GetCapacityForecast')).to.have.length(1)
    })
  })
