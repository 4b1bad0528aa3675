/** What holds when Redis, or the gateway itself, goes away (design/features.md 5.2, design/architecture.md 5). */
import { expect } from 'chai'
import { type CableForecast, SoapFault } from '../peers/dso.ts'
import { eventually } from '../support/gateway.ts'
import { startRedis } from '../support/redis.ts'
import {
  bodies,
  cable,
  closeLater,
  closeScenes,
  limits,
  messageOf,
  openScene,
  requestId,
  type Scene,
  span,
} from '../support/scene.ts'

const forecast = cable('c1', span('06:00', '07:00', 96.472))
const another = cable('c2', span('06:00', '07:00', 20))
const groupOf = (body: unknown) => (body as { group_id: string }).group_id

const faultOf = (scene: Scene, soapVersion: '1.1' | '1.2', ...forecasts: CableForecast[]) =>
  scene.connect({ soapVersion }).then((dso) =>
    dso.sendForecast(forecasts).then(
      () => expect.fail('this should have been a fault'),
      (error: unknown) => (error instanceof SoapFault ? error : Promise.reject(error)),
    ),
  )

describe('A gateway without its Redis', () => {
  afterEach(closeScenes)

  const outages: Record<string, (scene: Scene) => unknown> = {
    'has gone': ({ redis }) => redis!.stop(),
    crashed: ({ redis }) => redis!.kill(),
    hangs: ({ redis }) => redis!.pause(),
  }
  for (const [title, begin] of Object.entries(outages))
    it(`that ${title} still delivers a forecast, says Accepted, and raises an alarm`, async () => {
      const scene = await openScene('Redis')
      const { cpo, dso, gateway } = scene
      await begin(scene)
      const answer = await dso.sendForecast([forecast, another])
      expect(answer).to.deep.include({ status: 'Accepted', rejectedCableId: [] })
      expect(bodies(cpo.received)).to.have.deep.members([messageOf(forecast), messageOf(another)])
      const about = { alarm: 'delivered but not recorded', peer: 'cpo', link: 'link' }
      const alarms = gateway.observed.alarms
      expect(alarms.map(({ group }) => group)).to.have.members(['c1', 'c2'])
      for (const alarm of alarms) expect(alarm).to.include(about)
      expect((await fetch(`${gateway.adminUrl}/readyz`)).status).to.equal(503)
      expect((await fetch(`${gateway.adminUrl}/livez`)).status).to.equal(200)
    })

  it("passes on the CPO's refusal", async () => {
    const { cpo, dso, redis, gateway } = await openScene('Redis')
    await redis!.stop()
    cpo.behave({ status: 422, body: { message: 'no such group' } })
    const answer = await dso.sendForecast([forecast])
    expect(answer).to.deep.include({ status: 'Rejected', rejectedCableId: ['c1'], info: 'c1: no such group' })
    expect(gateway.observed.alarms).to.deep.equal([])
  })

  for (const soapVersion of ['1.1', '1.2'] as const)
    it(`answers a Receiver fault of SOAP ${soapVersion} when the CPO cannot be reached either`, async () => {
      const scene = await openScene('Redis')
      await scene.redis!.stop()
      await scene.cpo.stop()
      const error = await faultOf(scene, soapVersion, forecast, another)
      expect(error.code).to.equal(soapVersion === '1.1' ? 'soap:Server' : 'soap:Receiver')
      expect(error.subcode).to.equal(soapVersion === '1.1' ? undefined : 'gw:InternalError')
      expect(error.exchange.httpStatus).to.equal(500)
      expect(error.exchange.responseXml).to.include('<gw:kind>state-unavailable</gw:kind>')
      expect(error.exchange.responseXml).not.to.match(/redis|ECONN|127\.0\.0\.1/i)
      expect(scene.gateway.observed.alarms).to.deep.equal([])

      await scene.cpo.restart()
      expect((await scene.dso.sendForecast([another])).status).to.equal('Accepted')
      expect(bodies(scene.cpo.received)).to.deep.equal([messageOf(another)])
    })

  it('answers Rejected for the cable that could be neither kept nor delivered, when another was', async () => {
    const { cpo, dso, redis } = await openScene('Redis')
    await redis!.stop()
    cpo.behave(({ body }) => (groupOf(body) === 'c1' ? { status: 503 } : undefined))
    const answer = await dso.sendForecast([forecast, another])
    expect(answer).to.deep.include({ status: 'Rejected', rejectedCableId: ['c1'] })
    expect(answer.info).to.match(/^c1: .*again/)
    expect(limits(cpo, 'c2', '06:30')).to.deep.equal([20])
  })

  it('has an alarm for what the CPO took while Redis went away, and none for what it did not', async () => {
    const { cpo, dso, redis, gateway } = await openScene('Redis')
    cpo.behave(({ body }) => ({ delayMs: 200, ...(groupOf(body) === 'c1' ? { status: 503 } : {}) }))
    const answer = dso.sendForecast([forecast, another])
    await cpo.waitFor(2)
    redis!.pause()
    expect((await answer).status).to.equal('Accepted')
    expect(gateway.observed.attempts.map(({ outcome }) => outcome)).to.have.members(['unavailable', 'accepted'])
    expect(gateway.observed.alarms.map(({ alarm, group }) => [alarm, group])).to.have.deep.members([
      ['peer unavailable', 'c1'],
      ['delivered but not recorded', 'c2'],
    ])
  })

  it('still answers heartbeats', async () => {
    const { dso, redis, gateway } = await openScene('Redis')
    await redis!.stop()
    const { currentTime } = await dso.heartbeat()
    expect(currentTime).to.match(/^2026-03-02T22:0\d:\d\d\.\d{3}Z$/)
    expect(gateway.observed.exchanges.at(-1)).to.include({ operation: 'Heartbeat', outcome: 'accepted' })
  })

  it('keeps forecasts again as soon as Redis is back', async () => {
    const { cpo, dso, redis, gateway } = await openScene('Redis')
    await redis!.stop()
    await dso.sendForecast([forecast])
    closeLater(await startRedis({ port: redis!.port }))
    await eventually('the gateway is ready', async () => (await fetch(`${gateway.adminUrl}/readyz`)).ok)
    await cpo.stop()
    expect((await dso.sendForecast([another])).status).to.equal('Accepted')
    await cpo.restart()
    await eventually('the CPO has it', () => limits(cpo, 'c2', '06:30')[0] === 20)
    expect(gateway.observed.alarms.map(({ alarm }) => alarm)).to.deep.equal([
      'delivered but not recorded',
      'peer unavailable',
    ])
  })
})

describe('A gateway that was replaced', () => {
  afterEach(closeScenes)

  it('leaves what it owed to its successor on the same Redis, under the same request id', async () => {
    const scene = await openScene('Redis')
    const { cpo } = scene
    cpo.behave({ status: 503 })
    await scene.dso.sendForecast([cable('c1', span('06:00', '08:00', 10))])
    await scene.dso.sendForecast([cable('c1', span('07:00', '09:00', 20)), another])
    // An attempt at the first of them may still have been under way when the second came.
    await eventually('both of c1 are tried as one', () =>
      scene.gateway.observed.attempts.some(({ group, version }) => group === 'c1' && version === 2),
    )
    await cpo.stop()
    const before = cpo.received.filter(({ body }) => groupOf(body) === 'c1').at(-1)!
    await scene.restartGateway(5000)
    expect(scene.gateway.observed.attempts).to.deep.equal([])
    cpo.behave()
    await cpo.restart()
    await eventually('the CPO has both', () => cpo.received.filter(({ status }) => status === 204).length === 2)
    expect(limits(cpo, 'c1', '06:30', '07:30', '08:30')).to.deep.equal([10, 20, 20])
    expect(limits(cpo, 'c2', '06:30')).to.deep.equal([20])
    const after = cpo.received.filter(({ body }) => groupOf(body) === 'c1').at(-1)!
    expect(requestId(after)).to.equal(requestId(before))
    expect(after.rawBody).to.equal(before.rawBody)
  })

  it('leaves what the CPO holds, so that its successor can make up the whole schedule', async () => {
    const scene = await openScene('Redis')
    const { cpo } = scene
    await scene.dso.sendForecast([cable('c1', span('00:00', '12:00', 100))])
    await scene.restartGateway()
    await cpo.stop()
    const dso = await scene.connect()
    await dso.sendForecast([cable('c1', span('06:00', '07:00', 1))])
    await dso.sendForecast([cable('c1', span('08:00', '09:00', 2))])
    await cpo.restart()
    const { body } = await cpo.waitFor(2)
    const whole = cable(
      'c1',
      span('00:00', '06:00', 100),
      span('06:00', '07:00', 1),
      span('07:00', '08:00', 100),
      span('08:00', '09:00', 2),
      span('09:00', '12:00', 100),
    )
    expect(body).to.deep.equal(messageOf(whole))
  })

  it('that is stopped while the CPO hangs leaves the forecast to its successor at once', async () => {
    const scene = await openScene('Redis', { link: { answerWithin: '50ms' }, delivery: { timeout: '60s' } })
    scene.cpo.behave({ hang: true })
    await scene.dso.sendForecast([forecast])
    scene.cpo.behave()
    await scene.restartGateway()
    await eventually('the CPO has it', () => limits(scene.cpo, 'c1', '06:30')[0] === 96.472)
    expect(scene.cpo.received).to.have.length(2)
  })

  it('that is stopped while a forecast is on its way lets it arrive', async () => {
    const scene = await openScene('Redis', { link: { answerWithin: '50ms' } })
    scene.cpo.behave({ delayMs: 120 })
    await scene.dso.sendForecast([forecast])
    await scene.gateway.stop(5000)
    expect(scene.cpo.received.map(({ status }) => status)).to.deep.equal([204])
    expect(scene.gateway.observed.attempts.map(({ outcome }) => outcome)).to.deep.equal(['accepted'])
    expect(scene.gateway.observed.alarms).to.deep.equal([])
  })
})
