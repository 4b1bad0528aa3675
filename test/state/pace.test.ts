/** Rate limits, in memory and shared through Redis: what passes at once, what must wait, and what happens when Redis is away. */
import { expect } from 'chai'
import { Redis } from 'ioredis'
import type { PeerId } from '../../src/exchange/ids.ts'
import type { Pace, Rate } from '../../src/exchange/pace.ts'
import { MemoryPace } from '../../src/state/memory/pace.ts'
import { closeRedis, connectRedis, type RedisClient } from '../../src/state/redis/client.ts'
import { RedisPace } from '../../src/state/redis/pace.ts'
import { eventually } from '../support/gateway.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

const dso = 'dso' as PeerId
/** So slow that the time a test takes makes no difference. */
const slow: Rate = { perSecond: 0.01, burst: 3 }

async function takeMany(pace: Pace, count: number, rate = slow, peer = dso): Promise<number[]> {
  const taken: number[] = []
  for (let i = 0; i < count; i++) taken.push(await pace.take(peer, rate))
  return taken
}
const passed = (taken: readonly number[]) => taken.filter((early) => early === 0).length

describe('A rate limit', () => {
  let now: number
  let pace: MemoryPace
  beforeEach(() => {
    now = 1_000
    pace = new MemoryPace(() => now)
  })

  it('lets a burst through, and then says when the next may come', async () => {
    expect(await takeMany(pace, 5, { perSecond: 2, burst: 3 })).to.deep.equal([0, 0, 0, 500, 500])
  })

  it('lets the rate through for long, and the burst again after silence', async () => {
    const rate = { perSecond: 2, burst: 3 }
    await takeMany(pace, 3, rate)
    let through = 0
    for (; now < 11_000; now += 100) if ((await pace.take(dso, rate)) === 0) through++
    expect(through).to.equal(19)
    now += 1_500
    expect(await takeMany(pace, 4, rate)).to.deep.equal([0, 0, 0, 500])
  })

  it('costs nothing to be refused: who asks again and again waits no longer', async () => {
    const rate = { perSecond: 1, burst: 1 }
    await takeMany(pace, 100, rate)
    now += 1_000
    expect(await pace.take(dso, rate)).to.equal(0)
  })

  it('is each party’s own', async () => {
    await takeMany(pace, 5)
    expect(await pace.take('other' as PeerId, slow)).to.equal(0)
  })
})

describe('A rate limit shared through Redis', () => {
  let redis: RedisServer
  let clients: RedisClient[]
  let time: number
  beforeEach(async () => {
    redis = await startRedis()
    clients = []
    time = 0
  })
  afterEach(async () => {
    await Promise.all(clients.map(closeRedis))
    await redis.stop()
  })

  async function replica(): Promise<RedisPace> {
    const client = connectRedis({ url: redis.url }, () => undefined)
    clients.push(client)
    await eventually('a connection', () => client.status === 'ready')
    return new RedisPace(client, () => performance.now() + time)
  }

  it('counts the messages of all replicas together', async () => {
    const [one, other] = [await replica(), await replica()]
    expect(passed([...(await takeMany(one, 2)), ...(await takeMany(other, 2))])).to.equal(3)
    const early = await other.take(dso, slow)
    expect(early).to.be.within(90_000, 100_000)
  })

  it('passes messages again after their time, to the rate', async () => {
    const pace = await replica()
    const rate = { perSecond: 50, burst: 1 }
    expect(await pace.take(dso, rate)).to.equal(0)
    await eventually('the next one', async () => (await pace.take(dso, rate)) === 0)
  })

  it('keeps one key per party, in the slot of the party, which goes when it is not needed', async () => {
    const pace = await replica()
    await takeMany(pace, 2)
    const client = new Redis(redis.url)
    try {
      expect(await client.keys('*')).to.deep.equal(['oscpgw:v1:{dso}:rate:inbound'])
      expect(await client.pttl('oscpgw:v1:{dso}:rate:inbound')).to.be.within(150_000, 200_001)
    } finally {
      client.disconnect()
    }
  })

  it('is kept by the replica itself while Redis is away, with what it has counted so far', async () => {
    const pace = await replica()
    expect(passed(await takeMany(pace, 2))).to.equal(2)
    await redis.kill()
    expect(passed(await takeMany(pace, 5))).to.equal(1)
  })

  it('is shared again when Redis is back', async () => {
    const pace = await replica()
    await redis.kill()
    expect(passed(await takeMany(pace, 5))).to.equal(3)
    redis = await startRedis({ port: redis.port })
    await eventually('the count', async () => {
      time += 2_000
      await pace.take('other' as PeerId, slow)
      const client = new Redis(redis.url)
      const keys = await client.keys('*').finally(() => client.disconnect())
      return keys.length > 0
    })
  })

  it('does not wait for a Redis that hangs, except now and then', async () => {
    const pace = await replica()
    await takeMany(pace, 1)
    redis.pause()
    try {
      expect(passed(await takeMany(pace, 1_000))).to.equal(2)
    } finally {
      redis.resume()
    }
  })
})
