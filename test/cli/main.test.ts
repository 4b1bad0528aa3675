import { execFile, spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect } from 'chai'

const root = resolve(import.meta.dirname, '../..')

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function run(
  args: string[],
  { home = root, env = {} }: { home?: string; env?: Record<string, string> } = {},
): Promise<Ended> {
  const { OSCP_GW_CONFIG: _, ...inherited } = process.env
  return new Promise((done) => {
    const command = [
      join(root, 'node_modules/tsx/dist/cli.mjs'),
      '--conditions=source',
      join(home, 'src/cli/main.ts'),
      ...args,
    ]
    const child = execFile(
      process.execPath,
      command,
      { cwd: home, env: { ...inherited, ...env }, timeout: 20_000 },
      (_error, out, err) => done({ code: child.exitCode, out, err }),
    )
  })
}

/** A copy of the project in which one file was changed. */
function copyWith(file: string, change: (text: string) => string): string {
  const copy = mkdtempSync(join(tmpdir(), 'oscp-gateway-'))
  for (const part of ['package.json', 'src', 'mappings', 'wsdl'])
    cpSync(join(root, part), join(copy, part), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  const text = readFileSync(join(copy, file), 'utf8')
  const changed = change(text)
  expect(changed).not.to.equal(text)
  writeFileSync(join(copy, file), changed)
  return copy
}

describe('The command', function () {
  this.timeout(30_000)

  it('checks the mappings and says what is not carried', async () => {
    const { code, out } = await run(['check'])
    expect(code).to.equal(0)
    expect(out).to.match(/mapping oscp-1\.0--oscp-2\.0 \([0-9a-f]{16}\): \d+ messages accounted for in both directions/)
  })

  it('names the field and exits 78, in check and at start, when a rule was taken out of a module', async () => {
    const home = copyWith('mappings/oscp-1.0--oscp-2.0/forecast.ts', (text) =>
      text.replace(/ *drop\(\s*'remainingCapacity'[^)]*\),\n/, ''),
    )
    for (const command of ['check', 'start']) {
      const { code, err } = await run([command], { home })
      expect(code, err).to.equal(78)
      expect(err).to.include('cableCapacityForecast[].block[].remainingCapacity')
      expect(err).to.include('mappings/oscp-1.0--oscp-2.0/update-cable-capacity-forecast')
    }
  })

  it('exits 78 with every problem of a configuration, and starts nothing', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'config-')), 'gateway.yaml')
    writeFileSync(file, 'peers: { a: { role: dso } }\nlinks: { l: { legacy: b, modern: c } }\n')
    const { code, err, out } = await run(['start', '--config', file], { env: { OSCP_GW_LOK: 'x' } })
    expect(code).to.equal(78)
    expect(err)
      .to.include('links.l.legacy: b is not among the peers')
      .and.include('links.l.modern')
      .and.include('OSCP_GW_LOK')
    expect(out).to.equal('')
  })

  it('exits 64 for a command line it does not know', async () => {
    expect((await run(['fly'])).code).to.equal(64)
    expect((await run(['start', '--fast'])).code).to.equal(64)
  })

  it('exits 69 when its port is taken', async () => {
    const holder = (await import('node:http')).createServer()
    await new Promise<void>((listening) => holder.listen(0, '127.0.0.1', listening))
    const { port } = holder.address() as { port: number }
    const { code, err } = await run(['start'], {
      env: { OSCP_GW_LISTEN_SOAP: `127.0.0.1:${port}`, OSCP_GW_LISTEN_ADMIN: '127.0.0.1:0' },
    })
    holder.close()
    expect(code, err).to.equal(69)
    expect(err).to.match(/cannot listen/)
  })

  it('runs a sandbox without a configuration, whose curl line works when pasted, and ends on SIGTERM', async () => {
    const child = spawn(
      process.execPath,
      [join(root, 'node_modules/tsx/dist/cli.mjs'), '--conditions=source', join(root, 'src/cli/main.ts')],
      { env: { PATH: process.env.PATH, OSCP_GW_LISTEN_SOAP: '127.0.0.1:0', OSCP_GW_LISTEN_ADMIN: '127.0.0.1:0' } },
    )
    let out = ''
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk
    })
    const until = async (pattern: RegExp): Promise<string> => {
      for (let i = 0; i < 200; i++) {
        const found = pattern.exec(out)
        if (found) return found[0]
        await new Promise((next) => setTimeout(next, 50))
      }
      throw new Error(`no ${pattern} in ${out}`)
    }
    try {
      const line = await until(/^curl .*\/oscp\/1\.0\/sandbox-dso$/m)
      const answer = await new Promise<string>((done) => execFile('bash', ['-c', line], (_error, text) => done(text)))
      expect(answer).to.include('>Accepted<')
      await until(/sandbox-cpo received POST \/oscp\/fp\/2\.0\/update_group_capacity_forecast\n.*"group_id":"CABLE-17"/)
      expect(out).to.match(/State is in memory/)
    } finally {
      child.kill('SIGTERM')
    }
    const code = await new Promise((ended) => child.on('exit', ended))
    expect(code).to.equal(0)
  })
})
