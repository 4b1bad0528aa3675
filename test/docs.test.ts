/** The documentation keeps its word: every link leads somewhere, every page is listed, and every example that is marked runs and shows what is said. */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { expect } from 'chai'
import { type Cpo, startCpo } from './peers/cpo.ts'
import { build, freePort, type GatewayProcess, startBuilt } from './process/artefact.ts'
import { eventually } from './support/gateway.ts'
import { type RedisServer, startRedis } from './support/redis.ts'

const root = resolve(import.meta.dirname, '..')
const pages = [
  'README.md',
  'CHANGELOG.md',
  'test/container/README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
]
const textOf = (page: string) => readFileSync(join(root, page), 'utf8')
/** Without code, where brackets are no links. */
const prose = (text: string) =>
  text.replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]#]/g, ''))

/** As it is derived from headings: lower case, spaces as hyphens, everything else but letters, digits and hyphens gone. */
function anchorsOf(page: string): string[] {
  const headings = textOf(page)
    .replace(/^```[\s\S]*?^```$/gm, '')
    .matchAll(/^#+ (.+)$/gm)
  return [...headings].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

describe('The documentation', () => {
  for (const page of pages)
    it(`has no link that leads nowhere in ${page}`, () => {
      const broken = [...prose(textOf(page)).matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, target]) => target!)
        .filter((target) => !/^https?:/.test(target))
        .filter((target) => {
          const [file = '', anchor] = target.split('#')
          const path = file === '' ? page : join(dirname(page), file)
          if (!existsSync(join(root, path))) return true
          return anchor !== undefined && !(statSync(join(root, path)).isFile() && anchorsOf(path).includes(anchor))
        })
      expect(broken).to.deep.equal([])
    })

  it('lists every page in its index, and the index in the README', () => {
    const index = textOf('docs/README.md')
    const unlisted = readdirSync(join(root, 'docs')).filter(
      (name) => name.endsWith('.md') && !index.includes(`](${name})`),
    )
    expect(unlisted).to.deep.equal(['README.md'])
    expect(textOf('README.md')).to.include('](docs/README.md)')
  })

  it('has a smallest configuration in the README that loads', async () => {
    const { loadConfig } = await import('../src/config.ts')
    const [, example] = /```yaml\n(# gateway\.yaml\n[\s\S]*?)```/.exec(textOf('README.md'))!
    const folder = mkdtempSync(join(tmpdir(), 'docs-'))
    writeFileSync(join(folder, 'charge-co'), 'token\n')
    writeFileSync(join(folder, 'gateway.yaml'), example!.replaceAll('/run/secrets', folder))
    expect(Object.keys(loadConfig(undefined, join(folder, 'gateway.yaml'), {}).peers)).to.have.length(2)
  })
})

interface Example {
  readonly script: string
  /** What its output must hold, line by line. */
  readonly shows: readonly string[]
}

/** Each block marked `sh run`, with the `text` block behind it. */
function examplesOf(page: string): Example[] {
  const found = textOf(page).matchAll(/^```sh run\n([\s\S]*?)^```\n\n```text\n([\s\S]*?)^```$/gm)
  return [...found].map(([, script, shows]) => ({ script: script!, shows: shows!.trim().split('\n') }))
}

describe('An example', function () {
  this.timeout(120_000)
  let redis: RedisServer
  let cpo: Cpo
  let gateway: GatewayProcess
  let folder: string
  const local = (text: string) =>
    text
      .replace(/https:\/\/oscp\.example\.org(?=\/oscp\/1\.0)/g, gateway?.soapUrl)
      .replace(/https:\/\/oscp\.example\.org(?=\/oscp\/cp)/g, gateway?.restUrl)
      .replaceAll('https://csms.example.net/oscp/fp/2.0', cpo.url)
      .replaceAll('npx oscp-gateway', `${process.execPath} ${join(root, 'dist/src/cli/main.js')}`)

  before(async () => {
    await build()
    redis = await startRedis()
    cpo = await startCpo({ token: 'the-token-you-gave' })
    folder = mkdtempSync(join(tmpdir(), 'docs-'))
    const [, config] = /^```yaml gateway\.yaml\n([\s\S]*?)^```$/m.exec(textOf('docs/cpo-engineer.md'))!
    const [soap, rest, admin] = [await freePort(), await freePort(), await freePort()].map(
      (port) => `127.0.0.1:${port}`,
    )
    writeFileSync(join(folder, 'token-key'), '0123456789abcdef0123456789abcdef\n')
    const file = join(folder, 'gateway.yaml')
    writeFileSync(
      file,
      `listen: ${JSON.stringify({ soap, rest, admin })}\n${config}`
        .replace('https://csms.example.net/oscp/fp/2.0', cpo.url)
        .replace('redis://redis:6379', redis.url)
        .replace('tokenKeyFile: token-key', `tokenKeyFile: ${join(folder, 'token-key')}`)
        .replace('registration: they start', '$&, profile: { allowHttp: true, allowAddresses: [127.0.0.1] }'),
    )
    gateway = await startBuilt(file)
    await eventually('it is ready', async () => (await fetch(`http://${admin}/readyz`)).ok, 20_000)
  })

  after(async () => {
    gateway?.signal('SIGINT')
    await gateway?.ended
    await Promise.all([redis?.stop(), cpo?.stop()])
  })

  for (const page of ['docs/cpo-engineer.md', 'docs/dso-engineer.md']) {
    const examples = examplesOf(page)
    it(`is marked to run in ${page} wherever a command stands, and says what it shows`, () => {
      expect(examples.length).to.be.above(2)
      expect(textOf(page).match(/^```sh run$/gm)).to.have.length(examples.length)
      expect(textOf(page).match(/^```sh$/gm)).to.equal(null)
    })
    for (const [n, { script, shows }] of examples.entries())
      it(`of ${page} shows what it says: the ${n + 1}.`, async () => {
        const out = await new Promise<string>((done, failed) =>
          execFile('sh', ['-euc', local(script)], { cwd: folder, timeout: 30_000 }, (error, said, err) =>
            error ? failed(new Error(`${error.message}${err}`)) : done(said),
          ),
        )
        const position = shows.reduce((from, line) => {
          const at = from < 0 ? -1 : out.indexOf(line, from)
          return at < 0 ? -1 : at + line.length
        }, 0)
        expect(position, `in this order: ${shows.join(', ')}; it printed ${out}`).to.be.above(-1)
      })
  }

  it('of a forecast has reached the CPO as both pages say', async () => {
    const { body } = await cpo.waitFor(({ path }) => path.endsWith('update_group_capacity_forecast'), 10_000)
    const said = ['docs/dso-engineer.md', 'docs/cpo-engineer.md'].map(
      (page) => /^```json.*\n(.*)\n```$/m.exec(textOf(page))![1]!,
    )
    for (const text of said) {
      const expected = JSON.parse(text) as { forecasted_blocks: [object] }
      const { forecasted_blocks, ...rest } = body as { forecasted_blocks: [object] }
      expect(rest).to.deep.equal({ group_id: 'FEEDER-0815', type: 'CONSUMPTION' })
      expect(forecasted_blocks[0]).to.include(expected.forecasted_blocks[0])
    }
  })

  it('of a registration is followed by a Register of the gateway with its token', async () => {
    const { method, body } = await cpo.waitFor(({ path }) => path.endsWith('/register'), 10_000)
    expect(method).to.equal('POST')
    expect((body as { token: string }).token).to.match(/^\S{20,}$/)
  })
})
