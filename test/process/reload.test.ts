/** The built gateway that reads its configuration again under load: no message and no connection is lost, none is sent twice. */
import { cpSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type Cpo, startCpo } from '../peers/cpo.ts'
import { type CspService, startCspService } from '../peers/csp-service.ts'
import { eventually } from '../support/gateway.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { csp, envelope, mediaTypes, send } from '../support/soap.ts'
import { build, configFile, type GatewayProcess, startBuilt } from './artefact.ts'
import { type Caller, startCaller, token } from './load.ts'

const hour = 3600_000
const start = Math.floor(Date.now() / hour) * hour
/** Within the block, whatever of it has passed. */
const later = start + 12 * hour
const block = { start: new Date(start).toISOString(), end: new Date(start + 24 * hour).toISOString() }

type Settings = Record<string, unknown>

for (const state of ['memory', 'Redis'] as const)
  describe(`The built gateway on ${state} that is sent SIGHUP`, function () {
    this.timeout(80_000)
    before(build)
    let redis: RedisServer | undefined
    let cpo: Cpo
    let more: Cpo
    let operator: CspService
    let gateway: GatewayProcess
    let file: string
    let callers: Caller[]
    const peers = (): Settings => ({
      dso: { role: 'dso' },
      cpo: { role: 'fp', url: cpo.url, token: cpo.token },
      grid: { role: 'cp', url: 'http://127.0.0.1:9/', token: 'x', inboundToken: token },
      op: { role: 'csp', url: operator.url },
    })
    const links = (): Record<string, Settings> => ({
      down: { legacy: 'dso', modern: 'cpo', answerWithin: '1h' },
      up: { legacy: 'op', modern: 'grid' },
    })
    const config = (settings: Settings = {}) => ({
      ...(redis ? { redis: { url: redis.url } } : {}),
      peers: peers(),
      links: links(),
      delivery: { firstRetry: '50ms', longestRetry: '200ms' },
      drain: { delay: '0ms' },
      ...settings,
    })

    beforeEach(async () => {
      redis = state === 'Redis' ? await startRedis() : undefined
      ;[cpo, more, operator] = await Promise.all([startCpo(), startCpo({ token: 'more' }), startCspService()])
      callers = []
      file = configFile(config())
      gateway = await startBuilt(file)
      await eventually('it is ready', async () => (await fetch(`${gateway.adminUrl}/readyz`)).ok, 10_000)
    })
    afterEach(async () => {
      await Promise.all(callers.map((caller) => caller.stop()))
      gateway.signal('SIGKILL')
      await gateway.ended
      await Promise.all([redis?.stop(), cpo.stop(), more.stop(), operator.stop()])
    })

    const count = (text: string) => gateway.out().split(text).length - 1
    const taken = '"msg":"reloaded"'
    const kept = 'what was in force stays in force'

    /** Sends the signal, and resolves when the gateway has said what came of it. */
    async function reload(settings: Settings | string, outcome = taken): Promise<void> {
      if (typeof settings === 'string') writeFileSync(file, settings)
      else configFile(config(settings), file)
      const before = count(outcome)
      gateway.signal('SIGHUP')
      await eventually('the answer to the signal', () => count(outcome) > before, 20_000)
    }

    async function forecastTo(peer: string): Promise<string> {
      const inner = `<startTime>${block.start}</startTime><endTime>${block.end}</endTime><capacity>7</capacity>`
      const cable = `<cableId>C</cableId><capacityUnit>kW</capacityUnit><block>${inner}</block>`
      const forecast = `<updateCableCapacityForecastRequest xmlns="${csp}"><cableCapacityForecast>${cable}</cableCapacityForecast></updateCableCapacityForecastRequest>`
      const headers = { 'content-type': mediaTypes['1.1'] }
      return (await send(`${gateway.soapUrl}/oscp/1.0/${peer}`, { headers, body: envelope('1.1', forecast) })).body
    }

    it('loses nothing, sends nothing twice and ends no connection, however often parties, links and settings change', async () => {
      cpo.behave((_, nth) => (nth % 5 === 0 ? { delayMs: 200 } : undefined))
      callers = [0, 1, 2, 3].flatMap((n) => [
        startCaller(gateway, 'soap', `soap-${n}`, block),
        startCaller(gateway, 'rest', `rest-${n}`, block),
      ])
      const atWork = async () => {
        const before = callers.map((caller) => caller.answered())
        const isOn = (caller: Caller, n: number) => caller.answered() >= before[n]! + 3
        await eventually('all are at work', () => callers.every(isOn), 20_000)
      }
      await atWork()
      for (let round = 1; round <= 4; round++) {
        const other = { role: 'fp', url: more.url, token: 'more' }
        await reload({
          peers: round % 2 === 1 ? { ...peers(), [`new-${round}`]: other } : peers(),
          links: { ...links(), down: { ...links().down, answerWithin: `${round}m` } },
          offlineAfter: `${round + 5}m`,
        })
        await atWork()
      }
      await Promise.all(callers.map((caller) => caller.stop()))
      for (const { name, problems, ended } of callers) expect([name, problems, ended()]).to.deep.equal([name, [], 0])
      for (const { wire, name, accepted } of callers)
        await eventually(`the other side of ${name} holds ${accepted()}`, () =>
          wire === 'soap'
            ? lastTo(cpo, name) === accepted()
            : operator.limitAt(name, later)?.startsWith(`${accepted()} `) === true,
        )
      const sent = cpo.received.map(({ headers }) => headers['x-request-id'])
      expect(sent.length).to.equal(new Set(sent).size)
    })

    it('answers who was waiting by what held when he called, while others are served anew', async () => {
      cpo.behave((request) => ((request.body as Forecast).group_id === 'slow' ? { delayMs: 2_000 } : undefined))
      const slow = startCaller(gateway, 'soap', 'slow', block)
      callers = [slow]
      await cpo.waitFor(1, 10_000)
      const done = slow.stop()
      const other = { role: 'fp', url: more.url, token: 'more' }
      await reload({
        peers: { ...peers(), north: { role: 'dso' }, other },
        links: { ...links(), north: { legacy: 'north', modern: 'other' } },
      })
      expect(await forecastTo('north')).to.include('>Accepted<')
      expect(lastTo(more, 'C')).to.equal(7)
      expect(slow.answered()).to.equal(0)
      await done
      expect([slow.accepted(), slow.problems]).to.deep.equal([1, []])
      expect(cpo.received).to.have.length(1)
    })

    it('goes on with what was owed: to the new address of the party, and not to a party that is gone', async () => {
      cpo.behave({ status: 503 })
      await reload({ links: { ...links(), down: { legacy: 'dso', modern: 'cpo', answerWithin: '0ms' } } })
      expect(await forecastTo('dso')).to.include('>Accepted<')
      await cpo.waitFor(1, 10_000)
      await reload({ peers: { ...peers(), cpo: { role: 'fp', url: more.url, token: 'more' } } })
      await eventually('the new address has it', () => lastTo(more, 'C') === 7, 10_000)
      const { op, ...rest } = peers()
      await reload({ peers: rest, links: { down: links().down } })
      expect(op).to.have.property('role', 'csp')
      expect((await send(`${gateway.soapUrl}/oscp/1.0/op`, { body: '' })).status).to.equal(404)
    })

    it('learns a dialect that was mounted meanwhile, and keeps what it has while one there is not in order', async () => {
      const dialects = mkdtempSync(join(tmpdir(), 'reload-dialects-'))
      const vendor = {
        dialects,
        peers: {
          ...peers(),
          vendor: { role: 'dso', contract: 'gridflex-2019' },
          other: { role: 'fp', url: more.url, token: 'more' },
        },
        links: { ...links(), vendor: { legacy: 'vendor', modern: 'other' } },
      }
      await reload(vendor, kept)
      expect(gateway.out()).to.include('gridflex-2019 is not a contract of any mapping')
      cpSync(join(import.meta.dirname, '../dialects/gridflex'), join(dialects, 'gridflex'), { recursive: true })
      await reload(vendor)
      const wsdl = await fetch(`${gateway.soapUrl}/oscp/1.0/vendor?wsdl`)
      expect([wsdl.status, (await wsdl.text()).includes('OperatorService')]).to.deep.equal([200, true])
      writeFileSync(join(dialects, 'gridflex', 'mapping.yaml'), 'messages: 7\n')
      await reload(vendor, kept)
      expect((await fetch(`${gateway.soapUrl}/oscp/1.0/vendor?wsdl`)).status).to.equal(200)
      expect(await (await fetch(`${gateway.adminUrl}/metrics`)).text()).to.include('mapping="gridflex-2019--oscp-2.0"')
    })

    it('keeps what is in force when anything is wrong, says all that is, and says what needs a restart', async () => {
      const wrong = { role: 'fp', url: 'https://x.example/', tokenFile: '/nowhere' }
      await reload({ peers: { ...peers(), cpo: wrong } }, kept)
      expect(gateway.out()).to.include('peers.cpo.tokenFile: names a file that cannot be read')
      await reload({ offlineAfter: 'soon', links: { down: { legacy: 'dso', modern: 'nobody' } } }, kept)
      expect(gateway.out()).to.include('offlineAfter: must be a duration')
      await reload({ peers: { ...peers(), op: { role: 'csp', contract: 'none' } }, links: {} }, kept)
      expect(gateway.out()).to.include('peers.op.contract: none is not a contract of any mapping')
      await reload('peers: {', kept)
      expect(await forecastTo('dso')).to.include('>Accepted<')
      await reload({ limits: { headers: 50, blocks: 1 }, sidecarOf: 'soap' })
      expect(gateway.out()).to.include('not taken up: ~ limits.headers: 100 -> 50')
      expect(gateway.out()).to.include('~ limits.blocks: 10000 -> 1"').and.include('~ sidecarOf: none -> soap')
      gateway.signal('SIGTERM')
      expect(await gateway.ended).to.equal(0)
    })
  })

interface Forecast {
  readonly group_id: string
  readonly forecasted_blocks: readonly { readonly capacity: number }[]
}

function lastTo({ received }: Cpo, group: string): number | undefined {
  const bodies = received.filter(({ status }) => status === 204).map(({ body }) => body as Forecast)
  return bodies.findLast(({ group_id }) => group_id === group)?.forecasted_blocks[0]?.capacity
}
