/** `oscp-gateway config` and `config diff` of the built command: all that is in force is shown, and no secret. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { build, configFile, runBuilt } from './artefact.ts'

const folder = mkdtempSync(join(tmpdir(), 'config-'))
const secrets = [
  's3cret-token',
  's3cret-key-of-16-characters',
  's3cret-redis',
  's3cret-api',
  's3cret-user',
  's3cret-url',
  's3cret-oauth',
]
const tokenFile = join(folder, 'token')
writeFileSync(tokenFile, 's3cret-token\n')

const config = {
  redis: { url: 'redis://us:s3cret-redis@127.0.0.1:6379/2' },
  tokenKey: 's3cret-key-of-16-characters',
  peers: {
    '007': {
      role: 'dso',
      url: 'https://us:s3cret-url@dso.example/soap?key=s3cret-url',
      headersOut: { 'X-Api-Key': 's3cret-api' },
      security: { in: { usernameToken: { users: [{ username: 'grid', password: 's3cret-user' }] } } },
    },
    cpo: { role: 'fp', url: 'https://cpo.example/oscp/fp/2.0', tokenFile },
    volt: {
      role: 'fp',
      url: 'https://volt.example/oscp/fp/2.0',
      profile: { authOut: { tokenUrl: 'https://volt.example/token', clientId: 'us', clientSecret: 's3cret-oauth' } },
    },
  },
  links: { north: { legacy: '007', modern: 'cpo', cspIdentity: 'A' } },
}

async function run(args: readonly string[], env?: Record<string, string>) {
  const running = runBuilt(args, env)
  const code = await running.ended
  return { code, out: running.out(), err: running.err(), lines: running.out().trim().split('\n') }
}

describe('The built command config', function () {
  this.timeout(60_000)
  before(build)

  it('prints what is in force, defaults and environment included, and no secret', async () => {
    const { code, out, lines } = await run(['config', '-c', configFile(config)], { OSCP_GW_DRAIN_TOTAL: '25s' })
    expect(code).to.equal(0)
    expect(lines).to.include.members([
      'listen.soap = 127.0.0.1:0',
      'redis.url = redis://us:***@127.0.0.1:6379/2',
      'tokenKey = ***',
      'drain.delay = 5s',
      'drain.total = 25s',
      'offlineAfter = 3m',
      'peers.007.headersOut.X-Api-Key = ***',
      'peers.007.url = https://us:***@dso.example/soap?***',
      'peers.007.security.in.usernameToken.users.0.username = grid',
      'peers.007.security.in.usernameToken.users.0.password = ***',
      'peers.cpo.token = ***',
      `peers.cpo.tokenFile = ${tokenFile}`,
      'peers.volt.profile.authOut.clientId = us',
      'peers.volt.profile.authOut.clientSecret = ***',
      'links.north.answerWithin = 5s',
    ])
    for (const secret of secrets) expect(out).not.to.include(secret)
  })

  it('prints what another file would change, what needs a restart, and of a secret only that it is another one', async () => {
    const { cpo, volt } = config.peers
    const newer = {
      ...config,
      redis: { url: 'redis://us:s3cret-other@127.0.0.1:6379/2' },
      peers: { ...config.peers, cpo: { ...cpo, url: 'https://new.example/oscp/fp/2.0' }, more: volt },
      links: { north: { legacy: '007', modern: 'cpo', answerWithin: '7s' } },
      limits: { blocks: 500, headers: 50 },
    }
    const { code, out, lines } = await run(['config', 'diff', configFile(newer), '-c', configFile(config)])
    expect(code).to.equal(0)
    expect(lines.filter((line) => !line.startsWith('+ peers.more.'))).to.deep.equal([
      '~ redis.url: redis://us:***@127.0.0.1:6379/2 -> redis://us:***@127.0.0.1:6379/2, another one   (needs a restart)',
      '~ limits.headers: 100 -> 50   (needs a restart)',
      '~ limits.blocks: 10000 -> 500',
      '~ peers.cpo.url: https://cpo.example/oscp/fp/2.0 -> https://new.example/oscp/fp/2.0',
      '- links.north.cspIdentity = A',
      '~ links.north.answerWithin: 5s -> 7s',
    ])
    expect(lines).to.include('+ peers.more.profile.authOut.clientSecret = ***')
    for (const secret of [...secrets, 's3cret-other']) expect(out).not.to.include(secret)
  })

  it('says that nothing differs, and exits 78 with every problem of a file that cannot be used', async () => {
    const file = configFile(config)
    expect((await run(['config', 'diff', file, '-c', file])).lines).to.deep.equal(['no setting differs'])
    const bad = configFile({ ...config, offlineAfter: 'soon', links: { north: { legacy: '007', modern: 'none' } } })
    const { code, err } = await run(['config', 'diff', bad, '-c', file])
    expect(code).to.equal(78)
    expect(err).to.include('offlineAfter')
    expect((await run(['config'])).code).to.equal(78)
  })
})
