/** The plain image as a service: it starts beside a Redis, answers probes, carries a forecast, says what it is, and ends on SIGTERM. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startCpo } from '../peers/cpo.ts'
import { connectDso } from '../peers/dso.ts'
import { cableForecast } from '../peers/forecast.ts'
import { startRedis } from '../support/redis.ts'
import type { Image } from './images.ts'
import { seeMemory } from './memory.ts'
import type { Report } from './report.ts'
import { run, runToEnd, until } from './run.ts'

const quarter = new Date(Math.floor(Date.now() / 900_000) * 900_000)
const configFile = '/etc/oscp-gateway/gateway.yaml'

export async function seeRunning(report: Report, image: Image, built: Readonly<Record<string, string>>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'oscp-gateway-container-'))
  const [redis, cpo] = await Promise.all([startRedis(), startCpo()])
  const [soap, rest, admin] = await freePorts()
  const file = join(folder, 'gateway.yaml')
  writeFileSync(
    file,
    `listen: { soap: "127.0.0.1:${soap}", rest: "127.0.0.1:${rest}", admin: "127.0.0.1:${admin}" }
redis: { url: "${redis.url}" }
peers:
  dso: { role: dso }
  cpo: { role: fp, url: "${cpo.url}", token: "${cpo.token}" }
links: { one: { legacy: dso, modern: cpo } }
`,
  )
  const mounts = { [configFile]: file }
  const gateway = run(image, [...image.entrypoint, ...image.cmd], { mounts })
  try {
    const get = async (path: string) => (await fetch(`http://127.0.0.1:${admin}${path}`)).text()
    const isReady = async () => (await fetch(`http://127.0.0.1:${admin}/readyz`).catch(() => undefined))?.ok ?? false
    await until(`the gateway is ready; it said ${gateway.said()}`, isReady)
    const status = readFileSync(`/proc/${gateway.pid()}/status`, 'utf8')
    report.expect(
      'node is process 1 of the container',
      /^Name:\s+node$/m.test(status) && /^NSpid:\s.*\s1$/m.test(status),
      status,
    )
    report.expect('it runs as the numeric user of the image', /^Uid:\s+1000\s+1000/m.test(status), status)
    const health = await runToEnd(image, image.healthcheck, { mounts })
    report.expect('the health check follows listen.admin of a mounted file, exit 0', health.code === 0, health)
    const metrics = await get('/metrics')
    report.expect(
      'metrics say version and revision',
      metrics.includes(`version="${built.VERSION}",revision="${built.REVISION}"`),
    )
    const dso = await connectDso({ wsdlUrl: `http://127.0.0.1:${soap}/oscp/1.0/dso?wsdl` })
    const answer = await dso.sendForecast([
      cableForecast({ cableId: 'CABLE-17', day: 'jan_workday', carries: 250, from: quarter }),
    ])
    const received = await cpo.waitFor(({ path }) => path.endsWith('update_group_capacity_forecast'), 10_000)
    report.expect('a forecast is carried', answer.status === 'Accepted' && received.status === 204, [answer, received])
    const asked = performance.now()
    process.kill(gateway.pid(), 'SIGTERM')
    const code = await gateway.ended
    const seconds = (performance.now() - asked) / 1000
    report.expect(
      `SIGTERM ends it within 10 s (${seconds.toFixed(1)} s), exit 0`,
      code === 0 && seconds < 10,
      gateway.said(),
    )
    await seeMemory(report, image, { mounts, admin: admin!, soap: soap! })
  } finally {
    gateway.child.kill('SIGKILL')
    await Promise.all([redis.stop(), cpo.stop()])
    rmSync(folder, { recursive: true, force: true })
  }
}

async function freePorts(): Promise<number[]> {
  const servers = await Promise.all(
    [0, 1, 2].map(
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer().listen(0, '127.0.0.1', () => resolve(server))
        }),
    ),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))))
  return ports
}
