/** Redis as operators run it: a Cluster, behind Sentinels, over TLS, with a user who may do little, with a replica asked for. */
import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { Redis } from 'ioredis'
import { GatewayError } from '../../src/errors.ts'
import type { PeerId } from '../../src/exchange/ids.ts'
import type { Ledger } from '../../src/exchange/ledger.ts'
import { connectRedis, type RedisOptions } from '../../src/state/redis/client.ts'
import { RedisJournal } from '../../src/state/redis/journal.ts'
import { RedisLedger } from '../../src/state/redis/ledger.ts'
import { judge, lookAtRedis, type Remark } from '../../src/state/redis/look.ts'
import { RedisPace } from '../../src/state/redis/pace.ts'
import { authority } from '../support/certificates.ts'
import { eventually } from '../support/gateway.ts'
import { freePort, type RedisServer, startRedis } from '../support/redis.ts'
import { promptly, startRedisCluster, startWatchedRedis } from '../support/redis-groups.ts'

const minute = 60_000
const due = { in: 0 } as const

const cleanup: (() => Promise<unknown>)[] = []
async function closeAll(): Promise<void> {
  for (const undo of cleanup.splice(0).reverse()) await undo()
}

async function opened(options: RedisOptions, ledgerOptions: { waitForReplica?: number } = {}) {
  const problems: Error[] = []
  const client = connectRedis({ commandTimeoutMs: 1000, ...options }, (problem) => problems.push(problem))
  const ledger = new RedisLedger(client, ledgerOptions)
  cleanup.push(() => ledger.close())
  await eventually(`Redis is ready ${problems.at(-1)?.message ?? ''}`, () => ledger.isReady(), 10_000)
  return { client, ledger }
}

/** Everything a ledger does, once, for one peer. */
async function exercise(ledger: Ledger, peer: PeerId): Promise<void> {
  const key = { peer, id: 'forecast/1' }
  expect(await ledger.write(key, 0, { record: 'one', due, keepFor: minute })).to.equal(true)
  expect(await ledger.write(key, 0, { record: 'late', due, keepFor: minute })).to.equal(false)
  const write = { record: 'two', due, keepFor: minute }
  const both = [
    { id: 'forecast/1', revision: 1, write },
    { id: 'event/1', revision: 0, write },
  ]
  expect(await ledger.writeAll(peer, both)).to.equal(true)
  expect(await ledger.read(key)).to.deep.equal({ record: 'two', revision: 2 })
  expect(await ledger.list(peer, 'event/')).to.deep.equal(['event/1'])
  expect((await ledger.claim(peer, 10, minute)).sort()).to.deep.equal(['event/1', 'forecast/1'])
  expect(await ledger.remove({ peer, id: 'event/1' }, 1)).to.equal(true)
  expect(await ledger.claim(peer, 10, minute)).to.deep.equal([])
}

const unavailable = async (call: Promise<unknown>) => {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  return error instanceof GatewayError && error.kind === 'state-unavailable'
}

describe('The ledger in a Redis Cluster', function () {
  this.timeout(40_000)
  afterEach(closeAll)
  const peers = Array.from({ length: 30 }, (_, i) => `peer-${i}` as PeerId)

  it('does for every peer what it does on one server, and uses all servers', async () => {
    const cluster = await startRedisCluster()
    cleanup.push(() => cluster.stop())
    const { client, ledger } = await opened({ cluster: { hosts: cluster.hosts.slice(0, 1) } })
    await Promise.all(peers.map((peer) => exercise(ledger, peer)))
    for (const server of cluster.direct) expect(await server.dbsize()).to.be.greaterThan(4)
    const pace = new RedisPace(client, () => performance.now())
    const waits = await Promise.all(peers.map((peer) => pace.take(peer, { perSecond: 1, burst: 1 })))
    expect(waits.every((ms) => ms === 0)).to.equal(true)
    const again = await Promise.all(peers.map((peer) => pace.take(peer, { perSecond: 1, burst: 1 })))
    expect(again.every((ms) => ms > 0)).to.equal(true)
  })

  it('follows the records of a peer to another server', async () => {
    const cluster = await startRedisCluster()
    cleanup.push(() => cluster.stop())
    const { ledger } = await opened({ cluster: { hosts: cluster.hosts } })
    const peer = 'moves' as PeerId
    await exercise(ledger, peer)
    const [from, to] = cluster.direct
    const slot = Number(await from!.call('CLUSTER', 'KEYSLOT', `{${peer}}`))
    const ids = await Promise.all(cluster.direct.map((server) => server.call('CLUSTER', 'MYID')))
    const owner = Math.floor((slot * 3) / 16_384)
    const target = (owner + 1) % 3
    const [source, sink] = [cluster.direct[owner] ?? from!, cluster.direct[target] ?? to!]
    await sink.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', ids[owner] as string)
    await source.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', ids[target] as string)
    const keys = (await source.call('CLUSTER', 'GETKEYSINSLOT', slot, 1000)) as string[]
    expect(keys).to.not.be.empty
    await source.call('MIGRATE', '127.0.0.1', cluster.hosts[target]!.port, '', 0, 5000, 'KEYS', ...keys)
    for (const server of [sink, source, ...cluster.direct])
      await server.call('CLUSTER', 'SETSLOT', slot, 'NODE', ids[target] as string)
    await cluster.whole()
    const key = { peer, id: 'forecast/1' }
    expect(await ledger.read(key)).to.deep.equal({ record: 'two', revision: 2 })
    expect(await ledger.write(key, 2, { record: 'three', due, keepFor: minute })).to.equal(true)
    expect(await sink.exists(`oscpgw:v1:{${peer}}:record:forecast/1`)).to.equal(1)
  })

  it('refuses soon what belongs to a server that is gone, and goes on with the others', async () => {
    const cluster = await startRedisCluster()
    cleanup.push(() => cluster.stop())
    const { ledger } = await opened({ cluster: { hosts: cluster.hosts } })
    const slotOf = async (peer: string) => Number(await cluster.direct[1]!.call('CLUSTER', 'KEYSLOT', `{${peer}}`))
    const slots = await Promise.all(peers.map(slotOf))
    const own = peers.filter((_, i) => slots[i]! < 5461)
    const others = peers.filter((_, i) => slots[i]! >= 5462)
    await cluster.servers[0]!.kill()
    const started = performance.now()
    const refused = await Promise.all(own.map((peer) => unavailable(ledger.read({ peer, id: 'a' }))))
    expect(refused.every(Boolean)).to.equal(true)
    expect(performance.now() - started).to.be.lessThan(8000)
    await Promise.all(
      others.map((peer) =>
        eventually('the others answer', () =>
          ledger.read({ peer, id: 'a' }).then(
            () => true,
            () => false,
          ),
        ),
      ),
    )
  })
})

describe('The ledger behind a Sentinel', function () {
  this.timeout(40_000)
  afterEach(closeAll)

  for (const [how, failOver] of [
    ['the primary is killed', async (watched) => (await watched.primary()).kill()],
    ['both live on, and the old primary refuses writes', (watched) => watched.failOver()],
  ] as [string, (watched: Awaited<ReturnType<typeof startWatchedRedis>>) => Promise<void>][])
    it(`writes to the new primary after a failover when ${how}`, async () => {
      const watched = await startWatchedRedis('secret of it')
      cleanup.push(() => watched.stop())
      const { name, sentinel } = watched
      const sentinels = { name, hosts: [sentinel], password: 'secret of it', tls: false }
      const { ledger } = await opened({ sentinels })
      const key = { peer: 'cpo' as PeerId, id: 'a' }
      expect(await ledger.write(key, 0, { record: 'before', due, keepFor: minute })).to.equal(true)
      const old = await watched.primary()
      const replica = new Redis(watched.servers.find((server) => server !== old)!.url)
      cleanup.push(async () => replica.disconnect())
      await eventually('the replica has it', async () => (await replica.dbsize()) > 0)
      await failOver(watched)
      await eventually('the Sentinel names another', async () => (await watched.primary()) !== old, 20_000)
      // The old primary may still take writes in its last moments, which nobody sees again.
      await eventually(
        'the new primary has a write',
        async () => {
          const revision = (await ledger.read(key).catch(() => undefined))?.revision
          if (revision !== undefined)
            await ledger.write(key, revision, { record: 'after', due, keepFor: minute }).catch(() => false)
          return (await replica.hget('oscpgw:v1:{cpo}:record:a', 'd')) === '1"after"'
        },
        20_000,
      )
    })

  it('says why when the Sentinel takes another password', async () => {
    const watched = await startWatchedRedis('right')
    cleanup.push(() => watched.stop())
    const problems: Error[] = []
    const sentinels = { name: watched.name, hosts: [watched.sentinel], password: 'wrong', tls: false }
    const ledger = new RedisLedger(connectRedis({ sentinels }, (problem) => problems.push(problem)))
    cleanup.push(() => ledger.close())
    const said = () => problems.map(({ message }) => message).join('\n')
    await eventually('a problem', () => problems.length > 0, 10_000)
    expect(said()).to.match(/WRONGPASS|NOAUTH|invalid|sentinels/i)
    expect(said()).not.to.include('wrong ')
    expect(await ledger.isReady()).to.equal(false)
  })
})

describe('The ledger that starts before its Redis', function () {
  this.timeout(40_000)
  afterEach(closeAll)

  it('works as soon as the Cluster is there', async () => {
    const port = await freePort()
    const ledger = await away({ cluster: { hosts: [{ host: '127.0.0.1', port }] } })
    const cluster = await startRedisCluster(port)
    cleanup.push(() => cluster.stop())
    await eventually('it is ready', () => ledger.isReady(), 15_000)
    await exercise(ledger, 'cpo' as PeerId)
  })

  it('works as soon as a Sentinel is there', async () => {
    const port = await freePort()
    const hosts = [await freePort(), port].map((one) => ({ host: '127.0.0.1', port: one }))
    const ledger = await away({ sentinels: { name: 'main', hosts, password: 'secret', tls: false } })
    const watched = await startWatchedRedis('secret', port)
    cleanup.push(() => watched.stop())
    await eventually('it is ready', () => ledger.isReady(), 15_000)
    await exercise(ledger, 'cpo' as PeerId)
  })

  /** Tries in vain some times, says so, and refuses everything meanwhile. */
  async function away(options: RedisOptions): Promise<RedisLedger> {
    const problems: Error[] = []
    const ledger = new RedisLedger(connectRedis(options, (problem) => problems.push(problem)))
    cleanup.push(() => ledger.close())
    await eventually('there are problems', () => problems.length > 2, 10_000)
    expect(await ledger.isReady()).to.equal(false)
    expect(await unavailable(ledger.read({ peer: 'cpo' as PeerId, id: 'a' }))).to.equal(true)
    return ledger
  }
})

describe('The ledger on a Redis', () => {
  afterEach(closeAll)
  async function redis(options: Parameters<typeof startRedis>[0] = {}): Promise<RedisServer> {
    const server = await startRedis(options)
    cleanup.push(() => server.stop())
    return server
  }

  it('that speaks TLS only is reached with its authority and a certificate of ours, and with no other', async () => {
    const ours = authority()
    const server = ours.issue({ names: 'DNS:state.example' })
    const client = ours.issue()
    const files = [
      '--tls-cert-file',
      server.certFile,
      '--tls-key-file',
      server.keyFile,
      '--tls-ca-cert-file',
      ours.caFile,
    ]
    const { port } = await redis({ tls: true, args: files })
    const url = `rediss://127.0.0.1:${port}`
    const tls = { ca: ours.ca, cert: client.cert, key: client.key, servername: 'state.example' }
    const { ledger } = await opened({ url, tls })
    await exercise(ledger, 'cpo' as PeerId)
    for (const wrong of [
      { ...tls, ca: authority().ca },
      { ...tls, servername: 'other.example' },
      { ca: tls.ca, servername: tls.servername },
    ]) {
      const problems: Error[] = []
      const refused = new RedisLedger(connectRedis({ url, tls: wrong }, (problem) => problems.push(problem)))
      cleanup.push(() => refused.close())
      await eventually('a problem', () => problems.length > 0)
      expect(await refused.isReady()).to.equal(false)
    }
  })

  it('needs of its user only what the documentation lists', async () => {
    const server = await redis()
    const admin = new Redis(server.url)
    cleanup.push(async () => admin.disconnect())
    const rules = documentedRules()
    await admin.call('ACL', 'SETUSER', 'oscpgw', 'on', '>secret', ...rules)
    const { client, ledger } = await opened({ url: server.url, username: 'oscpgw', password: 'secret' }, {})
    const peer = 'cpo' as PeerId
    await exercise(ledger, peer)
    await new RedisPace(client, () => performance.now()).take('cpo' as PeerId, { perSecond: 1, burst: 1 })
    const journal = new RedisJournal({ client, caps: { perPeer: 10, keepFor: minute }, peers: ['cpo'], now: Date.now })
    journal.add({ id: '1', at: Date.now(), way: 'in', peer, direction: 'toModern', groups: [], outcome: 'accepted' })
    await eventually('the journal is written', async () => (await journal.find({ limit: 5 })).entries.length === 1)
    const remarks: Remark[] = []
    lookAtRedis(client, (remark) => remarks.push(remark))
    client.emit('ready')
    await eventually('it was looked at', () => remarks.length > 0)
    expect(remarks[0]!.sentence).to.match(/^Redis 7/)
    expect(await admin.call('ACL', 'LOG')).to.deep.equal([])
  })

  it('with a replica asked for takes writes as long as there is one, and refuses them when it is gone', async () => {
    const primary = await redis({ args: promptly })
    const replica = await redis({ args: ['--replicaof', '127.0.0.1', `${primary.port}`] })
    const { client, ledger } = await opened({ url: primary.url }, { waitForReplica: 300 })
    await eventually('the replica follows', async () => (await client.wait(1, 100)) === 1)
    await exercise(ledger, 'cpo' as PeerId)
    await replica.kill()
    const key = { peer: 'cpo' as PeerId, id: 'b' }
    expect(await unavailable(ledger.write(key, 0, { record: 'one', due, keepFor: minute }))).to.equal(true)
  })
})

describe('The look at Redis', () => {
  afterEach(closeAll)

  it('warns of eviction and of state that a restart forgets, once and not at every reconnect', async () => {
    const server = await startRedis({ args: ['--maxmemory', '100mb', '--maxmemory-policy', 'volatile-lru'] })
    cleanup.push(() => server.stop())
    const client = connectRedis({ url: server.url }, () => undefined)
    cleanup.push(async () => client.disconnect())
    const remarks: Remark[] = []
    let looks = 0
    lookAtRedis(client, (remark) => remarks.push(remark))
    client.on('ready', () => looks++)
    await eventually('it was looked at', () => remarks.length > 0)
    expect(remarks.map(({ level, sentence }) => `${level} ${sentence}`)).to.deep.equal([
      `info ${remarks[0]!.sentence}`,
      'warn Redis may throw away what is owed: its maxmemory-policy is volatile-lru, and should be noeviction.',
      'warn Redis keeps no append-only file: a restart forgets at least what came after its last snapshot.',
    ])
    const admin = new Redis(server.url)
    cleanup.push(async () => admin.disconnect())
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await eventually('it is connected again', () => looks === 2)
    await admin.config('SET', 'appendonly', 'yes')
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await eventually('it says what has changed', () => remarks.length > 3)
    expect(remarks.slice(3).map(({ level }) => level)).to.deep.equal(['info', 'warn'])
  })

  it('has nothing to say against a Redis that cannot evict and keeps its file, and knows a replica', () => {
    const info = (role: string, policy: string, memory: number) =>
      `redis_version:7.2.4\r\nmaxmemory:${memory}\r\nmaxmemory_policy:${policy}\r\naof_enabled:1\r\nrole:${role}\r\n`
    expect(judge(info('master', 'noeviction', 100))).to.deep.equal([
      { level: 'info', sentence: 'Redis 7.2.4, primary.' },
    ])
    expect(judge(info('master', 'allkeys-lru', 0))).to.have.length(1)
    expect(judge(info('slave', 'noeviction', 0)).map(({ sentence }) => sentence)).to.deep.equal([
      'Redis 7.2.4, replica.',
      'This Redis is a replica and takes no writes.',
    ])
  })

  it('says in one line that it may not read INFO', async () => {
    const server = await startRedis()
    cleanup.push(() => server.stop())
    const admin = new Redis(server.url)
    cleanup.push(async () => admin.disconnect())
    await admin.call('ACL', 'SETUSER', 'blind', 'on', '>secret', 'allkeys', '+@all', '-info')
    // ioredis itself asks for INFO before it calls a connection ready.
    const { client } = await opened({ url: server.url, username: 'blind', password: 'secret' })
    const remarks: Remark[] = []
    lookAtRedis(client, (remark) => remarks.push(remark))
    client.emit('ready')
    await eventually('it was looked at', () => remarks.length > 0)
    expect(remarks).to.deep.equal([
      { level: 'info', sentence: 'Redis does not let us read INFO: whether it evicts and persists is not checked.' },
    ])
  })
})

/** The rules in docs/redis.md, behind the password. */
function documentedRules(): string[] {
  const text = readFileSync(new URL('../../docs/redis.md', import.meta.url), 'utf8')
  return /^ACL SETUSER oscpgw on >secret (.*)$/m.exec(text)![1]!.split(' ')
}
