/** Writes that are asked for in one turn of the event loop, which Redis makes as one. */
import { expect } from 'chai'
import { Redis } from 'ioredis'
import type { PeerId } from '../../src/exchange/ids.ts'
import type { Write } from '../../src/exchange/ledger.ts'
import { connectRedis } from '../../src/state/redis/client.ts'
import { RedisLedger } from '../../src/state/redis/ledger.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

describe('Writes of one turn', () => {
  let server: RedisServer
  let ledger: RedisLedger
  let raw: Redis
  const peer = 'cpo' as PeerId
  const write = (record: unknown): Write<unknown> => ({ record, due: { in: 0 }, keepFor: 60_000 })
  const key = (id: string) => ({ peer, id })
  const scripts = async () => Number(/cmdstat_evalsha:calls=(\d+)/.exec(await raw.info('commandstats'))?.[1] ?? 0)

  before(async () => {
    server = await startRedis()
    raw = new Redis(server.url)
    const client = connectRedis({ url: server.url }, () => undefined)
    await new Promise((resolve) => client.once('ready', resolve))
    ledger = new RedisLedger(client)
    // Loads the script.
    await ledger.write(key('first'), 0, write(1))
  })
  after(async () => {
    await ledger.close()
    raw.disconnect()
    await server.stop()
  })

  it('are all made, and by few scripts', async () => {
    const before = await scripts()
    const ids = Array.from({ length: 100 }, (_, n) => `many/${n}`)
    const made = await Promise.all(ids.map((id) => ledger.write(key(id), 0, write(id))))
    expect(new Set(made)).to.deep.equal(new Set([true]))
    expect((await scripts()) - before).to.equal(4)
    for (const id of ids) expect(await ledger.read(key(id))).to.deep.equal({ record: id, revision: 1 })
    expect((await ledger.agenda(peer)).size).to.be.greaterThanOrEqual(100)
  })

  it('are made, but for the one that somebody else had made first', async () => {
    await ledger.write(key('theirs'), 0, write('theirs'))
    const ids = ['a', 'theirs', 'b']
    expect(await Promise.all(ids.map((id) => ledger.write(key(id), 0, write('ours'))))).to.deep.equal([
      true,
      false,
      true,
    ])
    expect(await ledger.read(key('theirs'))).to.deep.equal({ record: 'theirs', revision: 1 })
    expect(await ledger.read(key('b'))).to.deep.equal({ record: 'ours', revision: 1 })
  })

  it('of one record are made one after the other', async () => {
    const made = [1, 2, 3].map((n) => ledger.write(key('same'), n - 1, write(n)))
    expect(await Promise.all([...made, ledger.write(key('same'), 0, write('late'))])).to.deep.equal([
      true,
      true,
      true,
      false,
    ])
    expect(await ledger.read(key('same'))).to.deep.equal({ record: 3, revision: 3 })
  })

  it('are made, but for the one that Redis has no record at', async () => {
    await raw.set('oscpgw:v1:{cpo}:record:text', 'no hash')
    const [before, broken, after] = await Promise.allSettled(
      ['before', 'text', 'after'].map((id) => ledger.write(key(id), 0, write(id))),
    )
    expect([before!.status, broken!.status, after!.status]).to.deep.equal(['fulfilled', 'rejected', 'fulfilled'])
    expect(await ledger.read(key('after'))).to.deep.equal({ record: 'after', revision: 1 })
  })

  it('of several peers are made for each', async () => {
    const peers = ['p1', 'p2', 'p3'] as PeerId[]
    const keys = peers.flatMap((peer) => ['x', 'y'].map((id) => ({ peer, id })))
    await Promise.all(keys.map((key) => ledger.write(key, 0, write(key))))
    for (const key of keys) expect((await ledger.read(key))?.record).to.deep.equal(key)
  })

  it('are made although the ledger is closed in it', async () => {
    const client = connectRedis({ url: server.url }, () => undefined)
    await new Promise((resolve) => client.once('ready', resolve))
    const closing = new RedisLedger(client)
    const made = closing.write(key('last'), 0, write('last'))
    await closing.close()
    expect(await made).to.equal(true)
  })

  it('are all refused while Redis is away', async () => {
    await server.stop()
    const all = await Promise.allSettled(['c', 'd'].map((id) => ledger.write(key(id), 0, write(id))))
    for (const each of all) expect(each).to.have.nested.property('reason.kind', 'state-unavailable')
  })
})
