/** A capacity provider that speaks OSCP 2.0, the gateway, and an operator that speaks OSCP 1.0: on real sockets, both states. */
import { expect } from 'chai'
import { type Csp, connectCsp } from '../../peers/csp.ts'
import type { CableForecast } from '../../peers/csp-service.ts'
import { type Deployment, openDeployment } from '../../support/deployment.ts'
import { eventually } from '../../support/gateway.ts'
import { at, closeScenes, states } from '../../support/scene.ts'

const block = (from: string, to: string, capacity: number, unit = 'KW', phase = 'ALL') => ({
  capacity,
  phase,
  unit,
  start_time: new Date(at(from)).toISOString(),
  end_time: new Date(at(to)).toISOString(),
})
type Block = ReturnType<typeof block>

const operation = 'UpdateCableCapacityForecast'

/** A deployment with a charge spot operator, and the words of its capacity provider. */
async function open(state: (typeof states)[number], options: Parameters<typeof openDeployment>[2] = {}) {
  const deployment = await openDeployment(state, 'csp', {
    ...options,
    legacy: { heartbeatEvery: '1h', ...options.legacy },
  })
  await deployment.online()
  return Object.assign(deployment, {
    say: (type: string, group: string, ...blocks: Block[]) =>
      deployment.party().send('update_group_capacity_forecast', { group_id: group, type, forecasted_blocks: blocks }),
    forecasts: () => deployment.service.calls(operation).map((call) => forecastOf(call.value)),
    csp: () => connectCsp({ wsdlUrl: `${deployment.soapUrl}?wsdl` }),
    holds: (...times: string[]) => times.map((time) => limitAt(deployment, 'G', at(time))),
    /** The capacity provider falls silent a moment from now. */
    fallSilent: () =>
      deployment.party().send('heartbeat', { offline_mode_at: new Date(deployment.clock() + 800).toISOString() }),
    isIn: (wanted: string) => eventually(wanted, async () => (await deployment.stateOf()).state === wanted, 10_000),
  })
}

const forecastOf = (value: { cableCapacityForecast?: unknown }) =>
  (value.cableCapacityForecast as unknown as CableForecast[])[0]!

function limitAt({ service }: Deployment, cable: string, time: string): string | undefined {
  return (service as unknown as { limitAt(cable: string, time: string): string | undefined }).limitAt(cable, time)
}

const asked = (csp: Csp, question: object) => csp.call('GetCapacityForecast', question)

for (const state of states)
  describe(`A legacy operator on ${state} state`, () => {
    afterEach(closeScenes)

    it('gets each limit with its own blocks, an emergency in the midst of a day, and tells it again when asked', async () => {
      const scene = await open(state)
      expect((await scene.say('CONSUMPTION', 'G', block('00:00', '24:00', 150))).status).to.equal(204)
      await scene.service.waitFor(operation, 1)
      expect((await scene.say('CONSUMPTION', 'G', block('16:15', '18:00', 20))).status).to.equal(204)
      await scene.service.waitFor(operation, 2)
      const [day, emergency] = scene.forecasts()
      expect(day).to.deep.include({ cableId: 'G', capacityUnit: 'kW' })
      expect(emergency!.block).to.deep.equal([
        { startTime: '2026-03-03T16:15:00.000Z', endTime: '2026-03-03T18:00:00.000Z', capacity: '20' },
      ])
      expect(scene.holds('16:14', '16:15', '17:59', '18:00')).to.deep.equal(['150 kW', '20 kW', '20 kW', '150 kW'])
      const answer = await asked(await scene.csp(), { startTime: at('17:00'), endTime: at('19:00') })
      expect(answer.status).to.equal('Accepted')
      const [told] = answer.cableCapacityForecast as { forecastId: string; block: { capacity: string }[] }[]
      expect(told!.forecastId).to.equal(emergency!.forecastId)
      expect(told!.block.map(({ capacity }) => Number(capacity))).to.deep.equal([20, 150])
      expect(scene.alarms).to.deep.equal([])
    })

    it('that is away for hours, while a thousand limits came, gets one message, which is all that it missed', async () => {
      const scene = await open(state)
      await scene.say('CONSUMPTION', 'G', block('00:00', '24:00', 150))
      await scene.service.waitFor(operation, 1)
      await scene.service.stop()
      for (let i = 0; i < 1000; i++) {
        const hour = (n: number) => `${String(n % 24).padStart(2, '0')}:00`
        const from = (i * 7) % 23
        expect((await scene.say('CONSUMPTION', 'G', block(hour(from), hour(from + 1), 30 + i))).status).to.equal(204)
      }
      scene.clock.advance(60)
      const before = scene.service.received.length
      await scene.service.restart()
      await scene.service.waitFor(operation, 2)
      await eventually('the last is there', () => scene.holds('21:30')[0] !== '150 kW')
      expect(scene.service.received.slice(before).filter((call) => call.operation === operation)).to.have.length(1)
      for (let hour = 0; hour < 23; hour++) {
        const last = Array.from({ length: 1000 }, (_, i) => i).findLast((i) => (i * 7) % 23 === hour)!
        expect(scene.holds(`${String(hour).padStart(2, '0')}:30`)).to.deep.equal([`${30 + last} kW`])
      }
      expect(scene.holds('23:30')).to.deep.equal(['150 kW'])
    }).timeout(120_000)

    it('is held to the fallback while its capacity provider is offline, and to the limits when it is back', async () => {
      const scene = await open(state)
      await scene.say('CONSUMPTION', 'G', block('00:00', '24:00', 150))
      await scene.say('FALLBACK_CONSUMPTION', 'G', block('00:00', '24:00', 11))
      await scene.service.waitFor(operation, 1)
      await scene.fallSilent()
      await scene.isIn('OFFLINE')
      await scene.service.waitFor(operation, 2)
      expect(scene.holds('00:00', '23:59')).to.deep.equal(['11 kW', '11 kW'])
      const [told] = (await asked(await scene.csp(), { cableId: ['G'] })).cableCapacityForecast as { block: object[] }[]
      expect(told!.block).to.have.length(1)
      await scene.online()
      await scene.service.waitFor(operation, 3)
      expect(scene.holds('00:00', '23:59')).to.deep.equal(['150 kW', '150 kW'])
    }).timeout(60_000)

    it('is held to the fallback when its capacity provider unregisters', async () => {
      const scene = await open(state, { link: { fallback: { G: { capacity: 7 } } } })
      await scene.say('CONSUMPTION', 'G', block('00:00', '24:00', 150))
      await scene.service.waitFor(operation, 1)
      expect((await scene.party().unregister()).status).to.equal(204)
      await scene.service.waitFor(operation, 2)
      expect(scene.holds('12:00')).to.deep.equal(['7 kW'])
    })

    it('that rejects a limit makes it a compliance error, correlated to the forecast', async () => {
      const scene = await open(state)
      scene.service.behave(operation, {
        value: { status: 'Rejected', rejectedCableId: 'G', info: 'the feeder is out' },
      })
      await scene.say('CONSUMPTION', 'G', block('00:00', '24:00', 150))
      const said = await scene.party().waitFor('group_capacity_compliance_error')
      expect(said.body).to.deep.equal({ message: 'the feeder is out' })
      expect(said.headers['x-correlation-id']).to.match(/^[0-9a-f-]{36}$/)
      scene.service.behave(operation, { fault: { code: 'Sender', subcode: 'ProtocolError', reason: 'what is G?' } })
      await scene.say('CONSUMPTION', 'G', block('00:00', '24:00', 140))
      const second = await scene.party().waitFor('group_capacity_compliance_error', 2)
      expect(second.headers['x-correlation-id']).not.to.equal(said.headers['x-correlation-id'])
      scene.service.behave(operation)
      await scene.say('CONSUMPTION', 'G', block('00:00', '24:00', 130))
      await eventually('it is accepted', () => scene.holds('12:00')[0] === '130 kW')
      expect(scene.party().got('group_capacity_compliance_error')).to.have.length(2)
    })

    it('is told the smaller of limit and optimum where the link says so, on its grid and in its unit', async () => {
      const scene = await open(state, { link: { optimum: 'apply', grid: '15m', legacyUnit: 'W' } })
      await scene.say('CONSUMPTION', 'G', block('00:00', '24:00', 150))
      await scene.say('OPTIMUM', 'G', block('10:05', '10:10', 90))
      await eventually('the optimum is told', () => scene.holds('10:00')[0] === '90000 W')
      expect(scene.holds('09:59', '10:14', '10:15')).to.deep.equal(['150000 W', '90000 W', '150000 W'])
    })

    it('gets nothing of what cannot be said, and the capacity provider learns why', async () => {
      const scene = await open(state)
      const refused = await scene.say('CONSUMPTION', 'G', block('00:00', '01:00', 9, 'A'), block('01:00', '02:00', 9))
      expect(refused.status).to.equal(400)
      expect(refused.body).to.match(/forecasted_blocks/)
      expect((await scene.say('GENERATION', 'G', block('00:00', '01:00', 9))).status).to.equal(204)
      expect(await asked(await scene.csp(), {})).to.deep.include({ status: 'Accepted' })
      expect(scene.forecasts()).to.deep.equal([])
    })
  })

describe('A legacy operator that asks for its limits', () => {
  afterEach(closeScenes)

  it('is told of every cable, or of those it names, and of one it does not have that it is unknown', async () => {
    const scene = await open('memory', { link: { groups: { C1: 'G1', C2: 'G2', C3: 'G3' } } })
    for (const group of ['G1', 'G2'])
      await scene.say('CONSUMPTION', group, block('00:00', '06:00', 10), block('06:00', '12:00', 20))
    const csp = await scene.csp()
    type Told = { cableId: string; block: { startTime: string }[] }[] | undefined
    const cables = async (question: object) =>
      ((await asked(csp, question)).cableCapacityForecast as Told)?.map(
        ({ cableId, block }) => `${cableId} ${block.length}`,
      )
    expect((await cables({}))!.sort()).to.deep.equal(['C1 2', 'C2 2'])
    expect(await cables({ cableId: ['C2'] })).to.deep.equal(['C2 2'])
    expect(await cables({ cableId: ['C3'] })).to.equal(undefined)
    expect(await cables({ cableId: ['C1'], startTime: at('05:59'), endTime: at('06:00') })).to.deep.equal(['C1 1'])
    expect(await cables({ cableId: ['C1'], startTime: at('06:00') })).to.deep.equal(['C1 1'])
    scene.clock.advance(180)
    await scene.say('CONSUMPTION', 'G1', block('05:00', '06:00', 5))
    const begun = (await asked(csp, { cableId: ['C1'] })).cableCapacityForecast as Told
    expect(new Date(begun![0]!.block[0]!.startTime).toISOString()).to.equal('2026-03-03T00:00:00.000Z')
    expect(await asked(csp, { cableId: ['C1', 'C9'] })).to.deep.include({ status: 'Rejected' })
    const wrong = await asked(csp, { startTime: at('06:00'), endTime: at('06:00') }).catch((fault: Error) => fault)
    expect(wrong).to.be.instanceOf(Error)
  })
})

describe('A legacy operator of two replicas', () => {
  afterEach(closeScenes)

  it('is held to the fallback and back though the replica that took both is gone', async () => {
    const scene = await open('Redis', { replicas: 2 })
    await scene.say('CONSUMPTION', 'G', block('00:00', '24:00', 150))
    await scene.say('FALLBACK_CONSUMPTION', 'G', block('00:00', '24:00', 11))
    await scene.service.waitFor(operation, 1)
    await scene.fallSilent()
    await scene.gateway.stop()
    await scene.service.waitFor(operation, 2, 15_000)
    expect(scene.holds('12:00')).to.deep.equal(['11 kW'])
    const party = scene.party()
    const { token, url } = party.theirs!
    party.agree('unused', { token, url: url.replace(scene.gateway.restUrl, scene.replicas[1]!.restUrl) })
    await party.handshake()
    await scene.service.waitFor(operation, 3, 15_000)
    expect(scene.holds('12:00')).to.deep.equal(['150 kW'])
  }).timeout(60_000)

  it('gets what was said while it was away from a replica that never heard it', async () => {
    const scene = await open('Redis', { replicas: 2 })
    await scene.say('CONSUMPTION', 'G', block('00:00', '24:00', 150))
    await scene.service.waitFor(operation, 1)
    await scene.service.stop()
    await scene.say('CONSUMPTION', 'G', block('06:00', '08:00', 40))
    await scene.say('CONSUMPTION', 'G', block('07:00', '09:00', 30))
    await scene.gateway.stop()
    const before = scene.forecasts().length
    await scene.service.restart()
    await scene.service.waitFor(operation, 2, 40_000)
    expect(scene.holds('06:30', '07:30', '08:30', '09:00')).to.deep.equal(['40 kW', '30 kW', '30 kW', '150 kW'])
    expect(scene.forecasts()).to.have.length(before + 1)
  }).timeout(60_000)

  it('is told nothing that could not be stored, and its capacity provider that it must say it again', async () => {
    const scene = await open('Redis')
    await scene.say('CONSUMPTION', 'G', block('00:00', '24:00', 150))
    await scene.service.waitFor(operation, 1)
    scene.redis!.pause()
    const refused = await scene.say('CONSUMPTION', 'G', block('06:00', '08:00', 40))
    expect(refused.status).to.equal(503)
    scene.redis!.resume()
    await eventually('it is taken', async () => {
      return (await scene.say('CONSUMPTION', 'G', block('06:00', '08:00', 40))).status === 204
    })
    await eventually('the operator has it', () => scene.holds('07:00')[0] === '40 kW')
    expect(scene.holds('05:00', '08:00')).to.deep.equal(['150 kW', '150 kW'])
  }).timeout(60_000)
})
