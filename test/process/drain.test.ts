/** The built gateway that is told to stop under load: nobody is reset, nothing that was accepted is lost, and it ends in its time. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect } from 'chai'
import { type Cpo, startCpo } from '../peers/cpo.ts'
import { type CspService, startCspService } from '../peers/csp-service.ts'
import { eventually } from '../support/gateway.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { build, configFile, type GatewayProcess, startBuilt } from './artefact.ts'
import { type Caller, startCaller, token } from './load.ts'

const hour = 3600_000
const start = Math.floor(Date.now() / hour) * hour
const block = { start: new Date(start).toISOString(), end: new Date(start + 24 * hour).toISOString() }

describe('The built gateway that is told to stop', function () {
  this.timeout(80_000)
  before(build)
  let redis: RedisServer
  let cpo: Cpo
  let operator: CspService
  let gateway: GatewayProcess
  let callers: Caller[]
  const sockets: Socket[] = []
  const config = (more: Record<string, unknown> = {}) => ({
    redis: { url: redis.url },
    peers: {
      dso: { role: 'dso' },
      cpo: { role: 'fp', url: cpo.url, token: cpo.token },
      grid: { role: 'cp', url: 'http://127.0.0.1:9/', token: 'x', inboundToken: token },
      op: { role: 'csp', url: operator.url },
    },
    links: {
      down: { legacy: 'dso', modern: 'cpo', answerWithin: '1h' },
      up: { legacy: 'op', modern: 'grid' },
    },
    delivery: { firstRetry: '50ms', longestRetry: '200ms' },
    drain: { delay: '3s', total: '9s' },
    ...more,
  })
  const readyz = async () => (await fetch(`${gateway.adminUrl}/readyz`)).status

  beforeEach(async () => {
    ;[redis, cpo, operator] = await Promise.all([startRedis(), startCpo(), startCspService()])
    callers = []
  })
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    if (gateway.isRunning()) gateway.signal('SIGKILL')
    await Promise.all([gateway.ended, ...callers.map((caller) => caller.stop())])
    await Promise.all([redis.stop(), cpo.stop(), operator.stop()])
  })

  async function startReady(more?: Record<string, unknown>) {
    const file = configFile(config(more))
    gateway = await startBuilt(file)
    await eventually('it is ready', async () => (await readyz()) === 200, 10_000)
    return file
  }

  /** A connection as a pool keeps it: one request was answered on it, and nothing followed. */
  async function idle(url: string) {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    sockets.push(socket)
    const events: string[] = []
    let heard = ''
    for (const name of ['end', 'error', 'close']) socket.on(name, () => events.push(name))
    socket.on('data', (chunk) => {
      heard += String(chunk)
    })
    await once(socket, 'connect')
    socket.write('GET /nothing HTTP/1.1\r\nHost: gateway\r\n\r\n')
    await eventually('an answer', () => heard.includes('HTTP/1.1 404'))
    return { events, heard: () => heard }
  }

  const eachOf = (wire: Caller['wire'], count: number) =>
    Array.from({ length: count }, (_, n) => startCaller(gateway, wire, `${wire}-${n}`, block))

  /** What the other side of each caller holds in the end. */
  const arrived = ({ wire, name }: Caller): number => {
    if (wire === 'rest') return Number(operator.limitAt(name, start + 12 * hour)?.split(' ')[0] ?? 0)
    const bodies = cpo.received.filter(({ status }) => status === 204).map(({ body }) => body as Forecast)
    return bodies.findLast(({ group_id }) => group_id === name)?.forecasted_blocks?.[0]?.capacity ?? 0
  }

  it('resets nobody and loses nothing, on kept, idle and slow connections', async () => {
    cpo.behave((_, nth) => (nth % 4 === 0 ? { delayMs: 300 } : undefined))
    const file = await startReady()
    callers = [...eachOf('soap', 8), ...eachOf('rest', 8)]
    await eventually('all are at work', () => callers.every((caller) => caller.answered() >= 3), 20_000)
    const silent = [await idle(gateway.soapUrl), await idle(gateway.restUrl)]
    gateway.signal('SIGTERM')
    await eventually('it is not ready', async () => (await readyz()) === 503)
    // Whoever sends callers here needs a while to hear of it: until then they are served, each connection once.
    const before = callers.map((caller) => caller.ended())
    await eventually('all are served on', () => callers.every(({ ended }, n) => ended() >= before[n]! + 3))
    await Promise.all(callers.map((caller) => caller.stop()))
    expect(gateway.isRunning()).to.equal(true)
    expect(await gateway.ended).to.equal(0)
    for (const { name, problems, ended } of callers) {
      expect(problems, name).to.deep.equal([])
      expect(ended(), `${name} was told to move on`).to.be.greaterThan(0)
    }
    for (const { events } of silent) expect(events[0]).to.equal('end')
    for (const { events } of silent) expect(events).not.to.include('error')
    expect(gateway.err()).to.equal('')

    cpo.behave()
    gateway = await startBuilt(file)
    for (const caller of callers)
      await eventually(
        `the other side of ${caller.name} holds ${caller.accepted()}`,
        () => arrived(caller) >= caller.accepted(),
        20_000,
      )
  })

  it('answers those who wait for a silent peer, at the end of the delay and not before', async () => {
    cpo.behave({ hang: true })
    await startReady()
    const waiting = startCaller(gateway, 'soap', 'slow', block)
    callers = [waiting]
    await cpo.waitFor(1, 10_000)
    const asked = performance.now()
    gateway.signal('SIGTERM')
    await waiting.stop()
    expect(performance.now() - asked).to.be.at.least(2_900)
    expect(waiting.accepted()).to.be.greaterThan(0)
    expect(await gateway.ended).to.equal(0)
    expect(waiting.problems).to.deep.equal([])
  })

  it('goes on serving the app beside it when the outside is closed', async () => {
    await startReady({ sidecarOf: 'rest' })
    const [outside, app] = [startCaller(gateway, 'soap', 'o', block), startCaller(gateway, 'rest', 'a', block)]
    callers = [outside, app]
    await eventually('both are at work', () => callers.every((caller) => caller.answered() >= 2), 20_000)
    gateway.signal('SIGTERM')
    await eventually('it is not ready', async () => (await readyz()) === 503)
    await outside.stop()
    await eventually('the outside is closed', () => refused(gateway.soapUrl), 10_000)
    const before = app.answered()
    await eventually('the app is served', () => app.answered() >= before + 5, 10_000)
    await app.stop()
    expect(await gateway.ended).to.equal(0)
    for (const { name, problems } of callers) expect(problems, name).to.deep.equal([])
    expect(arrived(app)).to.be.greaterThan(0)
  })

  it('leaves what a second signal cuts on the agenda, for the next start', async () => {
    cpo.behave({ hang: true })
    const file = await startReady({ delivery: { timeout: '1s', firstRetry: '50ms', longestRetry: '200ms' } })
    const waiting = startCaller(gateway, 'soap', 'cut', block)
    callers = [waiting]
    await cpo.waitFor(1, 10_000)
    gateway.signal('SIGTERM')
    await eventually('the first signal is heard', () => gateway.out().includes('"stopping"'))
    gateway.signal('SIGTERM')
    expect(await gateway.ended).to.equal(143)
    await waiting.stop()
    cpo.behave()
    gateway = await startBuilt(file)
    await eventually('the CPO has it', () => arrived(waiting) > 0, 20_000)
  })
})

interface Forecast {
  readonly group_id: string
  readonly forecasted_blocks: readonly { readonly capacity: number }[]
}

function refused(url: string): Promise<boolean> {
  return fetch(url).then(
    () => false,
    (error: Error) => (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED',
  )
}
