/** The command probe, and the health check of the image, ask the gateway where its configuration says, and tell by exit code. */
import { execFile } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { build, configFile, freePort, runBuilt, startBuilt } from '../process/artefact.ts'
import { type Ended, root } from '../support/command.ts'

async function probe(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const running = runBuilt(['probe', ...args], env)
  return { code: await running.ended, out: running.out(), err: running.err() }
}

/** What the image's HEALTHCHECK runs. */
function health(env: Record<string, string>): Promise<Ended> {
  return new Promise((done) => {
    const command = [join(root, 'dist/src/cli/health.js')]
    const child = execFile(process.execPath, command, { env }, (_, out, err) =>
      done({ code: child.exitCode, out, err }),
    )
  })
}

describe('The command probe', function () {
  this.timeout(90_000)
  before(build)

  it('exits 0 for a gateway that is well, found by the listener of its file, and 1 with what it said for one that is not', async () => {
    const admin = await freePort()
    const listen = { soap: '127.0.0.1:0', rest: '127.0.0.1:0', admin: `0.0.0.0:${admin}` }
    const away = { url: `redis://127.0.0.1:${await freePort()}` }
    const file = configFile({ listen, redis: away })
    const gateway = await startBuilt(file)
    try {
      expect(await probe(['-c', file])).to.deep.equal({ code: 0, out: '', err: '' })
      expect(await health({ OSCP_GW_CONFIG: file })).to.deep.equal({ code: 0, out: '', err: '' })
      const notReady = await probe(['readyz'], { OSCP_GW_CONFIG: file })
      expect([notReady.code, notReady.out]).to.deep.equal([1, ''])
      expect(notReady.err).to.match(/^readyz: 503 .*the state store cannot be reached/)
      const override = { OSCP_GW_CONFIG: file, OSCP_GW_LISTEN_ADMIN: `127.0.0.1:${await freePort()}` }
      expect((await health(override)).err, 'a variable beats the file').to.match(/^livez: connect ECONNREFUSED/)
      const broken = configFile({ listen, peers: 'being edited' })
      expect((await probe(['-c', broken])).code, 'only the address is read').to.equal(0)
    } finally {
      gateway.signal('SIGINT')
      await gateway.ended
    }
    expect((await probe(['-c', file])).code).to.equal(1)
  })

  it('exits 1 when what listens there does not answer within two seconds', async () => {
    const silent = createServer()
    await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening))
    try {
      const { port } = silent.address() as { port: number }
      const { code, err } = await probe([], { OSCP_GW_LISTEN_ADMIN: `127.0.0.1:${port}` })
      expect([code, err]).to.deep.equal([1, 'livez: no answer within 2000 ms\n'])
    } finally {
      silent.close()
    }
  })

  it('exits 78 where the address is none, and 64 for a probe that there is not', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'probe-')), 'gateway.yaml')
    writeFileSync(file, 'listen: { admin: nowhere }\n')
    const { code, err } = await probe(['-c', file])
    expect([code, err.split('\n')[0]]).to.deep.equal([78, `${file}: listen.admin: is no address`])
    expect((await probe(['healthz'])).code).to.equal(64)
    expect((await health({ OSCP_GW_CONFIG: file })).code).to.equal(78)
  })
})
