/** What an operator of OSCP 1.0 asks of its capacity provider and reports to it, as the provider hears of it in OSCP 2.0. */
import { expect } from 'chai'
import { connectCsp } from '../peers/csp.ts'
import { SoapFault } from '../peers/dso.ts'
import { type Deployment, openDeployment } from '../support/deployment.ts'
import { eventually } from '../support/gateway.ts'
import { at, closeScenes, span, states } from '../support/scene.ts'

const handshake = (...styles: string[]) => ({
  handshake: { required_behaviour: { heartbeat_interval: 60, measurement_configuration: styles } },
})
const cspOf = ({ soapUrl }: Deployment) => connectCsp({ wsdlUrl: `${soapUrl}?wsdl` })

const measured = (more: object) => ({ phase: 'ALL', unit: 'KWH', direction: 'IMPORT', ...more })
const time = (text: string) => new Date(at(text)).toISOString()

/** The measurements that a party got, message by message. */
const told = (deployment: Deployment, name = 'modern') =>
  deployment
    .party(name)
    .got('update_group_measurements')
    .filter(({ status }) => status === 204)
    .map(({ body }) => body)

for (const state of states)
  describe(`An operator on ${state} state`, function () {
    this.timeout(30_000)
    afterEach(closeScenes)

    describe('asking for other capacities', () => {
      it('is told Pending, and the capacity provider gets the absolute figures it wishes', async () => {
        const deployment = await openDeployment(state, 'csp', { link: { groups: { '007': 'hub' } } })
        await deployment.online()
        const csp = await cspOf(deployment)
        const answer = await csp.ask('007', span('06:00', '06:15', '150.5'), span('06:15', '06:30', 0))
        expect(answer).to.deep.equal({ status: 'Pending' })
        const { body } = await deployment.party().waitFor('adjust_group_capacity_forecast')
        const block = { phase: 'ALL', unit: 'KW' }
        expect(body).to.deep.equal({
          group_id: 'hub',
          type: 'CONSUMPTION',
          forecasted_blocks: [
            { capacity: 150.5, ...block, start_time: time('06:00'), end_time: time('06:15') },
            { capacity: 0, ...block, start_time: time('06:15'), end_time: time('06:30') },
          ],
        })
      })

      it('is Rejected for a cable that nobody knows and for a time that has passed, and faulted for what is no request', async () => {
        const deployment = await openDeployment(state, 'csp', { link: { groups: { '007': 'hub' } } })
        await deployment.online()
        const csp = await cspOf(deployment)
        expect(await csp.ask('7', span('06:00', '07:00', 1))).to.deep.equal({
          status: 'Rejected',
          info: '7: is not known on this link',
        })
        const past = { startTime: '2026-03-02T20:00:00Z', endTime: '2026-03-02T21:00:00Z', capacity: 1 }
        expect(await csp.ask('007', past)).to.deep.equal({ status: 'Rejected', info: '007: every block has ended' })
        const error = await csp.ask('007', span('07:00', '06:00', 1)).catch((thrown: unknown) => thrown)
        expect(error).to.be.instanceOf(SoapFault)
        expect((error as SoapFault).exchange.responseXml).to.include('block[0].endTime')
        await csp.ask('007', span('06:00', '07:00', 1))
        await deployment.party().waitFor('adjust_group_capacity_forecast')
        expect(deployment.party().got('adjust_group_capacity_forecast')).to.have.length(1)
      })

      it('waits for a provider that is away, in the order asked, and a refusal of it ends in the dead list', async () => {
        let refuses = 503
        const refuse = { refuses: ({ name }: { name: string }) => (name.startsWith('adjust') ? refuses : undefined) }
        const parties = { modern: { habits: refuse } }
        const deployment = await openDeployment(state, 'csp', { parties })
        await deployment.online()
        const csp = await cspOf(deployment)
        for (const capacity of [1, 2, 3]) await csp.ask('007', span('06:00', '07:00', capacity))
        await deployment.party().waitFor('adjust_group_capacity_forecast', 2)
        refuses = 409
        await eventually('three refusals', () => {
          const given = deployment.alarms.filter(({ alarm }) => alarm === 'message given up')
          return given.length === 3
        })
        const asked = deployment.party().got('adjust_group_capacity_forecast')
        const capacities = asked
          .filter(({ status }) => status === 409)
          .map(({ body }) => (body.forecasted_blocks as { capacity: number }[])[0]!.capacity)
        expect(capacities).to.deep.equal([1, 2, 3])
        expect(new Set(asked.map(({ headers }) => headers['x-request-id'])).size).to.equal(3)
      })

      it('too soon again for one group is Rejected where the profile says so', async () => {
        const parties = { modern: { profile: { adjustEvery: '60s' } } }
        const deployment = await openDeployment(state, 'csp', { parties })
        await deployment.online()
        const csp = await cspOf(deployment)
        expect(await csp.ask('007', span('06:00', '07:00', 1))).to.include({ status: 'Pending' })
        expect(await csp.ask('007', span('06:00', '07:00', 2))).to.deep.equal({
          status: 'Rejected',
          info: '007: was asked for a moment ago',
        })
        expect(await csp.ask('7', span('06:00', '07:00', 3))).to.include({ status: 'Pending' })
        deployment.clock.advance(1)
        expect(await csp.ask('007', span('06:00', '07:00', 4))).to.include({ status: 'Pending' })
        await deployment.party().waitFor('adjust_group_capacity_forecast', 3)
      })
    })

    describe('reporting usage', () => {
      it('is Accepted once it is kept, and told as the energy of intervals where that was asked for', async () => {
        const parties = { modern: { habits: handshake('INTERMITTENT') } }
        const deployment = await openDeployment(state, 'csp', {
          parties,
          link: { groups: { '007': 'hub', '7': 'depot' } },
        })
        await deployment.online()
        const csp = await cspOf(deployment)
        const [one, two] = [
          { startTime: at('06:00'), endTime: at('06:15'), energy: '2.5', meterStart: 100, meterEnd: '102.5' },
          { startTime: at('06:15'), endTime: at('06:30'), energy: 0 },
        ]
        const answer = await csp.report({ cableId: '007', block: [one, two] }, { cableId: '7', block: [two] })
        expect(answer).to.deep.equal({ status: 'Accepted' })
        await eventually('both groups are told', () => told(deployment).length === 2)
        const first = { value: 2.5, initial_measure_time: time('06:00'), measure_time: time('06:15') }
        const second = { value: 0, initial_measure_time: time('06:15'), measure_time: time('06:30') }
        expect(told(deployment)).to.deep.equal([
          { group_id: 'hub', measurements: [measured(first), measured(second)] },
          { group_id: 'depot', measurements: [measured(second)] },
        ])
      })

      it('is told as readings of the real register, its start once, to who does not mind', async () => {
        const parties = { modern: { habits: handshake() } }
        const deployment = await openDeployment(state, 'csp', { parties })
        await deployment.online()
        const csp = await cspOf(deployment)
        await csp.report({
          cableId: '007',
          block: [{ startTime: at('06:00'), endTime: at('06:15'), energy: '2.5', meterStart: 100, meterEnd: '102.5' }],
        })
        await csp.report({
          cableId: '007',
          block: [{ startTime: at('06:15'), endTime: at('06:30'), energy: 1, meterStart: '102.5', meterEnd: '103.5' }],
        })
        await csp.report({ cableId: '7', block: [{ startTime: at('06:15'), endTime: at('06:30'), energy: 1 }] })
        await eventually('all three are told', () => told(deployment).length === 3)
        const interval = { value: 1, initial_measure_time: time('06:15'), measure_time: time('06:30') }
        expect(told(deployment)).to.deep.equal([
          {
            group_id: '007',
            measurements: [
              measured({ value: 100, measure_time: time('06:00') }),
              measured({ value: 102.5, measure_time: time('06:15') }),
            ],
          },
          { group_id: '007', measurements: [measured({ value: 103.5, measure_time: time('06:30') })] },
          { group_id: '7', measurements: [measured(interval)] },
        ])
      })

      it('is a running total of all intervals where only readings are taken, and a repeat of one replaces it', async () => {
        const parties = { modern: { habits: handshake('CONTINUOUS') } }
        const deployment = await openDeployment(state, 'csp', { parties, replicas: state === 'Redis' ? 2 : 1 })
        await deployment.online()
        const csps = await Promise.all(
          deployment.replicas.map(({ soapUrl }) => connectCsp({ wsdlUrl: `${soapUrl}/oscp/1.0/legacy?wsdl` })),
        )
        const report = (n: number, from: string, to: string, energy: number) =>
          csps[n % csps.length]!.report({ cableId: '007', block: [{ startTime: at(from), endTime: at(to), energy }] })
        await report(0, '06:00', '06:15', 2)
        await report(1, '06:15', '06:30', 3)
        await report(2, '06:15', '06:30', 4)
        await report(3, '06:30', '06:45', 1)
        await eventually('all are told', () => told(deployment).length === 4)
        const values = told(deployment).map(({ measurements }) => (measurements as { value: number }[])[0]!.value)
        expect(values).to.deep.equal([2, 5, 6, 7])
      })

      it('names the cables that nobody knows, and tells of the others', async () => {
        const deployment = await openDeployment(state, 'csp', { link: { groups: { '007': 'hub' } } })
        await deployment.online()
        const csp = await cspOf(deployment)
        const block = [{ startTime: at('06:00'), endTime: at('06:15'), energy: 1 }]
        expect(await csp.report({ cableId: '7', block }, { cableId: '007', block })).to.deep.equal({
          status: 'Rejected',
          info: '7: is not known on this link',
        })
        await eventually('the other is told', () => told(deployment).length === 1)
      })

      it('as assets goes to who wants it so, under one name for all of a group', async () => {
        const profile = { measurementRoute: 'asset' }
        const parties = { north: { profile }, south: { profile: { ...profile, combinedAssetId: 'plaza' } } }
        const deployment = await openDeployment(state, 'csp', { parties })
        await deployment.online('north')
        await deployment.online('south')
        for (const [cspIdentity, asset_id] of [
          ['north', '007'],
          ['south', 'plaza'],
        ] as const) {
          const csp = await connectCsp({ wsdlUrl: `${deployment.soapUrl}?wsdl`, cspIdentity })
          await csp.report({ cableId: '007', block: [{ startTime: at('06:00'), endTime: at('06:15'), energy: 1 }] })
          const { body } = await deployment.party(cspIdentity).waitFor('update_asset_measurements')
          expect(body).to.deep.include({ group_id: '007' })
          expect((body.measurements as object[])[0]).to.include({ asset_id, asset_category: 'CHARGING' })
        }
      })

      it('keeps the meters of several stations apart in a dialect that reports one at a time', async () => {
        const parties = { modern: { habits: handshake('CONTINUOUS') } }
        const legacy = { contract: 'schedule-1.0' }
        const link = { energyType: 'FLEXIBLE' }
        const deployment = await openDeployment(state, 'csp', { parties, legacy, link })
        await deployment.online()
        const csp = await cspOf(deployment)
        const report = (StationId: string, MeterStart: number, MeterEnd: number) => {
          const interval = { StartDateTime: at('06:00'), EndDateTime: at('06:15') }
          return csp.call('AggregatedUsage', {
            StationId,
            Usage: { ...interval, MeterStart, MeterEnd, MeterUnit: 'kWh' },
          })
        }
        expect(await report('A', 100, 101)).to.deep.equal({ Result: 'Accepted' })
        await report('B', 7, 9)
        await eventually('both are told', () => told(deployment).length === 2)
        const readings = (group_id: string, first: number, second: number) => ({
          group_id,
          measurements: [
            measured({ value: first, energy_type: 'FLEXIBLE', measure_time: time('06:00') }),
            measured({ value: second, energy_type: 'FLEXIBLE', measure_time: time('06:15') }),
          ],
        })
        expect(told(deployment)).to.deep.equal([readings('A', 100, 101), readings('B', 7, 9)])
      })

      it('ends, with an alarm, for a provider that answers 501, until its next handshake', async () => {
        const lacks = ['update_group_measurements']
        let takes = false
        const refuses = ({ name }: { name: string }) => (lacks.includes(name) && !takes ? 501 : undefined)
        const deployment = await openDeployment(state, 'csp', { parties: { modern: { habits: { refuses } } } })
        await deployment.online()
        const csp = await cspOf(deployment)
        const block = [{ startTime: at('06:00'), endTime: at('06:15'), energy: 1 }]
        expect(await csp.report({ cableId: '007', block })).to.include({ status: 'Accepted' })
        await eventually('the alarm', () => deployment.alarms.some(({ alarm }) => alarm === 'measurements not taken'))
        await eventually('it is known', async () => (await csp.report({ cableId: '007', block })).status === 'Rejected')
        expect(await csp.report({ cableId: '007', block })).to.deep.equal({
          status: 'Rejected',
          info: '007: The other side does not take measurements.',
        })
        takes = true
        await deployment.party().handshake()
        await eventually('it is told again', async () => {
          await csp.report({ cableId: '007', block })
          return told(deployment).length > 0
        })
      })
    })

    it('whose capacity provider has unregistered is Rejected, and nothing more is sent', async () => {
      const deployment = await openDeployment(state, 'csp')
      await deployment.online()
      const csp = await cspOf(deployment)
      expect((await deployment.party().unregister()).status).to.equal(204)
      const sentence = 'The other side has unregistered; nothing is sent to it unless it registers again.'
      expect(await csp.ask('007', span('06:00', '07:00', 1))).to.deep.equal({ status: 'Rejected', info: sentence })
      const block = [{ startTime: at('06:00'), endTime: at('06:15'), energy: 1 }]
      expect(await csp.report({ cableId: '007', block })).to.include({ status: 'Rejected', info: `007: ${sentence}` })
    })
  })

describe('An operator whose gateway has lost its Redis', function () {
  this.timeout(30_000)
  afterEach(closeScenes)

  it('gets a Receiver fault for what cannot be kept, and its total is right once Redis is back', async () => {
    const deployment = await openDeployment('Redis', 'csp', {
      parties: { modern: { habits: handshake('CONTINUOUS') } },
    })
    await deployment.online()
    const csp = await cspOf(deployment)
    const block = [{ startTime: at('06:00'), endTime: at('06:15'), energy: 2 }]
    deployment.redis!.pause()
    for (const say of [() => csp.report({ cableId: '007', block }), () => csp.ask('007', span('06:00', '07:00', 1))]) {
      const error = await say().catch((thrown: unknown) => thrown)
      expect(error).to.be.instanceOf(SoapFault)
      expect((error as SoapFault).code).to.match(/:Server$/)
    }
    deployment.redis!.resume()
    await eventually('usage is taken again', async () => {
      return (await csp.report({ cableId: '007', block }).catch(() => undefined))?.status === 'Accepted'
    })
    await csp.report({ cableId: '007', block: [{ startTime: at('06:15'), endTime: at('06:30'), energy: 1 }] })
    // What was stored while nobody heard that it was is a repeat: it replaces, and adds nothing.
    await eventually('the total is right', () => {
      const last = told(deployment).at(-1)?.measurements as { value: number }[] | undefined
      return last?.[0]?.value === 3
    })
  })
})
