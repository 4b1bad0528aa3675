/** Processes that send events are killed with SIGKILL, at the worst moments; what they leave is sent by others, in order. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import type { PeerId } from '../../src/exchange/ids.ts'
import { connectRedis } from '../../src/state/redis/client.ts'
import { RedisLedger } from '../../src/state/redis/ledger.ts'
import { eventually } from '../support/gateway.ts'
import { type Replica, startReplica, usage } from '../support/queue.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

const worker = join(import.meta.dirname, '../support/queue-worker.ts')
const root = resolve(import.meta.dirname, '../..')
const peer = 'dso' as PeerId

describe('Events whose sender is killed', function () {
  this.timeout(60_000)
  let redis: RedisServer
  let ledger: RedisLedger
  let sink: Server
  let sinkUrl: string
  /** Takes events, and sends none. */
  let front: Replica
  const received: string[] = []
  /** Events whose next arrival is not answered. */
  const unanswered = new Set<string>()
  const workers = new Set<ChildProcess>()

  beforeEach(async () => {
    received.length = 0
    redis = await startRedis()
    ledger = new RedisLedger(connectRedis({ url: redis.url, commandTimeoutMs: 5000 }, () => undefined))
    await eventually('Redis is ready', () => ledger.isReady())
    front = startReplica({ ledger, peer, sent: [], name: 'front', options: { limit: 10_000 } })
    await front.stop()
    sink = createServer((request, response) => {
      const name = request.url!.slice(1)
      received.push(name)
      request.resume()
      if (!unanswered.delete(name)) response.end()
    }).listen(0, '127.0.0.1')
    await once(sink, 'listening')
    sinkUrl = `http://127.0.0.1:${(sink.address() as AddressInfo).port}`
  })
  afterEach(async () => {
    await Promise.all([...workers].map(kill))
    sink.closeAllConnections()
    sink.close()
    await ledger.close()
    await redis.stop()
  })

  async function start(name: string): Promise<ChildProcess> {
    const args = ['--import=tsx', '--conditions=source', worker, redis.url, sinkUrl, peer, name]
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    workers.add(child)
    await once(child, 'message')
    return child
  }

  async function kill(child: ChildProcess): Promise<void> {
    workers.delete(child)
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  const emptied = () =>
    eventually('the queue is empty', async () => (await ledger.list(peer, 'event/')).length === 0, 30_000)
  const firsts = () => [...new Set(received)]

  it('between claim and acknowledgement, twice, arrive from another, and keep their order', async () => {
    unanswered.add('b').add('d')
    const names = ['a', 'b', 'c', 'd', 'e']
    for (const name of names) await front.events.add(peer, usage(name))
    const one = await start('one')
    await eventually('b is on its way', () => received.includes('b'), 10_000)
    await kill(one)
    const two = await start('two')
    await eventually('d is on its way', () => received.includes('d'), 10_000)
    await kill(two)
    await start('three')
    await emptied()
    expect(received).to.deep.equal(['a', 'b', 'b', 'c', 'd', 'd', 'e'])
  })

  it('again and again while more come, with two replicas sharing the work, all arrive in order', async () => {
    const names: string[] = []
    let isOver = false
    let pair = await Promise.all([start('0'), start('1')])
    const adding = (async () => {
      for (; !isOver; await delay(10)) {
        const name = `${names.length}`
        expect(await front.events.add(peer, usage(name))).to.equal(true)
        names.push(name)
      }
    })()
    for (let round = 2; round < 6; round++) {
      const seen = received.length
      await eventually('events arrive', () => received.length > seen + 20, 10_000)
      await kill(pair[round % 2]!)
      const next = await start(`${round}`)
      pair = round % 2 === 0 ? [next, pair[1]!] : [pair[0]!, next]
    }
    isOver = true
    await adding
    await emptied()
    expect(firsts()).to.deep.equal(names)
    // A repeat is of the event that was on its way, never of an older one.
    for (const [i, name] of received.entries())
      if (received.indexOf(name) < i) expect(Number(name)).to.equal(Math.max(...received.slice(0, i).map(Number)))
  })
})
