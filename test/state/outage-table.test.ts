/** What the gateway does while Redis is away, row by row of the table that operators are given; and what it does when Redis is back. */
import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { flows } from '../exchange/outage-flows.ts'
import { openDeployment } from '../support/deployment.ts'
import { openDsoScene } from '../support/dso-scene.ts'
import { eventually } from '../support/gateway.ts'
import { startRedis } from '../support/redis.ts'
import { cable, closeLater, closeScenes, limits, messageOf, span } from '../support/scene.ts'
import { secured, startSecured, usernameToken } from '../support/secured.ts'
import { faultOf } from '../support/soap.ts'

const users = [{ username: 'grid', password: 'Stroomnet-17' }]
const block = span('06:00', '07:00', 5)
const ready = async ({ adminUrl }: { adminUrl: string }) => (await fetch(`${adminUrl}/readyz`)).ok

const addressed = (operation: string, inner = '') => {
  const wsa = 'http://www.w3.org/2005/08/addressing'
  const id = `<wsa:MessageID xmlns:wsa="${wsa}">urn:uuid:${randomUUID()}</wsa:MessageID>`
  const body = `<${operation} xmlns="urn:oscp-gateway:oscp-1.0:Csp">${inner}</${operation}>`
  return `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header>${id}</s:Header><s:Body>${body}</s:Body></s:Envelope>`
}
const forecast = `<cableCapacityForecast><cableId>c</cableId><capacityUnit>kW</capacityUnit><block><startTime>${block.startTime}</startTime><endTime>${block.endTime}</endTime><capacity>5</capacity></block></cableCapacityForecast>`

describe('While Redis is away', function () {
  this.timeout(60_000)
  afterEach(closeScenes)

  const open = (more: object = {}) => openDsoScene('Redis', { proxied: true, link: { groups: 'identity' }, ...more })
  const post = async (url: string, body: string) => {
    const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'text/xml' }, body })
    return { status: answer.status, body: await answer.text() }
  }

  it('probes: live yes, ready no', async () => {
    const { gateway, proxy } = await open()
    proxy!.cut()
    await eventually('it notices', async () => !(await ready(gateway)))
    for (const probe of ['livez', 'startupz'])
      expect((await fetch(`${gateway.adminUrl}/${probe}`)).status, probe).to.equal(200)
    expect((await fetch(`${gateway.adminUrl}/readyz`)).status).to.equal(503)
  })

  it('token check: last known good from memory for 60 seconds, then rejected as temporarily unavailable', async () => {
    const deployment = await openDeployment('Redis', 'dso', { proxied: true, legacy: { heartbeatEvery: '1h' } })
    await deployment.online()
    const { url, token } = deployment.party().theirs!
    const headers = { authorization: `Token ${token}`, 'content-type': 'application/json', 'x-request-id': 'x' }
    // A body that is none is refused by whoever knows its sender, without further questions to the state.
    const nonsense = async () => (await fetch(`${url}/heartbeat`, { method: 'POST', headers, body: '{' })).status
    expect(await nonsense()).to.equal(400)
    deployment.proxy!.cut()
    deployment.clock.advance(0.9)
    expect(await nonsense(), 'known, so that the message is looked at').to.equal(400)
    deployment.clock.advance(0.2)
    expect(await nonsense(), 'not refused for good').to.equal(503)
  })

  it('nonce and replay: fail closed, a Receiver fault 500, while a password that needs no state is still checked', async () => {
    const redis = closeLater(await startRedis())
    const gateway = await startSecured({ in: { usernameToken: { users } }, redis: redis.url })
    await redis.kill()
    const answer = await gateway.call(secured(usernameToken({ type: 'Digest' })))
    expect(answer.status).to.equal(500)
    expect(faultOf(answer.body, '1.1')).to.include({ kind: 'state-unavailable', code: 'soap:Server' })
    expect((await gateway.call(secured(usernameToken()))).status).to.equal(200)
  })

  it('repeats of JSON: fail closed, 503 with Retry-After', async () => {
    const { gateway, proxy, cpo } = await open()
    proxy!.cut()
    const answer = await fetch(`${gateway.restUrl}/oscp/cp/2.0/update_group_measurements`, {
      method: 'POST',
      headers: {
        authorization: 'Token token of the gateway',
        'content-type': 'application/json',
        'x-request-id': randomUUID(),
      },
      body: JSON.stringify({ ...usage(), group_id: 'c' }),
    })
    expect(answer.status).to.equal(503)
    expect(Number(answer.headers.get('retry-after'))).to.be.within(1, 60)
    expect(cpo.received).to.deep.equal([])
  })

  it('messages whose repeats must be known: fail closed, but heartbeats pass without', async () => {
    const { gateway, proxy, cpo } = await open()
    proxy!.cut()
    const url = `${gateway.soapUrl}/oscp/1.0/dso`
    const refused = await post(url, addressed('updateCableCapacityForecastRequest', forecast))
    expect(refused.status).to.equal(500)
    expect(faultOf(refused.body, '1.1').kind).to.equal('state-unavailable')
    expect(cpo.received).to.deep.equal([])
    expect((await post(url, addressed('heartbeatRequest'))).status).to.equal(200)
  })

  const isDelivered = (title: string) => title === 'a forecast of a DSO'
  for (const { title, open: openFlow } of flows)
    it(
      isDelivered(title)
        ? `a capacity limit that can be delivered but not recorded, ${title}: delivered, fault-free`
        : `what is acknowledged on the promise of later delivery, or needs known state, ${title}: refused at once, and taken when Redis is back`,
      async () => {
        const flow = await openFlow()
        flow.proxy.cut()
        const began = Date.now()
        expect(await flow.say(1)).to.equal(isDelivered(title))
        expect(Date.now() - began).to.be.below(10_000)
        const arrived = flow.arrived().includes(1)
        expect(arrived).to.equal(isDelivered(title))
        flow.proxy.mend()
        await eventually('it is ready', () => ready(flow), 10_000)
        expect(await flow.say(2)).to.equal(true)
        await flow.finish?.()
        await eventually('it arrives', () => flow.arrived().includes(2), 15_000)
        expect(flow.arrived().includes(1)).to.equal(isDelivered(title))
      },
    )

  it('a limit that was delivered but not recorded is marked: an alarm, and stated again once Redis is back', async () => {
    const { gateway, proxy, cpo, caller } = await open()
    proxy!.cut()
    expect((await caller.sendForecast([cable('c', block)])).status).to.equal('Accepted')
    expect(gateway.observed.alarms.map(({ alarm }) => alarm)).to.deep.equal(['delivered but not recorded'])
    proxy!.mend()
    await eventually('it is told again', () => cpo.received.length === 2, 15_000)
    expect(cpo.received[1]!.body).to.deep.equal(messageOf(cable('c', block)))
  })

  it('rate limit: counted in the process, kept warm', async () => {
    const { gateway, proxy } = await open({ dso: { rateLimit: { perSecond: 0.1, burst: 4 } } })
    const url = `${gateway.soapUrl}/oscp/1.0/dso`
    const beat = async () => (await post(url, addressed('heartbeatRequest'))).status
    for (let i = 0; i < 2; i++) expect(await beat()).to.equal(200)
    proxy!.cut()
    const statuses = [await beat(), await beat(), await beat(), await beat()]
    expect(statuses).to.deep.equal([200, 200, 500, 500])
  })
})

describe('When Redis is back', function () {
  this.timeout(60_000)
  afterEach(closeScenes)

  it('recovery: ready once a script has written and read, and what was owed is delivered', async () => {
    const { gateway, proxy, cpo, caller } = await openDsoScene('Redis', { proxied: true, link: { groups: 'identity' } })
    cpo.behave({ status: 503 })
    const cables = Array.from({ length: 30 }, (_, i) => `c${i}`)
    for (const id of cables) expect((await caller.sendForecast([cable(id, block)])).status).to.equal('Accepted')
    proxy!.cut()
    await eventually('it notices', async () => !(await ready(gateway)))
    cpo.behave()
    proxy!.mend()
    await eventually('it is ready', () => ready(gateway), 10_000)
    await eventually('all is there', () => cables.every((id) => limits(cpo, id, '06:30')[0] === 5), 30_000)
  })

  for (const keeps of [true, false])
    it(`${keeps ? 'with' : 'without'} what it held, ${keeps ? 'all that was taken arrives' : 'what comes from then on does'}`, async () => {
      const { redis, gateway, cpo, dso, caller, say } = await openDsoScene('Redis', { link: { groups: 'identity' } })
      await Promise.all([cpo.stop(), dso.stop()])
      expect((await caller.sendForecast([cable('c', block)])).status).to.equal('Accepted')
      expect((await say('update_group_measurements', usage())).status).to.equal(204)
      if (keeps) {
        redis!.pause()
        await eventually('it notices', async () => !(await ready(gateway)), 10_000)
        redis!.resume()
      } else {
        await redis!.kill()
        closeLater(await startRedis({ port: redis!.port }))
      }
      await eventually('it is ready', () => ready(gateway), 10_000)
      await Promise.all([cpo.restart(), dso.restart()])
      if (!keeps) {
        expect((await caller.sendForecast([cable('c', block)])).status).to.equal('Accepted')
        expect((await say('update_group_measurements', usage())).status).to.equal(204)
      }
      await eventually('the limit is there', () => limits(cpo, 'c', '06:30')[0] === 5, 20_000)
      await dso.waitFor('UpdateAggregatedUsage', 1, 20_000)
    })
})

function usage() {
  const { startTime, endTime } = block
  const times = { initial_measure_time: startTime, measure_time: endTime }
  return { group_id: 'c', measurements: [{ value: 1, phase: 'ALL', unit: 'KWH', direction: 'IMPORT', ...times }] }
}
