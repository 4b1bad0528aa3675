import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { duration } from '../src/config/values.ts'
import { loadConfig } from '../src/config.ts'
import { FindingsError } from '../src/contract/model.ts'

const folder = mkdtempSync(join(tmpdir(), 'config-'))

function file(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

const minimal = `
peers:
  dso: { role: dso }
  cpo: { role: fp, url: https://cpo.example/oscp/fp/2.0, token: t }
links:
  one: { legacy: dso, modern: cpo }
`

/** Everything that is said about this configuration, one line each. */
function problems(yaml: string, env: NodeJS.ProcessEnv = {}): string[] {
  try {
    loadConfig(undefined, file('x.yaml', yaml), env)
    return []
  } catch (error) {
    if (error instanceof FindingsError) return error.findings.map((f) => `${f.rule}: ${f.sentence}`)
    throw error
  }
}

describe('The configuration', () => {
  it('fills in defaults for what a file leaves out', () => {
    const config = loadConfig(undefined, file('a.yaml', minimal), {})
    expect(config.listen).to.deep.equal({
      soap: { host: '127.0.0.1', port: 8080 },
      rest: { host: '127.0.0.1', port: 8081 },
      admin: { host: '127.0.0.1', port: 8082 },
    })
    expect(config.redis).to.equal(undefined)
    expect(config.bodyLimit).to.equal(1_048_576)
    expect(config.links.one).to.include({ answerWithin: 5000, groups: 'identity', ampereAllMeans: 'sum' })
  })

  it('takes TLS no older than 1.2, and files that belong together', () => {
    const tls = (soap: string, peer = '{}') =>
      problems(
        `${minimal.replace('token: t', `token: t, tls: ${peer}`)}listen: { soapTls: { certFile: c, keyFile: k, ${soap} } }`,
      )
    expect(tls('minVersion: TLSv1.3')).to.deep.equal([])
    expect(tls('minVersion: TLSv1.1', '{ minVersion: TLSv1 }')).to.deep.equal([
      'listen.soapTls.minVersion: must be TLSv1.2 or TLSv1.3',
      'peers.cpo.tls.minVersion: must be TLSv1.2 or TLSv1.3',
    ])
    expect(tls('clientCertificates: require')).to.deep.equal([
      'listen.soapTls.clientCaFile: is needed, because certificates are required',
    ])
    expect(tls('clientCaFile: ca')).to.deep.equal([
      'listen.soapTls.clientCertificates: must be request or require, or clientCaFile has no meaning',
    ])
    expect(tls('', '{ keyFile: k }')).to.deep.equal([
      'peers.cpo.tls.certFile: and keyFile belong together: give both or neither',
    ])
  })

  it('gives a whole request no less time than its headers', () => {
    expect(problems(`${minimal}limits: { requestTimeout: 5s }`)).to.deep.equal([
      'limits.requestTimeout: must not be less than headersTimeout',
    ])
    expect(problems(`${minimal}limits: { requestTimeout: 5s, headersTimeout: 5s }`)).to.deep.equal([])
  })

  it('is overridden by the environment, also by files named there', () => {
    const config = loadConfig(undefined, undefined, {
      OSCP_GW_CONFIG: file('a.yaml', minimal),
      OSCP_GW_REDIS_URL_FILE: file('redis', 'redis://:secret@r:6379\n'),
      OSCP_GW_LISTEN_SOAP: '0.0.0.0:9000',
      OSCP_GW_LOG: 'error',
    })
    expect(config.redis?.url).to.equal('redis://:secret@r:6379')
    expect(config.listen.soap).to.deep.equal({ host: '0.0.0.0', port: 9000 })
    expect(config.log).to.equal('error')
  })

  it('gives every OSCP 2.0 party a profile that is safe with a party that keeps to the protocol', () => {
    const { cpo } = loadConfig(undefined, file('a.yaml', minimal), {}).peers
    expect(cpo).to.deep.include({ registration: 'none' })
    expect(cpo)
      .to.have.property('profile')
      .that.deep.includes({
        strict: false,
        authOut: 'token',
        headersOut: {},
        pathOverrides: {},
        acceptStatusesAsSuccess: [],
        allowHttp: false,
        allowAddresses: [],
        authInSchemes: ['token', 'bearer', 'bare'],
        tokenMaxLength: 4096,
        requireCorrelation: false,
        segmentsIn: 'join',
        handshakeInitiator: 'downstream',
        handshakeBody: 'wrapped',
        heartbeats: 'on',
        heartbeatInterval: 60_000,
      })
    expect(cpo).to.have.property('profile').that.does.not.have.any.keys('segmentOut', 'baseUrlOverride')
  })

  it('reads a token from its file', () => {
    const path = file('token', 'from-a-file\n')
    const config = loadConfig(undefined, file('b.yaml', minimal.replace('token: t', `tokenFile: ${path}`)), {})
    expect(config.peers.cpo).to.include({ token: 'from-a-file' })
  })

  const cases: [string, string, RegExp][] = [
    ['a setting that does not exist', `${minimal}\nlisten: { soup: "a:1" }`, /listen: soup: not a setting here/],
    [
      'a link to a party that does not exist, with the nearest name',
      minimal.replace('legacy: dso', 'legacy: dsoo'),
      /links.one.legacy: dsoo is not among the peers; did you mean dso\?/,
    ],
    [
      'a link between parties of the wrong roles',
      minimal.replace('role: fp', 'role: cp'),
      /a dso is linked with a fp, not with a cp/,
    ],
    ['a party without a role', minimal.replace('{ role: dso }', '{}'), /peers.dso.role: must have a role/],
    ['a party with no token', minimal.replace(', token: t', ''), /peers.cpo.token: give either token or tokenFile/],
    [
      'a token file that cannot be read',
      minimal.replace('token: t', 'tokenFile: /nowhere/x'),
      /peers.cpo.tokenFile: names a file that cannot be read/,
    ],
    [
      'an unusable zone',
      minimal.replace('role: dso', 'role: dso, zone: Europe/Amsterdm'),
      /zone: must be an IANA time zone/,
    ],
    [
      'an unusable duration',
      minimal.replace('modern: cpo', 'modern: cpo, answerWithin: 5 seconds'),
      /answerWithin: must be a duration/,
    ],
    ['an unusable address', `${minimal}\nlisten: { soap: "8080" }`, /listen.soap: must be host:port/],
    [
      'a group that two cables share',
      minimal.replace('modern: cpo', 'modern: cpo, groups: { A: G, B: G }'),
      /A and B are both G; a group is one cable/,
    ],
    [
      'links of one party that nothing tells apart',
      `${minimal}  two: { legacy: dso, modern: cpo }`,
      /cspIdentity: is needed, because dso has several links/,
    ],
    [
      'the same identity twice',
      minimal.replace(
        'modern: cpo }',
        'modern: cpo, cspIdentity: x }\n  two: { legacy: dso, modern: cpo, cspIdentity: x }',
      ),
      /is the same as of one/,
    ],
    [
      'a party that registers and has tokens written down',
      minimal.replace('token: t', 'registration: they start, token: t'),
      /token: has no meaning when they start/,
    ],
    [
      'a party with registration and Redis, but no key for the tokens',
      `${minimal.replace('token: t', 'registration: we start, token: t')}\nredis: { url: "redis://x" }`,
      /tokenKeyFile: is needed, because cpo registers/,
    ],
    [
      'an optimizer that is none',
      minimal.replace('modern: cpo', 'modern: cpo, optimizer: cpo'),
      /optimizer: cpo has the role fp, not co/,
    ],
    [
      'an optimizer of a grid operator',
      minimal
        .replace('modern: cpo', 'modern: cpo, optimizer: wise')
        .replace('links:', '  wise: { role: co, url: "http://x", token: t }\nlinks:'),
      /optimizer: has no meaning for a dso/,
    ],
    [
      'an optimizer that cannot tell the groups of two links apart',
      minimal
        .replace(
          'modern: cpo }',
          'modern: cpo, cspIdentity: a, optimizer: wise }\n  two: { legacy: dso, modern: cpo, cspIdentity: b, optimizer: wise }',
        )
        .replaceAll('role: dso', 'role: csp')
        .replaceAll('role: fp', 'role: cp')
        .replace('links:', '  wise: { role: co, url: "http://x", token: t }\nlinks:'),
      /links.two.groups: must be a table, because wise has several links/,
    ],
    [
      'what is to be shown to a party that is never called',
      minimal.replace('role: dso', 'role: dso, headersOut: { x-key: k }, security: { out: { timestamp: 5m } }'),
      /peers.dso.headersOut: has no meaning without url[\s\S]*peers.dso.security.out: has no meaning without url/,
    ],
    [
      'how an operator is limited, of a party that limits nobody',
      minimal.replace('token: t', 'token: t, profile: { whenOffline: smaller, adjustEvery: 5m }'),
      /cpo.profile.whenOffline: has no meaning for an fp[\s\S]*adjustEvery: has no meaning for an fp/,
    ],
    [
      'an optimum that a grid operator would be told',
      minimal.replace('modern: cpo', 'modern: cpo, optimum: apply'),
      /links.one.optimum: has no meaning for a dso/,
    ],
    [
      'a 2.0 party of two links, one of which takes every group',
      minimal.replace(
        'modern: cpo }',
        'modern: cpo, cspIdentity: a, groups: { A: G } }\n  two: { legacy: dso, modern: cpo, cspIdentity: b }',
      ),
      /links.two.groups: must be a table, because cpo has several links, told apart by their groups/,
    ],
    [
      'a 2.0 party of two links that have a group in common',
      minimal.replace(
        'modern: cpo }',
        'modern: cpo, cspIdentity: a, groups: { A: G } }\n  two: { legacy: dso, modern: cpo, cspIdentity: b, groups: { A: G } }',
      ),
      /links.two.groups: G is a group of one too, and cpo could mean either/,
    ],
    [
      'heartbeats faster than a second',
      minimal.replace('role: dso', 'role: dso, heartbeatEvery: 500ms'),
      /peers.dso.heartbeatEvery: must be at least 1s/,
    ],
    [
      'a static header that would forge one of the protocol',
      minimal.replace('token: t', 'token: t, profile: { headersOut: { authorization: x } }'),
      /headersOut: must not contain a header of the protocol/,
    ],
    [
      'a proxy by its name',
      `${minimal}trustProxies: [proxy.example]\n`,
      /trustProxies.0: must be an address or a range/,
    ],
    [
      'a reply host with a scheme',
      minimal.replace('role: dso', 'role: dso, replyTo: ["http://a/"]'),
      /peers.dso.replyTo.0: must be a range.* host name/,
    ],
    [
      'a range that is none',
      minimal.replace('token: t', 'token: t, profile: { allowAddresses: [10.0.0.0/33] }'),
      /allowAddresses.0: must be a range/,
    ],
    [
      'a path for a message that does not exist',
      minimal.replace('token: t', 'token: t, profile: { pathOverrides: { Handshack: /h } }'),
      /pathOverrides/,
    ],
    [
      'OAuth without a secret',
      minimal.replace('token: t', 'profile: { authOut: { tokenUrl: "https://x/t", clientId: c } }'),
      /clientSecret: give either clientSecret or clientSecretFile/,
    ],
    ['an empty token', minimal.replace('token: t', 'token: ""'), /peers.cpo.token: must not be empty/],
    [
      'a token of more than one line',
      minimal.replace('token: t', 'token: "a\\nb"'),
      /peers.cpo.token: must be printable ASCII on one line/,
    ],
    [
      'a token that no header can hold',
      minimal.replace('token: t', 'token: gehëim'),
      /peers.cpo.token: must be printable ASCII/,
    ],
    [
      'a token file with more than a token in it',
      minimal.replace('token: t', `tokenFile: ${file('lines', 'one\ntwo\n')}`),
      /peers.cpo.tokenFile: names a file that holds more than a token/,
    ],
    [
      'a token file that is empty',
      minimal.replace('token: t', `tokenFile: ${file('empty', '\n')}`),
      /peers.cpo.tokenFile: names a file that is empty/,
    ],
    [
      'a URL of a party with a query',
      minimal.replace('fp/2.0', 'fp/2.0?key=1'),
      /peers.cpo.url: must have no query and no fragment/,
    ],
    [
      'a public URL with a fragment',
      `${minimal}\npublicUrl: "https://x.example/#a"`,
      /publicUrl: must have no query and no fragment/,
    ],
    [
      'a phase that is named twice',
      minimal.replace('modern: cpo', 'modern: cpo, amperePhases: [ONE, ONE]'),
      /links.one.amperePhases: must not name a phase twice/,
    ],
    [
      'a link to what every object has, but the configuration has not',
      minimal.replace('legacy: dso', 'legacy: constructor'),
      /links.one.legacy: constructor is not among the peers/,
    ],
    ['an alias to nothing', minimal.replace('modern: cpo', 'modern: cpo, groups: *nope'), /yaml: .*alias.*nope/i],
    [
      'a group that YAML takes for a number',
      minimal.replace('modern: cpo', 'modern: cpo, groups: { x: 17 }'),
      /^links.one.groups.x: must be text; put it in quotes$/,
    ],
    [
      'a cable whose name JavaScript would lose',
      minimal.replace('modern: cpo', 'modern: cpo, groups: { __proto__: G }'),
      /^links.one.groups.__proto__: cannot be used as a name$/,
    ],
    [
      'a time limit of no time at all',
      `${minimal}\ndelivery: { timeout: 0.1ms }`,
      /delivery.timeout: must be at least 1ms/,
    ],
    [
      'a duration that no timer can hold',
      minimal.replace('modern: cpo', 'modern: cpo, answerWithin: 2147483648ms'),
      /links.one.answerWithin: must be at most 596h/,
    ],
    ['a key that stands twice', `${minimal}\npeers: {}`, /yaml: .*unique/],
    ['a file that is no mapping', '- 1', /must be a mapping of settings/],
    [
      'no place of Redis at all',
      `${minimal}\nredis: { username: x }`,
      /redis.url: give one of url, sentinels and cluster/,
    ],
    [
      'two places of Redis',
      `${minimal}\nredis: { url: "redis://x", cluster: { hosts: ["x:1"] } }`,
      /redis.url: give one of/,
    ],
    [
      'a database of a Cluster',
      `${minimal}\nredis: { cluster: { hosts: ["x:1"] }, database: 1 }`,
      /redis.database: has no/,
    ],
    [
      'a replica asked of a Cluster',
      `${minimal}\nredis: { cluster: { hosts: ["x:1"] }, waitForReplica: 50ms }`,
      /redis.waitForReplica: cannot be asked/,
    ],
    [
      'a password file of Redis that is missing',
      `${minimal}\nredis: { url: "redis://x", passwordFile: /nowhere }`,
      /redis.passwordFile: names a file that cannot be read/,
    ],
    ['a Redis URL of another kind', `${minimal}\nredis: { url: "http://x" }`, /redis.url: must be a redis/],
  ]
  for (const [title, yaml, expected] of cases)
    it(`refuses ${title}`, () => expect(problems(yaml).join('\n')).to.match(expected))

  it('takes the ids of cables as they are written, whatever YAML could read in them', () => {
    const ids = ['007', '0x10', '1e3', '1_000', 'true', 'null', '2026-03-02', '.inf', 'constructor']
    const groups = ids.map((id, i) => `${id}: G${i}`).join(', ')
    const yaml = minimal.replace('modern: cpo', `modern: cpo, groups: { ${groups} }`)
    const link = loadConfig(undefined, file('ids.yaml', yaml), {}).links.one!
    expect(Object.keys(link.groups)).to.have.members(ids)
  })

  it('reads durations as whole milliseconds, every one of seconds with up to two decimals', () => {
    const read = (text: string) => duration.parse(text)
    for (let cents = 0; cents <= 100_00; cents++) {
      expect(read(`${(cents / 100).toFixed(2)}s`), `${cents} cents`).to.equal(cents * 10)
      if (cents % 10 === 0) expect(read(`${(cents / 100).toFixed(1)}s`)).to.equal(cents * 10)
    }
    expect(read('2147483647ms')).to.equal(2 ** 31 - 1)
  })

  it('says what a variable is that has no value, and one that Kubernetes has set', () => {
    expect(problems(minimal, { OSCP_GW_LOG: '' })).to.deep.equal([
      'OSCP_GW_LOG: is empty; give it a value or leave it out',
    ])
    expect(() => loadConfig(undefined, undefined, { OSCP_GW_CONFIG: '' })).to.throw(
      FindingsError,
      /^environment: OSCP_GW_CONFIG: is empty; give it a value or leave it out$/,
    )
    for (const name of ['SERVICE_HOST', 'SERVICE_PORT', 'SERVICE_PORT_SOAP', 'PORT', 'PORT_8080_TCP_ADDR'])
      expect(problems(minimal, { [`OSCP_GW_${name}`]: 'x' }).join()).to.match(
        /set enableServiceLinks: false in the pod$/,
      )
    expect(problems(minimal, { OSCP_GW_PORTAL: 'x' }).join()).not.to.include('enableServiceLinks')
  })

  it('knows no fallback for a group that the link has not, and none that is no limit', () => {
    const link = (more: string) => minimal.replace('modern: cpo }', `modern: cpo, ${more} }`)
    expect(problems(link('groups: { A: G }, fallback: { G: { capacity: 5 }, A: { capacity: 5 } }'))).to.deep.equal([
      'links.one.fallback.A: is no group of this link',
    ])
    expect(problems(link('fallback: { any: { capacity: 0, unit: A } }'))).to.deep.equal([])
    expect(problems(link('fallback: { any: { capacity: -1 } }')).join()).to.match(/links.one.fallback.any.capacity/)
    expect(problems(link('fallback: { any: { capacity: 1, unit: KWH } }')).join()).to.match(/fallback.any.unit/)
  })

  it('lists all problems at once, those of file and environment together', () => {
    const found = problems(`${minimal}\nlog: loud\nbodyLimit: 1`, { OSCP_GW_REDIS_ULR: 'x', OSCP_GW_LOGS: 'y' })
    expect(found).to.include('OSCP_GW_REDIS_ULR: is not a setting; did you mean OSCP_GW_REDIS_URL?')
    expect(found).to.include('OSCP_GW_LOGS: is not a setting; did you mean OSCP_GW_LOG?')
    expect(found.join('\n')).to.match(/log: .*\n.*bodyLimit: /s)
  })

  it('refuses a value given both directly and as a file, and a file that cannot be read', () => {
    expect(problems(minimal, { OSCP_GW_LOG: 'info', OSCP_GW_LOG_FILE: '/nowhere' }).join()).to.match(
      /is given together with OSCP_GW_LOG/,
    )
    expect(problems(minimal, { OSCP_GW_LOG_FILE: '/nowhere' }).join()).to.match(/names a file that cannot be read/)
  })

  it('says that a file is missing, and nothing else about it', () => {
    expect(() => loadConfig(undefined, '/nowhere.yaml', {})).to.throw(
      FindingsError,
      /^\/nowhere.yaml: file: cannot be read$/,
    )
  })

  it('never repeats a secret in what it says', () => {
    expect(problems(minimal.replace('token: t', 'token: 12345'), { OSCP_GW_REDIS_URL: 'hunter2' }).join()).not.to.match(
      /hunter2|12345/,
    )
  })
})
