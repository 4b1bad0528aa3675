/** Every exit code of the built command, each with the sentence that goes with it. */
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { eventually } from '../support/gateway.ts'
import { startRedis } from '../support/redis.ts'
import { build, configFile, freePort, runBuilt, startBuilt } from './artefact.ts'

const folder = mkdtempSync(join(tmpdir(), 'exit-'))

async function run(args: readonly string[], env?: Record<string, string>) {
  const running = runBuilt(args, env)
  const code = await running.ended
  return { code, out: running.out(), err: running.err() }
}

function file(name: string, content: string): string {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

describe('The built command', function () {
  this.timeout(60_000)
  before(build)

  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    it(`exits 0 after ${signal}`, async () => {
      const gateway = await startBuilt(configFile({ drain: { delay: '100ms' } }))
      gateway.signal(signal)
      expect(await gateway.ended, gateway.err()).to.equal(0)
    })

  it('waits for drain.delay after SIGTERM, and not after SIGINT', async () => {
    const gateway = await startBuilt(configFile({ drain: { delay: '1h', total: '2h' } }))
    gateway.signal('SIGINT')
    expect(await gateway.ended).to.equal(0)
  })

  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)
    it(`exits ${code} at once when ${signal} is the second signal`, async () => {
      const gateway = await startBuilt(configFile({ drain: { delay: '1h', total: '2h' } }))
      gateway.signal('SIGTERM')
      await eventually('the first one is heard', () => gateway.out().includes('"stopping"'))
      gateway.signal(signal)
      expect(await gateway.ended).to.equal(code)
    })

  it('exits 78 with every problem of configuration and environment, and has listened to nothing', async () => {
    const links = { link: { legacy: 'dso', modern: 'nobody', answerWithin: 'soon' } }
    const bad = configFile({ peers: { dso: { role: 'dso', zone: 'Mars' } }, links, drain: { delay: '9s' } })
    const { code, out, err } = await run(['start', '-c', bad], { OSCP_GW_LOK: 'info' })
    expect(code).to.equal(78)
    expect(err).to.include('peers.dso.zone').and.include('links.link.answerWithin').and.include('OSCP_GW_LOK')
    expect(err).to.match(/^3 problems; nothing was started\.$/m)
    expect(out).to.equal('')
  })

  it('exits 78 for a delay that leaves no time to finish, and for a configuration that is not there', async () => {
    const { code, err } = await run(['start', '-c', configFile({ drain: { delay: '9s' } })])
    expect([code, err]).to.deep.equal([78, err])
    expect(err).to.include('drain.total: must be longer than drain.delay')
    expect((await run(['start', '-c', join(folder, 'none.yaml')])).code).to.equal(78)
  })

  it('exits 78 for mappings that leave a field unaccounted for', async () => {
    const dialects = join(folder, 'dialects')
    mkdirSync(join(dialects, 'vendor'), { recursive: true })
    writeFileSync(join(dialects, 'vendor', 'contract.yaml'), 'id: vendor\n')
    const { code, err } = await run(['start', '-c', configFile({ dialects })])
    expect(code, err).to.equal(78)
    expect(err).to.include('vendor')
  })

  it('exits 69 in one line when an address is taken, whichever it is, also while Redis is away', async () => {
    const holder = createServer().listen(0, '127.0.0.1')
    await once(holder, 'listening')
    const taken = `127.0.0.1:${(holder.address() as AddressInfo).port}`
    const redis = { url: `redis://127.0.0.1:${await freePort()}` }
    try {
      for (const face of ['soap', 'rest', 'admin']) {
        const listen = { soap: '127.0.0.1:0', rest: '127.0.0.1:0', admin: '127.0.0.1:0', [face]: taken }
        const { code, err } = await run(['start', '-c', configFile({ listen, redis })])
        expect(code, err).to.equal(69)
        expect(err).to.equal(`cannot listen: listen EADDRINUSE: address already in use ${taken}\n`)
      }
    } finally {
      holder.close()
    }
  })

  it('exits 69 when a command beside the gateway cannot reach Redis', async () => {
    const away = configFile({ redis: { url: `redis://127.0.0.1:${await freePort()}` } })
    const { code, err } = await run(['peers', '-c', away])
    expect(code).to.equal(69)
    expect(err).to.include('Redis does not answer')
  })

  it('exits 64 for a command line it does not know', async () => {
    for (const args of [['fly'], ['start', '--fast'], ['translate']]) expect((await run(args)).code).to.equal(64)
  })

  it('exits 65 for what is no message, 66 for what cannot be read, and 0, 10 or 20 by how true a translation is', async () => {
    expect((await run(['translate', file('text', 'good day')])).code).to.equal(65)
    expect((await run(['translate', join(folder, 'nothing')])).code).to.equal(66)
    expect((await run(['translate', 'examples/heartbeat.xml'])).code).to.equal(0)
    expect((await run(['translate', 'examples/forecast.json'])).code).to.equal(10)
    const held = readFileSync('examples/forecast.json', 'utf8').replace('"CONSUMPTION"', '"GENERATION"')
    expect((await run(['translate', file('held.json', held)])).code).to.equal(20)
  })

  it('exits 1 when a check finds what is stale', async () => {
    const out = join(folder, 'pages')
    mkdirSync(out)
    expect((await run(['pages', '--check', '--out', out])).code).to.equal(1)
  })

  it('exits 66 for a dead message that is not there', async () => {
    const redis = await startRedis()
    try {
      const with_ = configFile({ redis: { url: redis.url }, peers: { dso: { role: 'dso' } } })
      expect((await run(['dead', 'drop', 'dso', '1', '-c', with_])).code).to.equal(66)
    } finally {
      await redis.stop()
    }
  })
})
