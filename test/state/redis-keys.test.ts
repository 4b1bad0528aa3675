/** What lies in Redis: keys that expire by themselves, but for the named few, and values of a form that is known. */

import { expect } from 'chai'
import { Redis } from 'ioredis'
import { GatewayError } from '../../src/errors.ts'
import type { PeerId } from '../../src/exchange/ids.ts'
import { connectRedis } from '../../src/state/redis/client.ts'
import { RedisLedger } from '../../src/state/redis/ledger.ts'
import { eventually } from '../support/gateway.ts'
import { startReplica, usage } from '../support/queue.ts'
import { cable, closeLater, closeScenes, openScene, span } from '../support/scene.ts'

describe('What lies in Redis', () => {
  afterEach(closeScenes)

  it('expires by itself, except what is due', async () => {
    const { dso, cpo, redis, gateway } = await openScene('Redis')
    const admin = closeLater(adminOf(redis!.url))
    await dso.heartbeat()
    await dso.sendForecast([cable('c1', span('06:00', '08:00', 10))])
    cpo.behave(() => ({ status: 503 }))
    await dso.sendForecast([cable('c2', span('06:00', '08:00', 10))])
    const ledger = new RedisLedger(connectRedis({ url: redis!.url }, () => undefined))
    closeLater({ stop: () => ledger.close() })
    await eventually('Redis is ready', () => ledger.isReady())
    const peer = 'dso' as PeerId
    let answers = 0
    const replica = closeLater(
      startReplica({
        ledger,
        peer,
        sent: [],
        answer: () => (++answers === 1 ? { verdict: 'dead', reason: 'no' } : { verdict: 'later', sentence: 'busy' }),
      }),
    )
    for (const name of ['a', 'b', 'c']) await replica.events.add(peer, usage(name))
    await eventually('an attempt failed', () => answers > 1)
    await eventually('the journal is written', async () => (await kindsOf(admin.client)).includes('journal'))
    const kinds = await kindsOf(admin.client)
    expect(kinds).to.include.members(['record', 'agenda', 'index', 'journal', 'probe'])
    const ids = (await admin.client.keys('*:record:*')).map((key) => /:record:(\w+)/.exec(key)?.[1])
    expect([...new Set(ids)]).to.include.members(['forecast', 'queue', 'event', 'dead'])
    const keys = await admin.client.keys('*')
    const without = []
    for (const key of keys) if ((await admin.client.pttl(key)) === -1) without.push(key)
    expect(without.filter((key) => !/^oscpgw:v1:\{[^}]+\}:agenda$/.test(key))).to.deep.equal([])
    expect(keys.filter((key) => !key.startsWith('oscpgw:v1:{'))).to.deep.equal([])
    expect(gateway.observed.exchanges).to.not.be.empty
  })

  it('is refused when a newer gateway wrote it, and left as it is', async () => {
    const { redis } = await openScene('Redis')
    const admin = closeLater(adminOf(redis!.url))
    const ledger = new RedisLedger(connectRedis({ url: redis!.url }, () => undefined))
    closeLater({ stop: () => ledger.close() })
    await eventually('Redis is ready', () => ledger.isReady())
    const key = { peer: 'cpo' as PeerId, id: 'forecast/x' }
    const write = { record: { a: 1 }, due: { in: 3600_000 }, keepFor: 3600_000 }
    await ledger.write(key, 0, write)
    const name = 'oscpgw:v1:{cpo}:record:forecast/x'
    await admin.client.hset(name, 'd', '9 of a form to come')
    const error = await ledger.read(key).catch((thrown: unknown) => thrown)
    expect(error).to.be.instanceOf(GatewayError).with.property('kind', 'state-unavailable')
    expect((error as Error).message).to.include('newer version')
    expect(await admin.client.hget(name, 'd')).to.equal('9 of a form to come')
  })

  it('is read by a replica as another wrote it, although it knows what it wrote itself', async () => {
    const { redis } = await openScene('Redis')
    const [one, other] = [redis!, redis!].map(({ url }) => {
      const ledger = new RedisLedger(connectRedis({ url }, () => undefined))
      closeLater({ stop: () => ledger.close() })
      return ledger
    })
    await eventually('Redis is ready', async () => (await one!.isReady()) && (await other!.isReady()))
    const key = { peer: 'cpo' as PeerId, id: 'forecast/x' }
    const list = [1, 2]
    const write = (name: string, as?: string, over?: object) => {
      const apart = { list: { as, json: () => '[1,2]' } }
      const lasting = { text: () => JSON.stringify({ name }), apart, over, size: 100 }
      return { record: { name, list }, lasting, due: 'not due', keepFor: 3600_000 } as const
    }
    await one!.write(key, 0, write('first'))
    expect((await one!.read<{ list: unknown }>(key))?.record.list).to.equal(list)
    expect(await other!.read(key)).to.deep.equal({ record: { name: 'first', list }, revision: 1 })
    await other!.write(key, 1, write('second', 'list', (await other!.read<object>(key))!.record))
    expect(await one!.read(key)).to.deep.equal({ record: { name: 'second', list }, revision: 2 })
    expect(await one!.write(key, 1, write('stale', 'list'))).to.equal(false)
    await one!.write(key, 2, write('third', 'list'))
    await other!.read(key)
    await other!.write(key, 3, write('fourth', 'list'))
    expect(one!.recall<{ name: string }>(key)?.record.name).to.equal('third')
    expect(await one!.write(key, 3, write('stale', 'list'))).to.equal(false)
    expect(one!.recall(key)).to.equal(undefined)
    await other!.remove(key, 4)
    expect(await one!.read(key)).to.equal(undefined)
    expect(await other!.read(key)).to.equal(undefined)
  })

  it('is not written over what another wrote under the same revision, as after a failover that lost our own write', async () => {
    const { redis } = await openScene('Redis')
    const admin = closeLater(adminOf(redis!.url))
    const ledger = new RedisLedger(connectRedis({ url: redis!.url }, () => undefined))
    closeLater({ stop: () => ledger.close() })
    await eventually('Redis is ready', () => ledger.isReady())
    const key = { peer: 'cpo' as PeerId, id: 'forecast/x' }
    const lasting = { text: () => '{"name":"ours"}', apart: {}, size: 100 }
    const write = { record: { name: 'ours' }, lasting, due: 'not due', keepFor: 3600_000 } as const
    await ledger.write(key, 0, write)
    await admin.client.hset('oscpgw:v1:{cpo}:record:forecast/x', { d: '1{"name":"theirs"}', t: 'theirs' })
    expect(await ledger.write(key, 1, write)).to.equal(false)
    expect(await ledger.read(key)).to.deep.equal({ record: { name: 'theirs' }, revision: 1 })
    expect(await ledger.write(key, 1, write)).to.equal(true)
    expect(await ledger.read(key)).to.deep.equal({ record: { name: 'ours' }, revision: 2 })
  })
})

function adminOf(url: string) {
  const client = new Redis(url)
  return { client, stop: async () => client.disconnect() }
}

/** The third part of every key. */
async function kindsOf(client: Redis): Promise<string[]> {
  const keys = await client.keys('*')
  return [...new Set(keys.map((key) => /^oscpgw:v1:\{[^}]+\}:(\w+)/.exec(key)?.[1] ?? key))]
}
