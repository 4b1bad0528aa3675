/** A capacity optimizer beside a legacy operator: it hears what the provider allows and what is used, and its optimum counts. */
import { expect } from 'chai'
import { connectCsp } from '../peers/csp.ts'
import type { CspService } from '../peers/csp-service.ts'
import { openDeployment } from '../support/deployment.ts'
import { eventually } from '../support/gateway.ts'
import { at, closeScenes, states } from '../support/scene.ts'

const time = (text: string) => new Date(at(text)).toISOString()
const block = (from: string, to: string, capacity: number, more: object = {}) => ({
  capacity,
  phase: 'ALL',
  unit: 'KW',
  start_time: time(from),
  end_time: time(to),
  ...more,
})
const forecast = (type: string, ...forecasted_blocks: object[]) => ({ group_id: 'hub', type, forecasted_blocks })
const name = 'update_group_capacity_forecast'

async function advised(state: (typeof states)[number], link: object = {}, profile: object = {}) {
  const deployment = await openDeployment(state, 'csp', {
    link: { groups: { '007': 'hub' }, optimum: 'apply', ...link },
    optimizer: {
      profile,
      habits: { acknowledges: () => ({ required_behaviour: { measurement_configuration: ['INTERMITTENT'] } }) },
    },
  })
  await deployment.online()
  const csp = deployment.service as CspService
  return {
    ...deployment,
    cp: deployment.party(),
    co: deployment.party('optimizer'),
    holds: (capacity: string) =>
      eventually(`the operator is held to ${capacity}`, () => csp.limitAt('007', at('06:00')) === capacity),
  }
}

for (const state of states)
  describe(`A capacity optimizer on ${state} state`, function () {
    this.timeout(30_000)
    afterEach(closeScenes)

    it('registers and shakes hands with us as its flexibility provider, and hears every limit as it was said', async () => {
      const { cp, co, online, stateOf } = await advised(state)
      await online('optimizer')
      expect(co.got('register')[0]!.body.version_url)
        .to.have.nested.property('[0].base_url')
        .that.matches(/\/oscp\/fp\/2\.0$/)
      expect(co.got('handshake')).to.have.length(1)
      expect(await stateOf('optimizer')).to.include({ role: 'co', state: 'ONLINE' })
      const said = [
        forecast('FALLBACK_CONSUMPTION', block('06:00', '09:00', 5)),
        forecast('GENERATION', block('06:00', '07:00', 3)),
        forecast('CONSUMPTION', block('06:00', '07:00', 11), block('07:00', '08:00', 12)),
      ]
      for (const one of said) expect((await cp.send(name, one)).status).to.equal(204)
      await co.waitFor(name, 3)
      expect(co.got(name).map(({ body }) => body)).to.have.deep.members(said)
    })

    it('that comes late gets what holds, each phase as it was said last', async () => {
      const { cp, co, online } = await advised(state)
      const phase = (phase: string, capacity: number) => block('06:00', '07:00', capacity, { phase, unit: 'A' })
      for (const one of [phase('ONE', 16), phase('TWO', 20), phase('THREE', 25), phase('ONE', 10)])
        expect((await cp.send(name, forecast('CONSUMPTION', one))).status).to.equal(204)
      await online('optimizer')
      await eventually('it has all phases', () => {
        const last = co.got(name).at(-1)?.body.forecasted_blocks as { phase: string; capacity: number }[] | undefined
        const held = Object.fromEntries((last ?? []).map(({ phase, capacity }) => [phase, capacity]))
        return JSON.stringify(held) === '{"ONE":10,"TWO":20,"THREE":25}'
      })
    })

    it('has its optimum applied within the limit while it is there, and forgotten when it has gone', async () => {
      const { cp, co, online, holds } = await advised(state)
      await online('optimizer')
      await cp.send(name, forecast('CONSUMPTION', block('06:00', '07:00', 11)))
      await holds('11 kW')
      expect((await co.send(name, forecast('OPTIMUM', block('06:00', '07:00', 7)))).status).to.equal(204)
      await holds('7 kW')
      expect((await co.send(name, forecast('OPTIMUM', block('06:00', '07:00', 40)))).status).to.equal(204)
      await holds('11 kW')
      await co.send(name, forecast('OPTIMUM', block('06:00', '07:00', 4)))
      await holds('4 kW')
      expect((await co.unregister()).status).to.equal(204)
      await holds('11 kW')
      expect(co.got(name)).to.have.length(1)
    })

    it('may state no limit, and nothing of a group it does not advise on', async () => {
      const { co, online, service } = await advised(state)
      await online('optimizer')
      const limit = await co.send(name, forecast('CONSUMPTION', block('06:00', '07:00', 1)))
      expect(limit.status).to.equal(501)
      const foreign = await co.send(name, { ...forecast('OPTIMUM', block('06:00', '07:00', 1)), group_id: 'depot' })
      expect(foreign.status).to.equal(404)
      expect(service.calls('UpdateCableCapacityForecast')).to.deep.equal([])
    })

    it('hears of usage as one combined asset where its profile asks for it, as the capacity provider does of the group', async () => {
      const profile = { measurementRoute: 'asset', combinedAssetId: 'all-chargers' }
      const { cp, co, online, soapUrl } = await advised(state, {}, profile)
      await online('optimizer')
      const csp = await connectCsp({ wsdlUrl: `${soapUrl}?wsdl` })
      const usage = { startTime: at('06:00'), endTime: at('06:15'), energy: '2.5' }
      expect(await csp.report({ cableId: '007', block: [usage] })).to.deep.equal({ status: 'Accepted' })
      const { body } = await co.waitFor('update_asset_measurements')
      const energy_measurement = {
        value: 2.5,
        phase: 'ALL',
        unit: 'KWH',
        direction: 'IMPORT',
        initial_measure_time: time('06:00'),
        measure_time: time('06:15'),
      }
      expect(body).to.deep.equal({
        group_id: 'hub',
        measurements: [{ asset_id: 'all-chargers', asset_category: 'CHARGING', energy_measurement }],
      })
      await cp.waitFor('update_group_measurements')
    })
  })
