/** `oscp-gateway dead` beside a gateway: what it lists, and what an operator's retry and drop lead to. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect } from 'chai'
import type { PeerId } from '../../src/exchange/ids.ts'
import { connectRedis } from '../../src/state/redis/client.ts'
import { RedisLedger } from '../../src/state/redis/ledger.ts'
import { eventually } from '../support/gateway.ts'
import { type Answer, type Attempt, names, startReplica, usage } from '../support/queue.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { cable, closeScenes, openScene, span } from '../support/scene.ts'

const root = resolve(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'oscp-gateway-dead-'))

function dead(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const { OSCP_GW_CONFIG: _, ...env } = process.env
  const command = [join(root, 'node_modules/tsx/dist/cli.mjs'), '--conditions=source', join(root, 'src/cli/main.ts')]
  return new Promise((done) => {
    const child = execFile(
      process.execPath,
      [...command, 'dead', ...args],
      { cwd: root, env, timeout: 60_000 },
      (_error, out, err) => done({ code: child.exitCode, out, err }),
    )
  })
}

function config(name: string, redis: string): string {
  const path = join(folder, name)
  const parties = 'peers: { dso: { role: dso }, cpo: { role: fp, url: "https://cpo.example/", token: secret } }'
  writeFileSync(path, `${parties}\nlinks: { link: { legacy: dso, modern: cpo } }\nredis: { url: "${redis}" }\n`)
  return path
}

const lines = (text: string) => text.trim().split('\n')

describe('The command dead', function () {
  this.timeout(120_000)
  let server: RedisServer
  let ledger: RedisLedger
  let file: string
  const peer = 'dso' as PeerId

  before(async () => {
    server = await startRedis()
    ledger = new RedisLedger(connectRedis({ url: server.url, commandTimeoutMs: 5000 }, () => undefined))
    await eventually('Redis is ready', () => ledger.isReady())
    file = config('gateway.yaml', server.url)
  })
  after(async () => {
    await ledger?.close()
    await server?.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  afterEach(closeScenes)

  /** What a gateway does with these events. */
  async function run(events: Parameters<typeof usage>[], answer: Answer): Promise<Attempt[]> {
    const sent: Attempt[] = []
    const replica = startReplica({ ledger, peer, sent, answer })
    for (const one of events) await replica.events.add(peer, usage(...one))
    await eventually('the queue is empty', async () => (await ledger.list(peer, 'event/')).length === 0)
    await replica.stop()
    return sent
  }

  it('lists, shows, puts back and forgets', async () => {
    const hour = 3600_000
    await run([['a'], ['b', { expires: Date.now() + 1000 }], ['c', { expires: Date.now() + hour }]], ({ name }) => ({
      verdict: 'dead',
      reason: `no to ${name}`,
    }))
    const listed = await dead('-c', file)
    expect(listed.code, listed.err).to.equal(0)
    expect(lines(listed.out)[0]).to.match(/^PARTY +ID +GIVEN UP +MESSAGE +LINK +GROUP +TRIES +REASON$/)
    const ids = [...listed.out.matchAll(/^dso +(\d+) .* usage +north +007 +1 +no to (\w)$/gm)]
    expect(ids.map(([, , name]) => name)).to.deep.equal(['a', 'b', 'c'])
    const [a, b, c] = ids.map(([, id]) => id!)
    expect(listed.out).not.to.include('request-a')

    const shown = await dead('show', 'dso', a!, '--json', '-c', file)
    expect(JSON.parse(shown.out)).to.deep.include({ peer: 'dso', id: a, kind: 'usage', reason: 'no to a', attempts: 1 })
    expect(JSON.parse(shown.out).event).to.deep.include({ request: 'request-a', value: { name: 'a' } })
    expect(lines(shown.out)).to.have.length(1)

    const [retried, dropped] = [await dead('retry', 'dso', a!, '-c', file), await dead('drop', 'dso', c!, '-c', file)]
    expect(retried.code, retried.err).to.equal(0)
    expect(retried.err).to.include(`usage ${a} of dso (link north, group 007, exchange exchange-a) is the last`)
    expect(dropped.code, dropped.err).to.equal(0)
    expect(dropped.err).to.include(`usage ${c} of dso`).and.to.include('is forgotten')
    // By now it has expired.
    const late = await dead('retry', 'dso', b!, '-c', file)
    expect(late).to.include({ code: 20, out: '' })
    expect(late.err).to.include('is not sent again: it has expired')

    const rest = await dead('list', 'dso', '--json', '-c', file)
    expect(lines(rest.out).map((line) => JSON.parse(line).id)).to.deep.equal([b])
    expect(names(await run([], () => ({ verdict: 'done' })))).to.deep.equal(['a'])
  })

  it('refuses parties and ids that it does not know, each with its exit code', async () => {
    const cases = [
      [['list', 'dsa'], 64, /dsa is not among the parties: dso, cpo/],
      [['show', 'dsa', '1'], 64, /dsa is not among the parties/],
      [['show', 'dso', '1'], 66, /There is no 1 in the dead list of dso/],
      [['retry', 'dso', '../queue'], 66, /There is no/],
      [['drop', 'cpo', '17'], 66, /There is no 17/],
      [['drop', 'cpo'], 64, /missing required argument/],
    ] as const
    const ended = await Promise.all(cases.map(([args]) => dead(...args, '-c', file)))
    ended.forEach(({ code, err, out }, i) => {
      expect(err).to.match(cases[i]![2])
      expect({ code, out }).to.deep.equal({ code: cases[i]![1], out: '' })
    })
  })

  it('has the limits that were promised to a DSO and do not arrive, which only the DSO can send anew', async () => {
    const { dso, cpo, redis, gateway } = await openScene('Redis', { link: { answerWithin: '50ms' } })
    cpo.behave((_, nth) => ({ status: nth === 1 ? 503 : 400 }))
    expect((await dso.sendForecast([cable('c1', span('06:00', '08:00', 10))])).status).to.equal('Accepted')
    await eventually('it is refused', () =>
      gateway.observed.alarms.some(({ alarm }) => alarm === 'refused after acceptance'),
    )
    const own = config('scene.yaml', redis!.url)
    const listed = await eventually('it is listed', async () => {
      const { out } = await dead('--json', '-c', own)
      return out !== '' && out
    })
    const entry = JSON.parse(listed)
    expect(entry).to.deep.include({ peer: 'cpo', kind: 'forecast', link: 'link', group: 'c1', attempts: 2 })
    expect(entry.details).to.deep.include({ type: 'CONSUMPTION', version: 1, ended: '2026-03-03T08:00:00.000Z' })
    const { code, err } = await dead('retry', 'cpo', entry.id, '-c', own)
    expect(code).to.equal(20)
    expect(err).to.include('only its sender can send it anew')
  })
})
