/** What a DSO is told, and what is sent again, for whatever the CPO answers (protocol/oscp-1.0.md 4.1, answerWithin). */
import { expect } from 'chai'
import type { DeliveryLine } from '../../src/exchange/observer.ts'
import type { Behaviour, Received } from '../peers/cpo.ts'
import type { ForecastAnswer } from '../peers/dso.ts'
import { eventually } from '../support/gateway.ts'
import {
  bodies,
  cable,
  closeScenes,
  limits,
  messageOf,
  openScene,
  requestId,
  type Scene,
  span,
  states,
} from '../support/scene.ts'

const forecast = cable('c1', span('06:00', '07:00', 96.472))
const page = { body: '<!doctype html><title>Sign in</title>', contentType: 'text/html; charset=utf-8' }

/** No final word: it may pass. */
const passing: Record<string, Behaviour> = {
  ...Object.fromEntries([401, 403, 408, 429, 500, 503].map((status) => [String(status), { status }])),
  '302 to a login page': { status: 302, headers: { location: 'http://127.0.0.1:9/login' } },
  '200 with a login page': page,
  'a reset': { reset: true },
}
/** The final word. */
const refusing: Record<string, Behaviour> = Object.fromEntries(
  [400, 404, 409, 422].map((status) => [String(status), { status, body: { message: `${status} <closed> & gone` } }]),
)

const groupOf = ({ body }: Received) => (body as { group_id: string }).group_id

for (const state of states)
  describe(`The word of the CPO, on ${state} state, that is`, () => {
    const cables = Object.keys({ ...passing, ...refusing }).map((id) => cable(id, span('06:00', '07:00', 96.472)))
    let scene: Scene
    let answer: ForecastAnswer
    let answered: readonly DeliveryLine[]

    // All of these words at once, each twice at most, about a cable of its own.
    before(async () => {
      scene = await openScene(state)
      const { cpo, dso, gateway } = scene
      const calls = (request: Received) => cpo.received.filter((other) => groupOf(other) === groupOf(request)).length
      cpo.behave((request) => (calls(request) <= 2 ? { ...passing, ...refusing }[groupOf(request)] : undefined))
      answer = await dso.sendForecast(cables)
      answered = [...gateway.observed.attempts]
      await eventually('nothing is owed', () => {
        const accepted = gateway.observed.attempts.filter(({ outcome }) => outcome === 'accepted')
        return accepted.length === Object.keys(passing).length
      })
    })
    after(closeScenes)

    for (const title of Object.keys(passing))
      it(`${title} is Accepted, and the same is sent again until the CPO has it`, () => {
        const { cpo, gateway } = scene
        expect(answer.rejectedCableId).not.to.include(title)
        expect(answer.info).not.to.include(`${title}: `)
        expect(answered.filter(({ group }) => group === title).map(({ outcome }) => outcome)).to.include('unavailable')
        const received = cpo.received.filter((request) => groupOf(request) === title)
        expect(received).to.have.length(3)
        expect(new Set(received.map(requestId)).size).to.equal(1)
        expect(new Set(received.map(({ rawBody }) => rawBody)).size).to.equal(1)
        expect(limits(cpo, title, '06:30')).to.deep.equal([96.472])
        const attempts = gateway.observed.attempts.filter(({ group }) => group === title)
        expect(attempts.map(({ attempt }) => attempt)).to.deep.equal([1, 2, 3])
      })

    for (const title of Object.keys(refusing))
      it(`${title} is Rejected with the cable and the CPO's reason, and never sent again`, () => {
        const { cpo, gateway } = scene
        expect(answer.status).to.equal('Rejected')
        expect(answer.rejectedCableId).to.include(title)
        expect(answer.info).to.include(`${title}: ${title} <closed> & gone`)
        expect(cpo.received.filter((request) => groupOf(request) === title)).to.have.length(1)
        const attempts = gateway.observed.attempts.filter(({ group }) => group === title)
        expect(attempts.map(({ outcome, retryInMs }) => [outcome, retryInMs])).to.deep.equal([['refused', undefined]])
      })

    it('about each cable is told of that cable only', () => {
      expect(answer.rejectedCableId).to.have.members(Object.keys(refusing))
      const { attempts } = scene.gateway.observed
      // So many failures may come in a row that the party itself is spared for a moment; that is about no cable.
      // And several 401 and 403 make its registration suspect.
      const ofParty = ['peer spared', 'registration suspect']
      const alarms = scene.gateway.observed.alarms.filter((line) => !ofParty.includes(line.alarm))
      const others = scene.gateway.observed.alarms.filter((line) => ofParty.includes(line.alarm))
      for (const line of others) expect(line).to.include({ peer: 'cpo' }).and.not.have.property('group')
      const away = attempts.filter(({ outcome }) => outcome === 'unavailable').map(({ group }) => group)
      expect(alarms.map(({ alarm }) => alarm)).to.deep.equal(alarms.map(() => 'peer unavailable'))
      expect(alarms.map(({ group }) => group)).to.have.members([...new Set(away)])
    })
  })

for (const state of states)
  describe(`The word of the CPO, on ${state} state,`, () => {
    afterEach(closeScenes)

    it('429 with Retry-After is heeded', async () => {
      const { cpo, dso, gateway } = await openScene(state)
      cpo.behave((_, nth) => (nth === 1 ? { status: 429, headers: { 'retry-after': '1' } } : undefined))
      expect((await dso.sendForecast([forecast])).status).to.equal('Accepted')
      expect(gateway.observed.attempts[0]!.retryInMs).to.equal(1000)
      const [first, second] = [await cpo.waitFor(1), await cpo.waitFor(2)]
      expect(second.at - first.at).to.be.at.least(990)
    })

    it('that does not come in time is not waited for: Accepted, and delivered all the same', async () => {
      const options = { link: { answerWithin: '300ms' }, delivery: { timeout: '60s' } }
      const { cpo, dso, gateway } = await openScene(state, options)
      cpo.behave({ hang: true })
      expect((await dso.sendForecast([forecast])).status).to.equal('Accepted')
      expect(cpo.received).to.have.length(1)
      expect(gateway.observed.attempts).to.deep.equal([]) // the attempt goes on
      cpo.behave()
      await cpo.stop()
      await cpo.restart()
      await eventually('the CPO has it', () => limits(cpo, 'c1', '06:30')[0] === 96.472)
    })

    it('that comes late is final', async () => {
      const { cpo, dso, gateway } = await openScene(state, { link: { answerWithin: '100ms' } })
      cpo.behave((_, nth) => (nth === 1 ? { delayMs: 500 } : undefined))
      expect((await dso.sendForecast([forecast])).status).to.equal('Accepted')
      await eventually('the word', () => gateway.observed.attempts.length > 0)
      expect((await dso.sendForecast([cable('c2', span('06:00', '07:00', 1))])).status).to.equal('Accepted')
      expect(gateway.observed.attempts.map(({ outcome }) => outcome)).to.deep.equal(['accepted', 'accepted'])
      expect(bodies(cpo.received)[0]).to.deep.equal(messageOf(forecast))
    })

    it('that never comes is given up after the time of an attempt, and the same is sent again', async () => {
      const options = { link: { answerWithin: '100ms' }, delivery: { timeout: '400ms' } }
      const { cpo, dso, gateway } = await openScene(state, options)
      cpo.behave((_, nth) => (nth === 1 ? { hang: true } : undefined))
      expect((await dso.sendForecast([forecast])).status).to.equal('Accepted')
      await eventually('the CPO has it', () => limits(cpo, 'c1', '06:30')[0] === 96.472)
      const [first, second] = cpo.received
      expect(second).to.deep.include({ rawBody: first!.rawBody })
      expect(requestId(second!)).to.equal(requestId(first!))
      expect(gateway.observed.alarms.map(({ alarm }) => alarm)).to.deep.equal(['peer unavailable'])
    })

    it('of refusal that comes after the DSO was told Accepted is an alarm, and is final', async () => {
      const { cpo, dso, gateway } = await openScene(state, { link: { answerWithin: '100ms' } })
      cpo.behave((_, nth) => (nth === 1 ? { status: 422, delayMs: 400 } : undefined))
      expect((await dso.sendForecast([forecast])).status).to.equal('Accepted')
      await eventually('the alarm', () => gateway.observed.alarms.length > 0)
      const about = { alarm: 'refused after acceptance', peer: 'cpo', link: 'link', group: 'c1' }
      expect(gateway.observed.alarms).to.deep.equal([about])
      await dso.sendForecast([cable('c2', span('06:00', '07:00', 1))])
      expect(cpo.received).to.have.length(2)
    })

    it('is not needed while nobody listens there: Accepted, and delivered when the CPO is back', async () => {
      const { cpo, dso, gateway } = await openScene(state)
      await cpo.stop()
      const answer = await dso.sendForecast([forecast, cable('c2', span('08:00', '09:00', 5))])
      expect(answer).to.deep.include({ status: 'Accepted', rejectedCableId: [] })
      await eventually('some attempts', () => gateway.observed.attempts.length >= 4)
      await cpo.restart()
      await eventually('the CPO has both', () => cpo.received.length === 2)
      expect(bodies(cpo.received)).to.have.deep.members([
        messageOf(forecast),
        messageOf(cable('c2', span('08:00', '09:00', 5))),
      ])
    })
  })
