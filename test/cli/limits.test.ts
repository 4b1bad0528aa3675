/** The command that lists what is stored of forecasts, beside a gateway that runs. */
import { execFile } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect } from 'chai'
import { openDeployment } from '../support/deployment.ts'
import { at, cable, closeScenes, openScene, span } from '../support/scene.ts'

const root = resolve(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'oscp-gateway-limits-'))

function limits(config: object): Promise<{ code: number | null; out: string; err: string }> {
  const { OSCP_GW_CONFIG: _, ...env } = process.env
  const file = join(folder, 'gateway.yaml')
  writeFileSync(file, JSON.stringify(config))
  const command = [join(root, 'node_modules/tsx/dist/cli.mjs'), '--conditions=source', join(root, 'src/cli/main.ts')]
  return new Promise((done) => {
    const child = execFile(
      process.execPath,
      [...command, 'limits', '-c', file],
      { cwd: root, env, timeout: 20_000 },
      (_error, out, err) => done({ code: child.exitCode, out, err }),
    )
  })
}

const block = (from: string, to: string, capacity: number) => ({
  capacity,
  phase: 'ALL',
  unit: 'KW',
  start_time: at(from),
  end_time: at(to),
})

describe('The command limits', function () {
  this.timeout(60_000)
  afterEach(closeScenes)

  it('lists what a legacy operator is held to, and what is only kept', async () => {
    const scene = await openDeployment('Redis', 'csp')
    await scene.online()
    const say = (type: string, capacity: number) =>
      scene.party().send('update_group_capacity_forecast', {
        group_id: 'G/1',
        type,
        forecasted_blocks: [block('2000-01-01T00:00:00Z', '2026-03-04T00:00:00Z', capacity)],
      })
    for (const [type, capacity] of [
      ['CONSUMPTION', 150],
      ['FALLBACK_CONSUMPTION', 11],
      ['GENERATION', 5],
    ] as const)
      expect((await say(type, capacity)).status).to.equal(204)
    await scene.service.waitFor('UpdateCableCapacityForecast', 1)
    const { code, out, err } = await limits({
      redis: { url: scene.redis!.url },
      peers: { legacy: { role: 'csp' }, modern: { role: 'cp', url: 'http://cp.test', token: 'x'.repeat(20) } },
      links: { modern: { legacy: 'legacy', modern: 'modern' } },
    })
    expect(code, err).to.equal(0)
    expect(out).to.match(/^modern +G\/1 +CONSUMPTION +.* 2026-03-04T00:00:00Z +in force, delivered$/m)
    expect(out).to.match(/^modern +G\/1 +FALLBACK_CONSUMPTION +.* kept$/m)
    expect(out).to.match(/^modern +G\/1 +GENERATION +.* kept$/m)
  })

  it('lists what a flexibility provider has, and what is owed to it', async () => {
    const scene = await openScene('Redis')
    await scene.dso.sendForecast([cable('c1', span('2000-01-01T00:00:00Z', '2100-01-01T00:00:00Z', 20))])
    scene.cpo.behave(() => ({ status: 503 }))
    await scene.dso.sendForecast([cable('c2', span('2000-01-01T00:00:00Z', '2100-01-01T00:00:00Z', 30))])
    const { out } = await limits({
      redis: { url: scene.redis!.url },
      peers: { dso: { role: 'dso' }, cpo: { role: 'fp', url: 'http://fp.test', token: 'x'.repeat(20) } },
      links: { link: { legacy: 'dso', modern: 'cpo' } },
    })
    expect(out).to.match(/^link +c1 +CONSUMPTION +20 KW +2100-01-01T00:00:00Z +in force, delivered$/m)
    expect(out).to.match(/^link +c2 +CONSUMPTION +30 KW +2100-01-01T00:00:00Z +in force, owed after \d+ attempts?$/m)
  })

  it('says that memory cannot be looked at from outside', async () => {
    const { code, err } = await limits({
      peers: { dso: { role: 'dso' }, cpo: { role: 'fp', url: 'http://fp.test', token: 'x'.repeat(20) } },
      links: { link: { legacy: 'dso', modern: 'cpo' } },
    })
    expect(code).to.equal(69)
    expect(err).to.match(/^State is in memory/)
  })
})
