/** Wishes of a flexibility provider for other capacities: how an old DSO hears of them, and how its word comes back. */
import { expect } from 'chai'
import { type Cpo, type Received, startCpo } from '../../peers/cpo.ts'
import { connectDso } from '../../peers/dso.ts'
import { startDsoService } from '../../peers/dso-service.ts'
import { type DsoScene, element, openDsoScene, say } from '../../support/dso-scene.ts'
import { clockFrom, eventually, startTestGateway } from '../../support/gateway.ts'
import {
  bodies,
  cable,
  closeLater,
  closeScenes,
  messageOf,
  requestId,
  span,
  start,
  states,
} from '../../support/scene.ts'

const path = 'adjust_group_capacity_forecast'
const wish = (capacity: number, group = 'hub') => messageOf(cable('', span('06:00', '07:00', capacity)), group)
const before = cable('007', span('00:00', '12:00', 100))
const granted = span('06:00', '07:00', 150)

const answers = (cpo: Cpo, request: string): Received[] =>
  cpo.received.filter(({ headers }) => headers['x-correlation-id'] === request)
const answerTo = (cpo: Cpo, request: string) =>
  eventually('the wish is answered', () => answers(cpo, request)[0], 10_000)

/** The CPO holds 100 kW on its hub for half a day. */
async function withForecast(scene: DsoScene): Promise<void> {
  expect((await scene.caller.sendForecast([before])).status).to.equal('Accepted')
}

for (const state of states)
  describe(`A wish for other capacities on ${state} state`, () => {
    afterEach(closeScenes)

    it('is put to the DSO in its own words, and answered by its next forecast when it is left pending', async () => {
      const scene = await openDsoScene(state, { link: { cspIdentity: 'CSP-1' } })
      const { dso, cpo, caller } = scene
      await withForecast(scene)
      const said = await scene.say(path, wish(150))
      expect(said.status).to.equal(204)
      const call = await dso.waitFor('RequestAdjustedCapacity')
      expect(call).to.include({ wrong: undefined, status: 200 })
      expect(call.blocks).to.include({ cspIdentity: 'CSP-1' })
      expect(call.value.requestedCapacity).to.deep.equal({
        cableId: '007',
        capacityUnit: 'kW',
        block: [{ startTime: '2026-03-03T06:00:00.000Z', endTime: '2026-03-03T07:00:00.000Z', capacity: '150' }],
      })
      expect(answers(cpo, said.request)).to.deep.equal([])
      await caller.sendForecast([cable('008', granted)])
      await caller.sendForecast([cable('007', granted)])
      await caller.sendForecast([cable('007', granted)])
      const [first, ...more] = answers(cpo, said.request)
      expect(first!.body).to.deep.equal(messageOf(cable('007', granted), 'hub'))
      expect(more).to.deep.equal([])
      expect(cpo.received).to.have.length(4)
    })

    it('is answered by the forecast that comes with the grant', async () => {
      const scene = await openDsoScene(state)
      scene.dso.behave('RequestAdjustedCapacity', {
        value: { status: 'Accepted', cableCapacityForecast: element('007', granted) },
      })
      await withForecast(scene)
      const { request } = await scene.say(path, wish(150))
      expect((await answerTo(scene.cpo, request)).body).to.deep.equal(messageOf(cable('007', granted), 'hub'))
      expect(scene.cpo.limitAt('hub', new Date('2026-03-03T06:30:00Z'))?.capacity).to.equal(150)
      expect(scene.cpo.limitAt('hub', new Date('2026-03-03T07:30:00Z'))?.capacity).to.equal(100)
    })

    it('that is granted without a forecast is answered by what the DSO then says of that cable', async () => {
      const scene = await openDsoScene(state, {
        service: { forecasts: ({ value }) => (value.cableId!.length === 0 ? [] : [element('007', granted)]) },
      })
      scene.dso.behave('RequestAdjustedCapacity', { value: { status: 'Accepted' } })
      await withForecast(scene)
      const { request } = await scene.say(path, wish(150))
      expect((await answerTo(scene.cpo, request)).body).to.deep.equal(messageOf(cable('007', granted), 'hub'))
      expect(scene.dso.calls('GetCapacityForecast').at(-1)!.value.cableId).to.deep.equal(['007'])
    })

    it('that is rejected is answered by what held before', async () => {
      const scene = await openDsoScene(state)
      scene.dso.behave('RequestAdjustedCapacity', { value: { status: 'Rejected', info: 'full' } })
      await withForecast(scene)
      const { request } = await scene.say(path, wish(150))
      const answer = await answerTo(scene.cpo, request)
      expect(answer.body).to.deep.equal(messageOf(before, 'hub'))
      expect(requestId(answer)).not.to.equal(requestId(scene.cpo.received[0]!))
      expect(scene.gateway.observed.alarms).to.deep.equal([])
      // It is decided: the next forecast answers nothing.
      await scene.caller.sendForecast([cable('007', granted)])
      expect(answers(scene.cpo, request)).to.have.length(1)
    })

    for (const [title, how] of Object.entries({
      'a fault of the sender': { fault: { code: 'Sender', reason: 'not this week' } },
      'an answer that cannot be translated': {
        value: {
          status: 'Accepted',
          cableCapacityForecast: element('unknown', granted),
        },
      },
    } as const))
      it(`that meets ${title} is answered by what held before, and a person is told`, async () => {
        const scene = await openDsoScene(state)
        scene.dso.behave('RequestAdjustedCapacity', how)
        await withForecast(scene)
        const { request } = await scene.say(path, wish(150))
        expect((await answerTo(scene.cpo, request)).body).to.deep.equal(messageOf(before, 'hub'))
        expect(scene.gateway.observed.alarms.map(({ alarm }) => alarm)).to.include('adjustment not decided')
        await eventually('it is given up', () =>
          scene.gateway.observed.attempts.some(({ peer, outcome }) => peer === 'dso' && outcome === 'refused'),
        )
        expect(scene.dso.calls('RequestAdjustedCapacity')).to.have.length(1)
      })

    it('is answered also by a forecast that is faster than the answer of the DSO', async () => {
      const scene = await openDsoScene(state)
      await withForecast(scene)
      scene.dso.behave('RequestAdjustedCapacity', { delayMs: 300, value: { status: 'Pending' } })
      const { request } = await scene.say(path, wish(150))
      await eventually('the DSO has the wish', () => scene.dso.calls('RequestAdjustedCapacity').length === 1)
      await scene.caller.sendForecast([cable('007', granted)])
      expect((await answerTo(scene.cpo, request)).body).to.deep.equal(messageOf(cable('007', granted), 'hub'))
    })

    it('waits for a DSO that cannot be reached or answers a web page, as the same message', async () => {
      const scene = await openDsoScene(state)
      await withForecast(scene)
      await scene.dso.stop()
      const { request } = await scene.say(path, wish(150))
      await eventually('an attempt has failed', () =>
        scene.gateway.observed.attempts.some(({ peer, outcome }) => peer === 'dso' && outcome === 'unavailable'),
      )
      scene.dso.behave('RequestAdjustedCapacity', (_, nth) =>
        nth === 1
          ? { body: '<html>Sign in</html>', contentType: 'text/html' }
          : { value: { status: 'Accepted', cableCapacityForecast: element('007', granted) } },
      )
      await scene.dso.restart()
      expect((await answerTo(scene.cpo, request)).body).to.deep.equal(messageOf(cable('007', granted), 'hub'))
      const ids = scene.dso.calls('RequestAdjustedCapacity').map(({ blocks }) => blocks.MessageID)
      expect(ids).to.have.length(2)
      expect(new Set(ids).size).to.equal(1)
      const sentences = scene.gateway.observed.attempts.map(({ sentence }) => sentence)
      expect(sentences).to.include('The peer answered HTML with status 200, expected SOAP.')
    })

    it('is 501 for a DSO that cannot be asked, or has said that it takes none', async () => {
      const silent = await openDsoScene(state, { hosts: false })
      expect(await silent.say(path, wish(150))).to.include({
        status: 501,
        message: 'The grid operator takes no wishes.',
      })
      const scene = await openDsoScene(state)
      scene.dso.behave('RequestAdjustedCapacity', { fault: { code: 'Receiver', subcode: 'NotSupported' } })
      expect((await scene.say(path, wish(150))).status).to.equal(204)
      await eventually('it has said so', () =>
        scene.gateway.observed.attempts.some(({ peer, outcome }) => peer === 'dso' && outcome === 'refused'),
      )
      expect((await scene.say(path, wish(160))).status).to.equal(501)
      expect(scene.dso.calls('RequestAdjustedCapacity')).to.have.length(1)
    })

    it('is refused before the DSO hears of it when it says what OSCP 1.0 cannot', async () => {
      const scene = await openDsoScene(state)
      const [block] = wish(1).forecasted_blocks
      const cases: [object, number, RegExp][] = [
        [{ ...wish(1), type: 'GENERATION' }, 501, /Only CONSUMPTION/],
        [{ ...wish(1), group_id: 'nowhere' }, 404, /is no group that is served here/],
        [{ ...wish(1), forecasted_blocks: [{ ...block, end_time: block!.start_time }] }, 400, /end_time/],
        [{ ...wish(1), forecasted_blocks: [block, { ...block, unit: 'A' }] }, 400, /must not mix curr/],
        [messageOf(cable('', span('2026-03-01T00:00:00Z', '2026-03-01T01:00:00Z', 5)), 'hub'), 400, /not ended/],
      ]
      for (const [body, status, sentence] of cases) {
        const said = await scene.say(path, body)
        expect(said.status, JSON.stringify(body)).to.equal(status)
        expect(said.message).to.match(sentence)
      }
      expect(scene.dso.received).to.satisfy((all: { operation: string }[]) =>
        all.every(({ operation }) => operation === 'GetCapacityForecast'),
      )
    })

    it('of two operators with one DSO reaches it with the name of each, in the words of each link', async () => {
      const dso = closeLater(await startDsoService())
      const [north, south] = [closeLater(await startCpo()), closeLater(await startCpo())]
      const peer = ({ url, token }: Cpo, inboundToken: string) => ({ role: 'fp', url, token, inboundToken })
      const gateway = closeLater(
        await startTestGateway({
          config: {
            peers: { dso: { role: 'dso', url: dso.url }, north: peer(north, 'n'), south: peer(south, 's') },
            links: {
              north: { legacy: 'dso', modern: 'north', cspIdentity: 'CSP-N', groups: { '007': 'hub' } },
              south: { legacy: 'dso', modern: 'south', cspIdentity: 'CSP-S', groups: { '7': 'hub', '9': 'mill' } },
            },
          },
          now: clockFrom(start),
        }),
      )
      const wishes = [await say(gateway, path, wish(1), {}, 'n'), await say(gateway, path, wish(2), {}, 's')]
      await dso.waitFor('RequestAdjustedCapacity', 2)
      const calls = dso
        .calls('RequestAdjustedCapacity')
        .map(({ blocks, value }) => [
          blocks.cspIdentity,
          value.requestedCapacity!.cableId,
          value.requestedCapacity!.block![0]!.capacity,
        ])
      expect(calls).to.have.deep.members([
        ['CSP-N', '007', '1'],
        ['CSP-S', '7', '2'],
      ])
      const wsdlUrl = `${gateway.soapUrl}/oscp/1.0/dso?wsdl`
      await (await connectDso({ wsdlUrl, cspIdentity: 'CSP-S' })).sendForecast([cable('7', granted)])
      expect(bodies(answers(south, wishes[1]!.request))).to.deep.equal([messageOf(cable('', granted), 'hub')])
      expect(north.received).to.deep.equal([])
    })
  })
