/** Days on which the clocks of the grid operator change, with offsets and without (protocol/oscp-1.0.md 3, 4.4). */
import { expect } from 'chai'
import { type CableForecast, SoapFault } from '../peers/dso.ts'
import { bodies, cable, closeScenes, messageOf, openScene, span, states } from '../support/scene.ts'

const zone = 'Europe/Amsterdam'
const quarter = 15 * 60_000

/** Local midnights as UTC; the days between them, and how many quarters each has. */
const days = {
  '2026-03-28': { from: '2026-03-27T23:00:00Z', quarters: 96 },
  '2026-03-29': { from: '2026-03-28T23:00:00Z', quarters: 92 },
  '2026-10-25': { from: '2026-10-24T22:00:00Z', quarters: 100 },
}

const clock = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' })
/** What a clock in Amsterdam shows, without offset. */
const naive = (instant: number) => clock.format(instant).replace(' ', 'T')
/** The same with its offset, which follows from what the clock shows. */
const withOffset = (instant: number) => {
  const hours = (Date.parse(`${naive(instant)}Z`) - instant) / 3_600_000
  return `${naive(instant)}+0${hours}:00`
}
const utc = (instant: number) => new Date(instant).toISOString()

function dayOf(date: keyof typeof days, write: (instant: number) => string): CableForecast {
  const { from, quarters } = days[date]
  const first = Date.parse(from)
  const times = Array.from({ length: quarters }, (_, i) => first + i * quarter)
  return cable('c1', ...times.map((t, i) => span(write(t), write(t + quarter), 100 + i)))
}

for (const state of states)
  describe(`A day of local time, on ${state} state,`, () => {
    afterEach(closeScenes)

    it('may have 92, 96 or 100 quarters when its times carry offsets', async () => {
      const { cpo, dso } = await openScene(state)
      for (const date of Object.keys(days) as (keyof typeof days)[]) {
        const written = dayOf(date, withOffset)
        expect(written.blocks[0]!.startTime).to.match(new RegExp(`^${date}T00:00:00[+]0[12]:00$`))
        expect((await dso.sendForecast([written])).status).to.equal('Accepted')
        expect(cpo.received.at(-1)!.body).to.deep.equal(messageOf(dayOf(date, utc)))
      }
    })

    it('is refused without offsets, and nothing of it is sent', async () => {
      const { cpo, dso } = await openScene(state)
      for (const date of Object.keys(days) as (keyof typeof days)[]) {
        const error = await faultOf(dso.sendForecast([cable('c0', span('06:00', '07:00', 1)), dayOf(date, naive)]))
        expect(error.reason).to.include('cableCapacityForecast[1].block[0].startTime').and.include('offset')
        expect(error.code).to.match(/:Client$/)
      }
      expect(cpo.received).to.deep.equal([])
    })

    it('may be written without offsets by a party with a zone, where every time of it exists once', async () => {
      const { cpo, dso } = await openScene(state, { dso: { zone } })
      for (const date of ['2026-03-28', '2026-03-29'] as const)
        expect((await dso.sendForecast([dayOf(date, naive)])).status).to.equal('Accepted')
      expect(bodies(cpo.received)).to.deep.equal([
        messageOf(dayOf('2026-03-28', utc)),
        messageOf(dayOf('2026-03-29', utc)),
      ])
    })

    it('may still be written with offsets by a party with a zone', async () => {
      const { cpo, dso } = await openScene(state, { dso: { zone } })
      expect((await dso.sendForecast([dayOf('2026-10-25', withOffset)])).status).to.equal('Accepted')
      expect(bodies(cpo.received)).to.deep.equal([messageOf(dayOf('2026-10-25', utc))])
    })

    it('is refused where a time without offset does not exist, or exists twice', async () => {
      const { cpo, dso } = await openScene(state, { dso: { zone } })
      const refusals: [string, string, string][] = [
        ['2026-03-29T01:45:00', '2026-03-29T02:00:00', 'endTime'],
        ['2026-03-29T02:59:59.999', '2026-03-29T03:15:00', 'startTime'],
        ['2026-10-25T01:45:00', '2026-10-25T02:00:00', 'endTime'],
        ['2026-10-25T02:59:59.999', '2026-10-25T03:15:00', 'startTime'],
      ]
      for (const [from, to, field] of refusals) {
        const { reason } = await faultOf(dso.sendForecast([cable('c1', span(from, to, 1))]))
        expect(reason, `${from} ${to}`).to.include(`block[0].${field}`).and.include(zone)
      }
      const whole = await faultOf(dso.sendForecast([dayOf('2026-10-25', naive)]))
      expect(whole.reason).to.include('block[7].endTime') // 02:00, the first that exists twice
      expect(cpo.received).to.deep.equal([])

      const edges = cable(
        'c1',
        span('2026-03-29T01:59:59.999', '2026-03-29T03:00:00', 1),
        span('2026-10-25T01:59:59.999', '2026-10-25T03:00:00', 2),
      )
      expect((await dso.sendForecast([edges])).status).to.equal('Accepted')
      const expected = cable(
        'c1',
        span('2026-03-29T00:59:59.999Z', '2026-03-29T01:00:00Z', 1),
        span('2026-10-24T23:59:59.999Z', '2026-10-25T02:00:00Z', 2),
      )
      expect(bodies(cpo.received)).to.deep.equal([messageOf(expected)])
    })
  })

function faultOf(call: Promise<unknown>): Promise<SoapFault> {
  return call.then(
    () => expect.fail('this should have been a fault'),
    (error: unknown) => (error instanceof SoapFault ? error : Promise.reject(error)),
  )
}
