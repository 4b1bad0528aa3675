/** What an orchestrator is told of the built gateway in each of its states, and that no state of Redis ends it. */
import { expect } from 'chai'
import { eventually } from '../support/gateway.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { build, configFile, freePort, type GatewayProcess, startBuilt } from './artefact.ts'

const config = {
  peers: {
    dso: { role: 'dso' },
    cpo: { role: 'fp', url: 'http://127.0.0.1:9/', token: 'x' },
  },
  links: { link: { legacy: 'dso', modern: 'cpo' } },
}
const allTrue = { mappings: true, listeners: true, state: true, sessions: true, accepting: true }

describe('The probes of the built gateway', function () {
  this.timeout(60_000)
  before(build)
  let gateway: GatewayProcess | undefined
  let redis: RedisServer | undefined
  afterEach(async () => {
    if (gateway?.isRunning()) gateway.signal('SIGKILL')
    await gateway?.ended
    await redis?.stop()
    gateway = undefined
    redis = undefined
  })

  async function ask(probe: string, method = 'GET') {
    const answer = await fetch(`${gateway!.adminUrl}/${probe}`, { method })
    const text = await answer.text()
    return { status: answer.status, body: text && (JSON.parse(text) as Record<string, unknown>), answer }
  }
  const statusOf = async (probe: string) => (await ask(probe)).status

  it('say that it lives, has started and is ready, to HEAD too, and are not to be remembered', async () => {
    gateway = await startBuilt(configFile(config))
    await eventually('it is ready', async () => (await statusOf('readyz')) === 200)
    expect((await ask('readyz')).body).to.deep.equal({ ready: true, reasons: allTrue })
    expect((await ask('livez')).body).to.deep.equal({ live: true })
    const steps = { started: true, configuration: true, mappings: true, listeners: true, state: 'reached' }
    expect((await ask('startupz')).body).to.deep.equal(steps)
    for (const probe of ['livez', 'readyz', 'startupz']) {
      const { status, body, answer } = await ask(probe, 'HEAD')
      expect([status, body, answer.headers.get('cache-control')]).to.deep.equal([200, '', 'no-store'])
    }
  })

  it('tell in detail how each party stands, which makes it neither more nor less ready', async () => {
    gateway = await startBuilt(configFile(config))
    await eventually('it is ready', async () => (await statusOf('readyz')) === 200)
    expect((await ask('readyz?verbose')).body).to.have.deep.property('parties', {
      dso: { circuit: 'closed', alive: false },
      cpo: { circuit: 'closed', session: 'ONLINE' },
    })
  })

  it('say without Redis that it lives and is not ready; it has started when that was waited for, with one line in the log', async () => {
    const port = await freePort()
    gateway = await startBuilt(configFile({ ...config, redis: { url: `redis://127.0.0.1:${port}` } }))
    const early = await ask('startupz')
    expect(early.status).to.equal(503)
    expect(early.body).to.include({ started: false, listeners: true, state: 'awaited' })
    const notReady = await ask('readyz')
    expect(notReady.status).to.equal(503)
    expect(notReady.body).to.deep.equal({
      ready: false,
      reasons: { ...allTrue, state: false, sessions: false },
      because: ['the state store cannot be reached', 'the sessions with OSCP 2.0 parties have not begun'],
    })
    expect(await statusOf('livez')).to.equal(200)
    await eventually('the start counts as done', async () => (await statusOf('startupz')) === 200, 15_000)
    expect((await ask('startupz')).body).to.include({ started: true, state: 'late' })
    expect(await statusOf('readyz')).to.equal(503)
    expect(gateway.out().match(/Redis cannot be reached/g)).to.have.length(1)
    redis = await startRedis({ port })
    await eventually('it is ready', async () => (await statusOf('readyz')) === 200, 15_000)
    expect((await ask('startupz')).body).to.include({ started: true, state: 'reached' })
    expect(gateway.isRunning()).to.equal(true)
  })

  it('say that it lives while Redis hangs, and is ready again when it goes on', async () => {
    redis = await startRedis()
    gateway = await startBuilt(configFile({ ...config, redis: { url: redis.url } }))
    await eventually('it is ready', async () => (await statusOf('readyz')) === 200)
    redis.pause()
    await eventually('it is not ready', async () => (await statusOf('readyz')) === 503)
    expect(await statusOf('livez')).to.equal(200)
    expect(await statusOf('startupz')).to.equal(200)
    redis.resume()
    await eventually('it is ready', async () => (await statusOf('readyz')) === 200)
  })

  it('say on SIGTERM at once that it is not ready, while it lives and goes on serving', async () => {
    gateway = await startBuilt(configFile({ ...config, drain: { delay: '2s', total: '5s' } }))
    await eventually('it is ready', async () => (await statusOf('readyz')) === 200)
    gateway.signal('SIGTERM')
    await eventually('it is not ready', async () => (await statusOf('readyz')) === 503)
    expect((await ask('readyz')).body).to.deep.include({
      reasons: { ...allTrue, accepting: false },
      because: ['the gateway is stopping'],
    })
    expect([await statusOf('livez'), await statusOf('startupz')]).to.deep.equal([200, 200])
    expect((await fetch(`${gateway.soapUrl}/oscp/1.0/dso?wsdl`)).status).to.equal(200)
    expect(await gateway.ended).to.equal(0)
  })
})
