/** Usage that a flexibility provider reports, in either style, as an old DSO gets it: every interval of energy once, in order. */
import { expect } from 'chai'
import { startCpo } from '../../peers/cpo.ts'
import { startDsoService } from '../../peers/dso-service.ts'
import { type DsoScene, openDsoScene, say } from '../../support/dso-scene.ts'
import { clockFrom, eventually, startTestGateway } from '../../support/gateway.ts'
import { at, cable, closeLater, closeScenes, span, start, states } from '../../support/scene.ts'

const path = 'update_group_measurements'
const measured = (value: number, to: string, from?: string, more: object = {}) => ({
  value,
  phase: 'ALL',
  unit: 'KWH',
  direction: 'IMPORT',
  measure_time: at(to),
  ...(from === undefined ? {} : { initial_measure_time: at(from) }),
  ...more,
})
const usage = (...measurements: object[]) => ({ group_id: 'hub', measurements })

/** What the DSO was told of each cable, as `energy unit from to`. */
const told = ({ dso }: Pick<DsoScene, 'dso'>) =>
  dso.calls('UpdateAggregatedUsage').flatMap(({ value }) =>
    value.aggregatedUsage!.flatMap(({ cableId, energyUnit, block }) =>
      block!.map(({ energy, startTime, endTime }) => {
        const hour = (time: string) => time.replace(/^.*T(\d\d:\d\d):00\.000Z$/, '$1')
        return `${cableId}: ${energy} ${energyUnit} ${hour(startTime!)}-${hour(endTime!)}`
      }),
    ),
  )

for (const state of states)
  describe(`Usage on ${state} state`, () => {
    afterEach(closeScenes)

    it('of intervals is told as it is, one message for each, in order', async () => {
      const scene = await openDsoScene(state, { link: { cspIdentity: 'CSP-1' } })
      expect((await scene.say(path, usage(measured(1.25, '00:15', '00:00')))).status).to.equal(204)
      expect(
        (await scene.say(path, usage(measured(2, '00:30', '00:15'), measured(0, '00:45', '00:30')))).status,
      ).to.equal(204)
      await scene.dso.waitFor('UpdateAggregatedUsage', 2)
      expect(told(scene)).to.deep.equal([
        '007: 1.25 kWh 00:00-00:15',
        '007: 2 kWh 00:15-00:30',
        '007: 0 kWh 00:30-00:45',
      ])
      for (const call of scene.dso.calls('UpdateAggregatedUsage')) {
        expect(call.wrong).to.equal(undefined)
        expect(call.blocks.cspIdentity).to.equal('CSP-1')
      }
      const lines = scene.gateway.observed.attempts.filter(({ message }) => message === 'UpdateAggregatedUsage')
      expect(lines[0]).to.include({ direction: 'toLegacy', peer: 'dso', group: 'hub', outcome: 'accepted' })
    })

    it('of a running register is told as the differences of its readings, across a restart where state outlives it', async () => {
      const scene = await openDsoScene(state)
      expect((await scene.say(path, usage(measured(184_230.75, '00:15')))).status).to.equal(204)
      expect((await scene.say(path, usage(measured(184_231, '00:30')))).status).to.equal(204)
      await scene.dso.waitFor('UpdateAggregatedUsage')
      if (state === 'Redis') await scene.restartGateway()
      expect((await scene.say(path, usage(measured(184_233.5, '00:45')))).status).to.equal(204)
      await scene.dso.waitFor('UpdateAggregatedUsage', 2)
      expect(told(scene)).to.deep.equal(['007: 0.25 kWh 00:15-00:30', '007: 2.5 kWh 00:30-00:45'])
      const receipts = scene.gateway.observed.exchanges.flatMap((line) => line.receipts)
      expect(receipts.length).to.be.greaterThan(0)
    })

    it('after a register was reset begins anew and counts nothing twice', async () => {
      const scene = await openDsoScene(state)
      for (const [value, to] of [
        [100, '00:15'],
        [101, '00:30'],
        [3, '00:45'],
        [4, '01:00'],
      ] as const)
        expect((await scene.say(path, usage(measured(value, to)))).status).to.equal(204)
      await scene.dso.waitFor('UpdateAggregatedUsage', 2)
      expect(told(scene)).to.deep.equal(['007: 1 kWh 00:15-00:30', '007: 1 kWh 00:45-01:00'])
    })

    it('reported by many at once adds up to what the register has counted', async () => {
      const scene = await openDsoScene(state)
      await scene.say(path, usage(measured(0, '00:00')))
      const times = Array.from({ length: 20 }, (_, i) => `00:${String(i + 1).padStart(2, '0')}`)
      const said = await Promise.all(times.map((to, i) => scene.say(path, usage(measured(i + 1, to)))))
      expect(new Set(said.map(({ status }) => status))).to.deep.equal(new Set([204]))
      const total = () =>
        told(scene)
          .map((line) => Number(/: (\d+) /.exec(line)![1]))
          .reduce((sum, value) => sum + value, 0)
      await eventually('all of it is told', () => total() >= 20, 10_000)
      expect(total()).to.equal(20)
    })

    it('names the forecast that was in force when the energy flowed', async () => {
      const scene = await openDsoScene(state)
      const named = (forecastId: string, from: string, to: string) => ({
        ...cable('007', span(from, to, 10)),
        forecastId,
      })
      await scene.caller.sendForecast([named('F-1', '00:00', '12:00')])
      await scene.caller.sendForecast([named('F-2', '06:00', '12:00')])
      await scene.caller.sendForecast([cable('007', span('07:00', '08:00', 4))])
      await scene.caller.sendForecast([{ ...named('F-8', '00:00', '12:00'), cableId: '008' }])
      let before = 0
      const nameOf = async (to: string, from: string) => {
        await scene.say(path, usage(measured(1, to, from)))
        const call = await scene.dso.waitFor('UpdateAggregatedUsage', ++before)
        return call.value.aggregatedUsage![0]!.forecastId
      }
      // A limit does not wait for its name to be learnt.
      await eventually('the names are learnt', async () => (await nameOf('06:15', '06:00')) === 'F-2')
      expect(await nameOf('06:00', '05:45')).to.equal('F-1')
      expect(await nameOf('12:15', '12:00')).to.equal(undefined)
    })

    it('said twice with one id is told once', async () => {
      const scene = await openDsoScene(state)
      const body = usage(measured(1, '00:15', '00:00'))
      for (let i = 0; i < 3; i++) expect((await scene.say(path, body, { request: 'the same' })).status).to.equal(204)
      await scene.say(path, usage(measured(2, '00:30', '00:15')))
      await scene.dso.waitFor('UpdateAggregatedUsage', 2)
      expect(told(scene)).to.deep.equal(['007: 1 kWh 00:00-00:15', '007: 2 kWh 00:15-00:30'])
    })

    it('waits for a DSO that is away, keeps its order, and is told with the same id until it is taken', async () => {
      const scene = await openDsoScene(state)
      await scene.dso.stop()
      for (let hour = 0; hour < 5; hour++)
        expect((await scene.say(path, usage(measured(hour, `0${hour + 1}:00`, `0${hour}:00`)))).status).to.equal(204)
      scene.dso.behave('UpdateAggregatedUsage', (_, nth) => {
        if (nth === 1) return { fault: { code: 'Receiver', subcode: 'InternalError' } }
        return nth === 2 ? { body: '', status: 503 } : undefined
      })
      await scene.dso.restart()
      await scene.dso.waitFor('UpdateAggregatedUsage', 7)
      expect(
        told(scene)
          .slice(2)
          .map((line) => line.slice(5, 6)),
      ).to.deep.equal(['0', '1', '2', '3', '4'])
      const ids = scene.dso.calls('UpdateAggregatedUsage').map(({ blocks }) => blocks.MessageID)
      expect(new Set(ids.slice(0, 3)).size).to.equal(1)
      expect(new Set(ids).size).to.equal(5)
    })

    it('that the DSO rejects or finds faulty is given up with its reason, and what follows is told', async () => {
      const scene = await openDsoScene(state)
      scene.dso.behave('UpdateAggregatedUsage', (_, nth) => {
        if (nth === 1) return { value: { status: 'Rejected', info: 'month is closed' } }
        return nth === 2 ? { fault: { code: 'Sender', reason: 'no such meter' } } : undefined
      })
      for (let hour = 0; hour < 3; hour++)
        await scene.say(path, usage(measured(hour, `0${hour + 1}:00`, `0${hour}:00`)))
      await scene.dso.waitFor('UpdateAggregatedUsage', 3)
      const refused = scene.gateway.observed.attempts.filter(({ outcome }) => outcome === 'refused')
      expect(refused.map(({ sentence }) => sentence)).to.deep.equal(['month is closed', 'no such meter'])
    })

    it('is 501 for a DSO that has said that it takes none, or cannot be called, and a person is told', async () => {
      const scene = await openDsoScene(state)
      scene.dso.behave('UpdateAggregatedUsage', { fault: { code: 'Receiver', subcode: 'NotSupported' } })
      expect((await scene.say(path, usage(measured(1, '00:15', '00:00')))).status).to.equal(204)
      await eventually('a person is told', () =>
        scene.gateway.observed.alarms.some(({ alarm }) => alarm === 'measurements not taken'),
      )
      expect(await scene.say(path, usage(measured(1, '00:30', '00:15')))).to.include({
        status: 501,
        message: 'The grid operator takes no usage.',
      })
      expect(scene.dso.calls('UpdateAggregatedUsage')).to.have.length(1)
      const silent = await openDsoScene(state, { hosts: false })
      expect((await silent.say(path, usage(measured(1, '00:15', '00:00')))).status).to.equal(501)
    })

    it('of single assets is taken only from parties that are known to send it, and added up per group', async () => {
      const asset = (id: string, value: number) => ({
        asset_id: id,
        asset_category: 'CHARGING',
        energy_measurement: measured(value, '00:15', '00:00'),
      })
      const assets = { group_id: 'hub', measurements: [asset('a', 1), asset('b', 2.5)] }
      const usual = await openDsoScene(state)
      expect((await usual.say('update_asset_measurements', assets)).status).to.equal(501)
      const scene = await openDsoScene(state, { cpo: { profile: { measurementRoute: 'asset' } } })
      expect((await scene.say('update_asset_measurements', assets)).status).to.equal(204)
      expect((await scene.say(path, usage(measured(1, '00:15', '00:00')))).status).to.equal(501)
      await scene.dso.waitFor('UpdateAggregatedUsage')
      expect(told(scene)).to.deep.equal(['007: 3.5 kWh 00:00-00:15'])
    })

    it('that cannot be read is 400 or 404, moves no meter, and is not told', async () => {
      const scene = await openDsoScene(state)
      await scene.say(path, usage(measured(10, '00:15')))
      expect((await scene.say(path, usage(measured(1, '00:15', '00:30')))).status).to.equal(400)
      expect((await scene.say(path, usage(measured(99, '00:20', undefined, { unit: 'KW' })))).status).to.equal(400)
      expect((await scene.say(path, { ...usage(measured(99, '00:20')), group_id: 'x' })).status).to.equal(404)
      await scene.say(path, usage(measured(11, '00:30')))
      await scene.dso.waitFor('UpdateAggregatedUsage')
      expect(told(scene)).to.deep.equal(['007: 1 kWh 00:15-00:30'])
    })

    it('of two operators is kept apart: names of cables, meters and identities', async () => {
      const dso = closeLater(await startDsoService())
      const [north, south] = [closeLater(await startCpo()), closeLater(await startCpo())]
      const gateway = closeLater(
        await startTestGateway({
          config: {
            peers: {
              dso: { role: 'dso', url: dso.url, soapVersion: '1.2' },
              north: { role: 'fp', url: north.url, token: north.token, inboundToken: 'n' },
              south: { role: 'fp', url: south.url, token: south.token, inboundToken: 's' },
            },
            links: {
              north: { legacy: 'dso', modern: 'north', cspIdentity: 'CSP-N', groups: { '007': 'hub' } },
              south: { legacy: 'dso', modern: 'south', cspIdentity: 'CSP-S', groups: { '7': 'hub' } },
            },
          },
          now: clockFrom(start),
        }),
      )
      for (const [token, readings] of [
        ['n', [5, 6]],
        ['s', [100, 103]],
      ] as const)
        for (const [i, value] of readings.entries())
          expect((await say(gateway, path, usage(measured(value, `0${i}:00`)), {}, token)).status).to.equal(204)
      await dso.waitFor('UpdateAggregatedUsage', 2)
      expect(told({ dso })).to.deep.equal(['007: 1 kWh 00:00-01:00', '7: 3 kWh 00:00-01:00'])
      const calls = dso.calls('UpdateAggregatedUsage')
      expect(calls.map(({ blocks }) => blocks.cspIdentity)).to.deep.equal(['CSP-N', 'CSP-S'])
      expect(calls.map(({ version, wrong }) => [version, wrong])).to.deep.equal([
        ['1.2', undefined],
        ['1.2', undefined],
      ])
    })
  })
