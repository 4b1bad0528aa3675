/** `start` as it is built, one script beside the files of the compiler: with the code that V8 kept, errors and all that it may load later. */
import { spawnSync } from 'node:child_process'
import { createServer } from 'node:http'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import { expect } from 'chai'
import { eventually } from '../support/gateway.ts'
import { build, configFile, freePort, runBuilt, startBuilt } from './artefact.ts'

const bundle = resolve(import.meta.dirname, '../../dist/bundle/start.js')

describe('The bundle', () => {
  before(async function () {
    this.timeout(60_000)
    await build()
  })

  it('is loaded with the code that V8 kept when it was built', () => {
    const script = `console.log((await import('${pathToFileURL(bundle).href}')).isCompiled)`
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
    expect(stdout, stderr).to.equal('true\n')
  })

  it('says what is wrong with a configuration as any other command does', async () => {
    const { ended, err } = runBuilt([
      'start',
      '-c',
      configFile({ links: { one: { legacy: 'nobody', modern: 'none' } } }),
    ])
    expect(await ended).to.equal(78)
    expect(err())
      .to.match(/nobody/)
      .and.to.match(/nothing was started/)
  })

  it('finds in itself what it loads for traces and for Redis', async () => {
    const told: string[] = []
    const collector = createServer(async (request, response) => {
      told.push(await text(request))
      response.end('{}')
    }).listen(await freePort(), '127.0.0.1')
    const { port } = await new Promise<{ port: number }>((listening) =>
      collector.once('listening', () => listening(collector.address() as { port: number })),
    )
    const settings = {
      traces: { endpoint: `http://127.0.0.1:${port}/v1/traces` },
      redis: { url: `redis://127.0.0.1:${await freePort()}` },
      drain: { delay: '0ms' },
    }
    const gateway = await startBuilt(configFile({ ...settings, peers: { dso: { role: 'dso' } } }))
    await fetch(`${gateway.soapUrl}/oscp/1.0/dso`, { method: 'POST', body: 'nothing' })
    gateway.signal('SIGTERM')
    expect(await gateway.ended, gateway.err()).to.equal(0)
    await eventually('the spans arrive', () => told.join('').includes('oscp-gateway') || undefined)
    collector.close()
  })

  it('has the files of the console beside it', async () => {
    const gateway = await startBuilt(configFile({ drain: { delay: '0ms' } }))
    const { status } = await fetch(`${gateway.adminUrl}/console/assets/console.css`)
    gateway.signal('SIGTERM')
    await gateway.ended
    expect(status).to.equal(200)
  })
})
