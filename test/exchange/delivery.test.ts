/** Forecasts from a DSO that knows only OSCP 1.0 to a CPO that knows only OSCP 2.0, while all is well. */
import { expect } from 'chai'
import { cableForecast } from '../peers/forecast.ts'
import {
  bodies,
  cable,
  closeScenes,
  limits,
  messageOf,
  openScene,
  requestId,
  span,
  start,
  states,
} from '../support/scene.ts'

for (const state of states)
  describe(`A forecast on ${state} state`, () => {
    afterEach(closeScenes)

    for (const soapVersion of ['1.1', '1.2'] as const)
      for (const unit of ['kW', 'W', 'A'] as const)
        it(`in ${unit} over SOAP ${soapVersion} is Accepted once the CPO has it, exactly`, async () => {
          const { cpo, connect, gateway } = await openScene(state)
          const forecast = cableForecast({
            cableId: '007',
            day: 'apr_workday',
            carries: 250,
            from: new Date(start),
            unit,
          })
          const dso = await connect({ soapVersion })
          const answer = await dso.sendForecast([{ ...forecast, forecastId: 'F-1' }])
          expect(answer).to.deep.include({ status: 'Accepted', rejectedCableId: [], httpStatus: 200 })
          expect(answer).not.to.have.property('info')
          expect(bodies(cpo.received)).to.deep.equal([messageOf(forecast)])
          expect(cpo.received[0]).to.include({ status: 204 })
          expect(cpo.received[0]!.headers).to.include({ authorization: `Token ${cpo.token}` })
          expect(requestId(cpo.received[0]!)).to.match(
            /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
          )
          expect(gateway.observed.alarms).to.deep.equal([])
          expect(gateway.observed.exchanges).to.have.length(1)
        })

    it('may have 1, 96 or 960 blocks', async () => {
      const { cpo, dso } = await openScene(state)
      for (const quarters of [1, 96, 960]) {
        const options = { cableId: `c${quarters}`, day: 'jan_workday', carries: 200, quarters } as const
        const forecast = cableForecast({ ...options, from: new Date('2026-03-03T00:00:00Z') })
        expect((await dso.sendForecast([forecast])).status).to.equal('Accepted')
        expect(cpo.received.at(-1)!.body).to.deep.equal(messageOf(forecast))
      }
    })

    it('may have blocks of any length and offset, and keeps each to the millisecond', async () => {
      const { cpo, dso } = await openScene(state)
      const forecast = cable(
        'c1',
        span('2026-03-02T23:00:00.000+01:00', '2026-03-02T22:07:30.125Z', '11.5'),
        span('2026-03-02T22:07:30.125Z', '2026-03-03T08:37:31+05:45', '7'),
        span('2026-03-03T14:52:31+12:00', '2026-04-03T02:00:00-00:00', '0.001'),
      )
      expect((await dso.sendForecast([forecast])).status).to.equal('Accepted')
      expect(bodies(cpo.received)).to.deep.equal([messageOf(forecast)])
      const edges = ['2026-03-02T22:07:30.124Z', '2026-03-03T02:52:30.999Z', '2026-03-03T02:52:31.000Z']
      expect(limits(cpo, 'c1', ...edges)).to.deep.equal([11.5, 7, 0.001])
    })

    it('of many cables is one message for each group, named by the table of the link', async () => {
      const groups = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`EAN-${i}`, `hub ${i}`]))
      const { cpo, dso } = await openScene(state, { link: { groups } })
      const forecasts = Object.keys(groups).map((id, i) =>
        cableForecast({ cableId: id, day: 'jul_sunday', carries: 210 + i, from: new Date(start), quarters: 4 }),
      )
      expect((await dso.sendForecast(forecasts)).status).to.equal('Accepted')
      expect(bodies(cpo.received)).to.have.deep.members(forecasts.map((f) => messageOf(f, groups[f.cableId])))
      expect(new Set(cpo.received.map(requestId)).size).to.equal(40)
    })

    it('is passed with exactly its own blocks, each time, as long as the CPO keeps up', async () => {
      const { cpo, dso } = await openScene(state)
      const forecasts = [
        cable('c1', span('00:00', '24:00', 150)),
        cable('c1', span('06:00', '07:00', 20), span('18:00', '19:00', 5)),
        cable('c1', span('06:30', '18:30', 80)),
        cable('c1', span('06:30', '18:30', 80)),
      ]
      for (const forecast of forecasts) expect((await dso.sendForecast([forecast])).status).to.equal('Accepted')
      expect(bodies(cpo.received)).to.deep.equal(forecasts.map((f) => messageOf(f)))
      expect(new Set(cpo.received.map(requestId)).size).to.equal(4)
    })

    it('that names a cable twice arrives in the order of the document', async () => {
      const { cpo, dso } = await openScene(state)
      cpo.behave((_, nth) => (nth === 1 ? { delayMs: 150 } : undefined))
      const first = cable('c1', span('06:00', '08:00', 10))
      const second = cable('c1', span('07:00', '09:00', 20))
      expect((await dso.sendForecast([first, second])).status).to.equal('Accepted')
      expect(bodies(cpo.received)).to.deep.equal([messageOf(first), messageOf(second)])
      expect(limits(cpo, 'c1', '06:59', '07:00', '07:59', '08:30')).to.deep.equal([10, 20, 20, 20])
    })

    it('sent while an older one is still on its way comes after it, and both are answered', async () => {
      const { cpo, dso, connect } = await openScene(state)
      cpo.behave((_, nth) => (nth === 1 ? { delayMs: 200 } : undefined))
      const older = cable('c1', span('06:00', '08:00', 10))
      const newer = cable('c1', span('07:00', '09:00', 20))
      const other = await connect()
      const first = dso.sendForecast([older])
      await cpo.waitFor(1)
      const answers = await Promise.all([first, other.sendForecast([newer])])
      expect(answers.map(({ status }) => status)).to.deep.equal(['Accepted', 'Accepted'])
      expect(cpo.received.map(({ status }) => status)).to.deep.equal([204, 204])
      expect(limits(cpo, 'c1', '06:59', '07:00', '08:30')).to.deep.equal([10, 20, 20])
    })
  })
