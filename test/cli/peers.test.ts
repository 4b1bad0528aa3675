import { execFile } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect } from 'chai'
import { type RedisServer, startRedis } from '../support/redis.ts'

const root = resolve(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'oscp-gateway-peers-'))

function peers(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const { OSCP_GW_CONFIG: _, ...env } = process.env
  const command = [join(root, 'node_modules/tsx/dist/cli.mjs'), '--conditions=source', join(root, 'src/cli/main.ts')]
  return new Promise((done) => {
    const child = execFile(
      process.execPath,
      [...command, 'peers', ...args],
      { cwd: root, env, timeout: 20_000 },
      (_error, out, err) => done({ code: child.exitCode, out, err }),
    )
  })
}

function config(name: string, redis: string): string {
  const path = join(folder, name)
  writeFileSync(
    path,
    `
peers:
  dso: { role: dso }
  cpo: { role: fp, registration: they start }
  old: { role: fp, url: "https://old.example/oscp/fp/2.0", token: static }
links: { one: { legacy: dso, modern: cpo } }
tokenKey: "0123456789abcdef0123456789abcdef"
${redis}
`,
  )
  return path
}

describe('The command peers', function () {
  this.timeout(60_000)
  let server: RedisServer
  let file: string

  before(async () => {
    server = await startRedis()
    file = config('redis.yaml', `redis: { url: "${server.url}" }`)
  })
  after(() => server?.stop())

  it('issues a token, shows it once on standard output, and lists that it waits until somebody forgets it', async () => {
    const issued = await peers('token', 'cpo', '--expires', '24h', '-c', file)
    expect(issued.code, issued.err).to.equal(0)
    expect(issued.out).to.match(/^[A-Za-z0-9_-]{43}\n$/)
    expect(issued.err)
      .to.match(/^cpo registers once with this token, until /)
      .and.not.to.include(issued.out.trim())

    const listed = await peers('-c', file)
    expect(listed.code, listed.err).to.equal(0)
    expect(listed.out).to.match(/^cpo +fp +PENDING .*token waits until /m)
    expect(listed.out).to.match(/^old +fp +ONLINE .*does not register/m)
    expect(listed.out).not.to.include(issued.out.trim())

    expect((await peers('forget', 'cpo', '-c', file)).code).to.equal(0)
    expect((await peers('-c', file)).out).to.match(/^cpo +fp +NEW /m)
  })

  it('says in one line that memory state cannot be looked at from outside', async () => {
    const { code, out, err } = await peers('-c', config('memory.yaml', ''))
    expect({ code, out }).to.deep.equal({ code: 69, out: '' })
    expect(err).to.equal(
      'State is in memory: it lives in the running gateway, so there is nothing to look at or to change here.\n',
    )
  })

  it('refuses a party that is not configured, one that does not register, and a lifetime that is none', async () => {
    const cases = [
      [['token', 'cpa', '-c', file], 64, /cpa is not among the OSCP 2.0 parties: cpo, old/],
      [['token', 'old', '-c', file], 69, /no registration is agreed/],
      [['token', 'cpo', '--expires', 'soon', '-c', file], 64, /give a duration/],
      [['-c', config('gone.yaml', 'redis: { url: "redis://127.0.0.1:9" }')], 69, /Redis does not answer/],
    ] as const
    const ended = await Promise.all(cases.map(([args]) => peers(...args)))
    ended.forEach(({ code, err }, i) => {
      expect(err).to.match(cases[i]![2])
      expect(code).to.equal(cases[i]![1])
    })
  })
})
