/** A 1.0 message that comes again under its MessageID gets its first answer, on whatever replica, and is carried once. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type Cpo, startCpo } from '../peers/cpo.ts'
import { root } from '../support/command.ts'
import { eventually, startTestGateway, type TestGateway } from '../support/gateway.ts'
import { tomorrow } from '../support/linked-gateway.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { type Answer, csp, envelope, faultOf, mediaTypes, send, type Version } from '../support/soap.ts'

const wsa = 'http://www.w3.org/2005/08/addressing'
const addressed = (id: string) => `<a:MessageID xmlns:a="${wsa}">${id}</a:MessageID>`
const forecast = (cable: string, capacity = '10') =>
  `<updateCableCapacityForecastRequest xmlns="${csp}"><cableCapacityForecast><cableId>${cable}</cableId><capacityUnit>kW</capacityUnit>` +
  `<block><startTime>${tomorrow(6).toISOString()}</startTime><endTime>${tomorrow(7).toISOString()}</endTime><capacity>${capacity}</capacity></block>` +
  '</cableCapacityForecast></updateCableCapacityForecastRequest>'
const heartbeat = `<heartbeatRequest xmlns="${csp}"/>`

const post = (url: string, body: string, version: Version = '1.1'): Promise<Answer> =>
  send(`${url}/oscp/1.0/dso`, { headers: { 'content-type': mediaTypes[version] }, body })

describe('A repeat over SOAP', function () {
  this.timeout(60_000)
  let redis: RedisServer
  let cpo: Cpo
  let replicas: TestGateway[]
  const folder = mkdtempSync(join(tmpdir(), 'oscp-gateway-repeats-'))
  const children: ChildProcess[] = []
  const config = (answerWithin = '2s') => ({
    redis: { url: redis.url },
    peers: { dso: { role: 'dso' }, cpo: { role: 'fp', url: cpo.url, token: cpo.token } },
    links: { link: { legacy: 'dso', modern: 'cpo', answerWithin } },
  })

  beforeEach(async () => {
    redis = await startRedis()
    cpo = await startCpo()
    replicas = await Promise.all([startTestGateway({ config: config() }), startTestGateway({ config: config() })])
  })
  afterEach(async () => {
    for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL')
    for (const replica of replicas) await replica.stop()
    await cpo.stop()
    await redis.stop()
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  const forecasts = () => cpo.received.filter(({ path }) => path.endsWith('/update_group_capacity_forecast'))
  const outcomes = () => replicas.flatMap(({ observed }) => observed.exchanges.map(({ outcome }) => outcome))

  for (const version of ['1.1', '1.2'] as const)
    it(`gets the first answer byte for byte, from any replica, in SOAP ${version}`, async () => {
      const message = envelope(version, forecast('A'), addressed('urn:uuid:1'))
      const answers: Answer[] = []
      for (const replica of [0, 1, 0]) answers.push(await post(replicas[replica]!.soapUrl, message, version))
      expect(answers.map(({ status }) => status)).to.deep.equal([200, 200, 200])
      expect(new Set(answers.map(({ body }) => body)).size).to.equal(1)
      expect(answers[1]!.headers['content-type']).to.equal(answers[0]!.headers['content-type'])
      expect(answers[0]!.body).to.include('urn:uuid:1').and.include('Accepted')
      expect(forecasts()).to.have.length(1)
      expect(outcomes().filter((outcome) => outcome === 'repeated')).to.have.length(2)
    })

  it('gets the same answer when all copies arrive at once on two replicas, and is carried once', async () => {
    cpo.behave(() => ({ delayMs: 300 }))
    const message = envelope('1.1', forecast('A'), addressed('urn:uuid:2'))
    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => post(replicas[i % 2]!.soapUrl, message)))
    expect(answers.map(({ status }) => status)).to.deep.equal(new Array(10).fill(200))
    expect(new Set(answers.map(({ body }) => body)).size).to.equal(1)
    expect(forecasts()).to.have.length(1)
    expect(outcomes().sort()).to.deep.equal(['accepted', ...new Array(9).fill('repeated')])
  })

  it('is refused when it says something else, and changes nothing', async () => {
    const [a, b] = replicas
    await post(a!.soapUrl, envelope('1.2', forecast('A', '10'), addressed('urn:uuid:3')), '1.2')
    const refused = await post(b!.soapUrl, envelope('1.2', forecast('A', '99'), addressed('urn:uuid:3')), '1.2')
    expect(refused.status).to.equal(400)
    expect(faultOf(refused.body, '1.2')).to.include({ kind: 'message-id-reused', subcode: 'gw:ProtocolError' })
    expect(forecasts()).to.have.length(1)
    expect(b!.observed.exchanges.at(-1)).to.include({
      outcome: 'message-id-reused',
      messageId: 'urn:uuid:3',
      operation: 'UpdateCableCapacityForecast',
    })
  })

  it('is not looked for without a MessageID', async () => {
    const message = envelope('1.1', forecast('A'))
    for (let i = 0; i < 2; i++) expect((await post(replicas[i]!.soapUrl, message)).status).to.equal(200)
    expect(forecasts()).to.have.length(2)
  })

  it('of a message that was answered with a fault is worked on again', async () => {
    const [a] = replicas
    const bad = envelope('1.1', forecast('A', 'much'), addressed('urn:uuid:4'))
    for (let i = 0; i < 2; i++)
      expect(faultOf((await post(a!.soapUrl, bad)).body, '1.1').kind).to.equal('invalid-message')
    const good = envelope('1.1', forecast('A'), addressed('urn:uuid:4'))
    expect((await post(a!.soapUrl, good)).body).to.include('Accepted')
  })

  it('is refused while the state is away, but for heartbeats and for limits without a MessageID', async () => {
    const [a] = replicas
    await redis.kill()
    await eventually('the gateway notices', async () => !(await fetch(`${a!.adminUrl}/readyz`)).ok)
    const fault = await post(a!.soapUrl, envelope('1.2', forecast('A'), addressed('urn:uuid:5')), '1.2')
    expect(fault.status).to.equal(500)
    expect(faultOf(fault.body, '1.2')).to.include({ kind: 'state-unavailable', code: 'soap:Receiver' })
    expect(forecasts()).to.have.length(0)
    for (let i = 0; i < 2; i++) {
      const beat = await post(a!.soapUrl, envelope('1.1', heartbeat, addressed('urn:uuid:6')))
      expect(beat.status).to.equal(200)
    }
    expect((await post(a!.soapUrl, envelope('1.1', forecast('A')))).body).to.include('Accepted')
    expect(forecasts()).to.have.length(1)
  })

  it('is worked on by another replica when the one that had it is killed before it answered', async () => {
    const file = join(folder, `${randomUUID()}.json`)
    const listen = { soap: '127.0.0.1:0', rest: '127.0.0.1:0', admin: '127.0.0.1:0' }
    writeFileSync(file, JSON.stringify({ ...config('60s'), listen, delivery: { timeout: '60s' } }))
    const doomed = await startReplica(file)
    cpo.behave((_, nth) => (nth === 1 ? { hang: true } : undefined))
    const message = envelope('1.1', forecast('A'), addressed('urn:uuid:7'))
    const lost = post(doomed.url, message).then(
      () => 'answered',
      () => 'lost',
    )
    await eventually('the message is being carried', () => forecasts().length === 1, 20_000)
    doomed.child.kill('SIGKILL')
    expect(await lost).to.equal('lost')
    const answers: Answer[] = []
    await eventually(
      'the repeat is answered',
      async () => {
        answers.push(await post(replicas[0]!.soapUrl, message))
        return answers.at(-1)!.status === 200
      },
      30_000,
    )
    for (const { body } of answers.slice(0, -1)) expect(faultOf(body, '1.1').kind).to.equal('state-unavailable')
    expect((await post(replicas[1]!.soapUrl, message)).body).to.equal(answers.at(-1)!.body)
  })

  /** A gateway in a process of its own; resolves when it listens. */
  async function startReplica(file: string): Promise<{ url: string; child: ChildProcess }> {
    const { OSCP_GW_CONFIG: _, ...env } = process.env
    const args = ['--import=tsx', '--conditions=source', 'src/cli/main.ts', 'start', '-c', file]
    const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    await once(child, 'spawn')
    let said = ''
    child.stdout.on('data', (chunk) => {
      said += String(chunk)
    })
    const url = await eventually('the replica listens', () => /"soap":"([^"]+)"/.exec(said)?.[1], 20_000)
    return { url, child }
  }
})
