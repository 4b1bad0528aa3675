/**
 * What the contract cannot ask of both ledgers: that Redis may hang, vanish, come back, lose a reply or refuse, and nothing
 * is lost, done twice or told to a log that should not be.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { inspect } from 'node:util'
import { expect } from 'chai'
import { GatewayError } from '../../src/errors.ts'
import type { PeerId } from '../../src/exchange/ids.ts'
import { connectRedis, type RedisClient, type RedisOptions } from '../../src/state/redis/client.ts'
import { RedisLedger } from '../../src/state/redis/ledger.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

const minute = 60_000
const peer = 'dso' as PeerId
const key = { peer, id: 'a' }
const record = { record: 'kept', due: 'not due', keepFor: minute } as const

describe('The ledger in Redis', () => {
  const cleanup: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const undo of cleanup.splice(0).reverse()) await undo()
  })

  async function redis(options: Parameters<typeof startRedis>[0] = {}): Promise<RedisServer> {
    const server = await startRedis(options)
    cleanup.push(() => server.stop())
    return server
  }

  function open(options: RedisOptions, onProblem: (error: Error) => void = () => {}) {
    const client = connectRedis(options, onProblem)
    const ledger = new RedisLedger(client)
    cleanup.push(() => ledger.close())
    return { client, ledger }
  }

  async function opened(url: string): Promise<{ client: RedisClient; ledger: RedisLedger }> {
    const both = open({ url, commandTimeoutMs: 5_000 })
    await eventually(() => both.ledger.isReady())
    return both
  }

  async function wireTo(server: RedisServer): Promise<Wire> {
    const wire = await startWire(server)
    cleanup.push(() => wire.cut())
    return wire
  }

  describe('while Redis is away', () => {
    it('refuses every call soon, and works again by itself when Redis is back', async () => {
      const server = await redis()
      const { ledger } = open({ url: server.url })
      await eventually(() => ledger.isReady())
      await server.stop()
      await refusesEverything(ledger)
      await redis({ port: server.port })
      await eventually(() => ledger.isReady())
      expect(await ledger.write(key, 0, record)).to.equal(true)
      expect(await ledger.read(key)).to.deep.equal({ record: 'kept', revision: 1 })
    })

    it('refuses every call soon when Redis hangs, and works again when it goes on', async () => {
      const server = await redis()
      const { ledger } = open({ url: server.url })
      await eventually(() => ledger.isReady())
      server.pause()
      await refusesEverything(ledger)
      server.resume()
      await eventually(() => ledger.isReady())
    })

    it('starts without it, says so, and works as soon as it is there', async () => {
      const gone = await redis()
      await gone.kill()
      const problems: Error[] = []
      const { ledger } = open({ url: `redis://localhost:${gone.port}` }, (problem) => problems.push(problem))
      await eventually(async () => problems.length > 2)
      expect(problems[0]!.message).to.include('ECONNREFUSED')
      await refusesEverything(ledger)
      await redis({ port: gone.port })
      await eventually(() => ledger.isReady())
    })

    it('says why, even where Node only says that every address of a host failed', async () => {
      const problems: Error[] = []
      const { client } = open({ url: (await redis()).url }, (problem) => problems.push(problem))
      client.emit('error', new AggregateError([new Error('connect ECONNREFUSED ::1:6379'), new Error('another')]))
      expect(problems.map(({ message }) => message)).to.deep.equal(['connect ECONNREFUSED ::1:6379'])
    })

    it('leaves a connection that died in silence for a new one', async () => {
      const wire = await wireTo(await redis())
      const { ledger } = open({ url: wire.url, commandTimeoutMs: 200 })
      await eventually(() => ledger.isReady())
      wire.goSilent()
      expect(await ledger.isReady()).to.equal(false)
      await eventually(() => ledger.isReady())
      expect(wire.connections).to.be.at.least(2)
    })

    it('can be closed, and then does not come back with Redis', async () => {
      const server = await redis()
      const { ledger } = open({ url: server.url })
      await eventually(() => ledger.isReady())
      await server.kill()
      await ledger.close()
      await redis({ port: server.port })
      await delay(300) // several times the first wait before a reconnect
      await refused(ledger.read(key))
    })
  })

  describe('when a reply is lost after Redis did what it was asked', () => {
    it('knows its own write again', async () => {
      const server = await redis()
      const wire = await wireTo(server)
      const { ledger } = await opened(wire.url)
      wire.loseNextReply()
      expect(await ledger.write(key, 0, record)).to.equal(true)
      wire.loseNextReply()
      expect(await ledger.write(key, 1, record)).to.equal(true)
      expect(await ledger.read(key)).to.deep.equal({ record: 'kept', revision: 2 })
      expect(wire.lost).to.equal(2)
    })

    it('still tells a write of somebody else from its own', async () => {
      const server = await redis()
      const wire = await wireTo(server)
      const [{ ledger }, { ledger: other }] = [await opened(wire.url), await opened(server.url)]
      await other.write(key, 0, record)
      wire.loseNextReply()
      expect(await ledger.write(key, 0, { ...record, record: 'mine' })).to.equal(false)
      expect(await ledger.read(key)).to.deep.equal({ record: 'kept', revision: 1 })
      expect(wire.lost).to.equal(1)
    })

    it('does not bring back a record that was removed in between', async () => {
      const server = await redis()
      const wire = await wireTo(server)
      const [{ ledger }, { ledger: other }] = [await opened(wire.url), await opened(server.url)]
      wire.loseNextReply(() => other.remove(key, 1))
      expect(await ledger.write(key, 0, { ...record, due: { in: -1 } })).to.equal(true)
      expect(await ledger.read(key)).to.equal(undefined)
      expect(await ledger.claim(peer, 10, minute)).to.deep.equal([])
      expect(wire.lost).to.equal(1)
    })

    it('does not remove a record that was written in between', async () => {
      const server = await redis()
      const wire = await wireTo(server)
      const [{ ledger }, { ledger: other }] = [await opened(wire.url), await opened(server.url)]
      await ledger.write(key, 0, record)
      wire.loseNextReply(() => other.write(key, 0, { record: 'new', due: { in: -1 }, keepFor: minute }))
      expect(await ledger.remove(key, 1)).to.equal(true)
      expect(await ledger.read(key)).to.deep.equal({ record: 'new', revision: 1 })
      expect(await ledger.claim(peer, 10, minute)).to.deep.equal(['a'])
      expect(wire.lost).to.equal(1)
    })

    it('leaves what was claimed in the agenda, to be claimed when the lease ends', async () => {
      const server = await redis()
      const wire = await wireTo(server)
      const { client, ledger } = await opened(wire.url)
      await ledger.write(key, 0, { ...record, due: { in: -1 } })
      wire.loseNextReply()
      expect(await ledger.claim(peer, 10, minute)).to.deep.equal([])
      expect(wire.lost).to.equal(1)
      expect(Number(await client.zscore('oscpgw:v1:{dso}:agenda', 'a'))).to.be.greaterThan(Date.now() + minute / 2)
    })
  })

  describe('when Redis refuses', () => {
    it('does not write to a full one, and tells nobody what it wanted to write', async () => {
      const server = await redis({ args: ['--maxmemory', '1', '--maxmemory-policy', 'noeviction'] })
      const { ledger } = open({ url: server.url })
      await eventually(async () => (await ledger.read(key).catch(() => 'away')) === undefined)
      const error = await refused(ledger.write(key, 0, { ...record, record: 'secret' }))
      expect(inspect(error, { depth: 9 }))
        .to.include('OOM')
        .and.not.to.include('secret')
      expect(await ledger.isReady()).to.equal(false)
    })

    it('does not write to a primary that became a replica, and finds the new primary at the same address', async () => {
      const [old, next] = [await redis(), await redis()]
      const wire = await wireTo(old)
      const { ledger } = open({ url: wire.url })
      await eventually(() => ledger.isReady())
      await tell(old, `REPLICAOF 127.0.0.1 ${next.port}`)
      wire.leadTo(next)
      const error = await refused(ledger.write(key, 0, record))
      expect((error.cause as Error).message).to.include('READONLY')
      await eventually(() => ledger.isReady())
      expect(await ledger.write(key, 0, record)).to.equal(true)
      expect(wire.connections).to.be.at.least(2)
    })

    it('is not ready with a wrong password, and does not repeat it in what it reports', async () => {
      const server = await redis({ args: ['--requirepass', 'right'] })
      const problems: Error[] = []
      const wrong = open({ url: `redis://:swordfish@127.0.0.1:${server.port}` }, (problem) => problems.push(problem))
      await eventually(async () => problems.some(({ message }) => message.includes('WRONGPASS')))
      expect(await wrong.ledger.isReady()).to.equal(false)
      expect(inspect(problems, { depth: 9 })).not.to.include('swordfish')
      const right = await opened(`redis://:right@127.0.0.1:${server.port}`)
      expect(await right.ledger.write(key, 0, record)).to.equal(true)
    })
  })

  describe('in Redis', () => {
    it('survives that Redis forgets the scripts', async () => {
      const { client, ledger } = await opened((await redis()).url)
      await ledger.write(key, 0, record)
      await client.script('FLUSH')
      expect(await ledger.write(key, 1, record)).to.equal(true)
    })

    it('refuses a value of a newer version, and one that it cannot read, instead of guessing', async () => {
      const { client, ledger } = await opened((await redis()).url)
      for (const [value, sentence] of [
        ['3{"limit":7}', 'The state store holds a record of a newer version of the gateway.'],
        ['1{"limit":', 'The state store holds a record that cannot be read.'],
      ] as const) {
        await client.hset('oscpgw:v1:{dso}:record:a', { r: 4, d: value })
        const error = await ledger.read(key).catch((thrown: unknown) => thrown)
        expect(error).to.be.instanceOf(GatewayError).with.property('kind', 'state-unavailable')
        expect(error).to.have.property('message', sentence)
      }
    })

    it('keeps nothing for good but one agenda per peer', async () => {
      const { client, ledger } = await opened((await redis()).url)
      for (const id of ['a', 'b', 'removed']) {
        await ledger.write({ peer, id }, 0, { record: id, due: { in: minute }, keepFor: minute })
        await ledger.write({ peer, id }, 1, { record: id, due: 'unchanged', keepFor: 5 * minute })
      }
      await ledger.remove({ peer, id: 'removed' }, 2)
      expect(await client.zcard('oscpgw:v1:{dso}:agenda')).to.equal(2)
      const left = new Map<string, number>()
      for (const name of await client.keys('*')) left.set(name, await client.pttl(name))
      const within = (name: string, low: number, high: number) =>
        expect(left.get(`oscpgw:v1:${name}`), name).to.be.within(low, high)
      within('{dso}:agenda', -1, -1)
      within('{dso}:index', 4 * minute, 5 * minute)
      within('{dso}:record:a', 4 * minute, 5 * minute)
      within('{dso}:record:b', 4 * minute, 5 * minute)
      within('{dso}:record:removed', 1, minute)
      within('{ready}:probe', 1, 10_000)
      expect(left.size).to.equal(6)
    })

    it('does not let the agenda outgrow the records', async () => {
      const { client, ledger } = await opened((await redis()).url)
      for (const id of ['a', 'b', 'c']) await ledger.write({ peer, id }, 0, { record: id, due: { in: -1 }, keepFor: 1 })
      await eventually(async () => (await client.keys('*:record:*')).length === 0)
      expect(await ledger.claim(peer, 2, minute)).to.deep.equal([])
      expect(await client.exists('oscpgw:v1:{dso}:agenda')).to.equal(0)
    })
  })
})

/** The refusal of one call: of the right kind, with its cause, and in time. */
async function refused(call: Promise<unknown>): Promise<GatewayError> {
  const started = Date.now()
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).to.be.instanceOf(GatewayError)
  const { kind, message, cause } = error as GatewayError
  expect(kind).to.equal('state-unavailable')
  expect(message).to.equal('The gateway cannot reach its state store.')
  expect(cause).to.be.instanceOf(Error)
  expect(Date.now() - started).to.be.below(2_000)
  return error as GatewayError
}

async function refusesEverything(ledger: RedisLedger): Promise<void> {
  await refused(ledger.read(key))
  await refused(ledger.write(key, 0, record))
  await refused(ledger.remove(key, 1))
  await refused(ledger.claim(peer, 1, minute))
  await Promise.all(Array.from({ length: 50 }, () => refused(ledger.write(key, 0, record))))
  expect(await ledger.isReady()).to.equal(false)
}

/** A command as an operator would give it, to a server that no ledger knows. */
async function tell({ port }: RedisServer, command: string): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  socket.write(`${command}\r\n`)
  const [reply] = await once(socket, 'data')
  socket.destroy()
  expect(String(reply)).to.equal('+OK\r\n')
}

interface Wire {
  readonly url: string
  readonly connections: number
  readonly lost: number
  /** Swallows the next reply; then, when `meanwhile` is done, breaks the connection. */
  loseNextReply(meanwhile?: () => Promise<unknown>): void
  /** The connections there are stay open, and nothing passes through them any more. */
  goSilent(): void
  /** Where new connections go from now on. */
  leadTo(server: RedisServer): void
  cut(): Promise<void>
}

/** A wire to Redis on which things go wrong. */
async function startWire(server: RedisServer): Promise<Wire> {
  let { port } = server
  const sockets = new Set<Socket>()
  const silent = new Set<Socket>()
  let meanwhile: (() => Promise<unknown>) | undefined
  let connections = 0
  let lost = 0
  const wire = createServer((near) => {
    connections++
    const far = connect(port, '127.0.0.1')
    const hangUp = () => void [near.destroy(), far.destroy()]
    for (const socket of [near, far]) sockets.add(socket.on('error', hangUp).on('close', hangUp))
    near.on('data', (chunk) => {
      if (!silent.has(near)) far.write(chunk)
    })
    far.on('data', (chunk) => {
      if (silent.has(far)) return
      if (!meanwhile) return near.write(chunk)
      lost++
      silent.add(far)
      void meanwhile().finally(hangUp)
      meanwhile = undefined
    })
  }).listen(0, '127.0.0.1')
  await once(wire, 'listening')
  return {
    url: `redis://127.0.0.1:${(wire.address() as AddressInfo).port}`,
    get connections() {
      return connections
    },
    get lost() {
      return lost
    },
    loseNextReply(during = async () => {}) {
      meanwhile = during
    },
    goSilent() {
      for (const socket of sockets) silent.add(socket)
    },
    leadTo(other) {
      port = other.port
    },
    async cut() {
      for (const socket of sockets) socket.destroy()
      wire.close()
      await once(wire, 'close')
    },
  }
}

/** Asks until the answer is yes; mocha's timeout is the only impatience. */
async function eventually(question: () => Promise<boolean>): Promise<void> {
  while (!(await question())) await delay(5)
}
