/**
 * Lets both deployments talk through replicas that share a Redis while things go wrong, then waits for all that was taken.
 * Limits: of the first replica only the memory is watched where it is spared; a machine that is too slow shows as lateness, not as loss.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { PeerId } from '../../src/exchange/ids.ts'
import { connectRedis } from '../../src/state/redis/client.ts'
import { RedisLedger } from '../../src/state/redis/ledger.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { closeLater } from '../support/scene.ts'
import { openReplica, type Replica } from './replicas.ts'
import { openWorld, type World } from './world.ts'

export interface SoakOptions {
  /** How long there is traffic while replicas are killed in turn, and Redis and all parties are there. */
  readonly killingMs: number
  /** How long there is traffic while parties, Redis and the second replica go and come back at random. */
  readonly outagesMs: number
  /** Between two messages of one stream, on average. */
  readonly pauseMs: number
  readonly random: () => number
  readonly say?: (line: string) => void
}

export interface Outcome {
  readonly taken: number
  readonly delivered: number
  readonly dead: number
  /** Taken, and neither delivered nor in the dead list. */
  readonly lost: readonly string[]
  readonly duplicates: number
  readonly refused: number
  /** While Redis and the parties were there: an older one after a newer one. */
  readonly disorder: readonly string[]
  /** The same around outages of Redis, when what was delivered may be known to one replica only. */
  readonly disorderInOutages: readonly string[]
  readonly kills: number
  readonly outages: Readonly<Record<string, number>>
  /** Memory of the first replica once warm, and in the end; 0 where it was killed. */
  readonly rss: readonly [number, number]
  readonly alarms: Readonly<Record<string, number>>
}

interface Stage {
  readonly world: World
  readonly replicas: readonly Replica[]
  readonly redis: { kill(): Promise<void>; start(): Promise<void>; pause(): void; resume(): void; url: string }
  readonly random: () => number
  readonly counts: { kills: number; outages: Record<string, number> }
}

export async function soak(options: SoakOptions): Promise<Outcome> {
  const { killingMs, outagesMs, pauseMs, random, say = () => undefined } = options
  const redis = await openRedis()
  const world = await openWorld(random)
  const config = { ...world.config, redis: { url: redis.url } }
  const replicas = [openReplica(config), openReplica(config)]
  for (const replica of replicas) closeLater({ stop: () => replica.kill() })
  await Promise.all(replicas.map((replica) => replica.start()))
  world.serveBy(replicas)
  const counts: Stage['counts'] = { kills: 0, outages: {} }
  const stage: Stage = { world, replicas, redis, random, counts }

  let isOver = false
  const pause = () => pauseMs * (0.5 + random())
  const talking = world.tallies.map((tally) => tally.run(() => isOver, pause))
  await killInTurn(stage, killingMs)
  const disorder = world.tallies.flatMap((tally) => tally.disorder.splice(0))
  let rss: [number, number] = [0, 0]
  if (outagesMs > 0) {
    await delay(Math.min(10_000, outagesMs / 10))
    rss = [await replicas[0]!.rss(), 0]
    say(summary(world, 'before the outages'))
    await goAndCome(stage, outagesMs, say)
    // All are back, and go on for a while: what one replica knew alone is by then what all know.
    await delay(10_000)
  }
  isOver = true
  await Promise.all(talking)
  const dead = await settled(world, redis.url)
  if (outagesMs > 0) rss[1] = await replicas[0]!.rss()
  const sum = (of: (tally: World['tallies'][number]) => number) => world.tallies.reduce((all, one) => all + of(one), 0)
  const missing = world.tallies.flatMap(({ stream, missing: all }) => all.map((nth) => `${stream.name} ${nth}`))
  return {
    taken: sum(({ taken }) => taken.length),
    delivered: sum(({ delivered }) => delivered),
    dead,
    lost: missing.slice(0, Math.max(0, missing.length - dead)),
    duplicates: sum(({ duplicates }) => duplicates),
    refused: sum(({ refused }) => refused),
    disorder,
    disorderInOutages: world.tallies.flatMap((tally) => tally.disorder),
    kills: counts.kills,
    outages: counts.outages,
    rss,
    alarms: await replicas[0]!.alarms(),
  }
}

/** Writes every command down before it answers, so that what it said it has survives it. */
async function openRedis() {
  const folder = mkdtempSync(join(tmpdir(), 'oscp-gateway-soak-'))
  const args = ['--dir', folder, '--appendonly', 'yes', '--appendfsync', 'always']
  let server: RedisServer = await startRedis({ args })
  const { port, url } = server
  closeLater({
    async stop() {
      await server.kill()
      rmSync(folder, { recursive: true, force: true })
    },
  })
  return {
    url,
    kill: () => server.kill(),
    async start() {
      server = await startRedis({ port, args })
    },
    pause: () => server.pause(),
    resume: () => server.resume(),
  }
}

/** One after the other, as soon as both are there and some seconds have passed. */
async function killInTurn({ replicas, random, counts }: Stage, forMs: number): Promise<void> {
  const end = Date.now() + forMs
  for (let nth = 0; Date.now() < end; nth++) {
    await delay(Math.min(1000 + random() * 2000, Math.max(0, end - Date.now())))
    if (Date.now() >= end) return
    const victim = replicas[nth % replicas.length]!
    await victim.kill()
    counts.kills++
    await victim.start()
  }
}

async function goAndCome(stage: Stage, forMs: number, say: (line: string) => void): Promise<void> {
  const { world, replicas, redis, random, counts } = stage
  const kinds: Record<string, () => Promise<void>> = {
    async 'a party is away'() {
      const party = world.outages[Math.floor(random() * world.outages.length)]!
      await party.stop()
      await delay(1000 + random() * 9000)
      await party.restart()
    },
    async 'Redis hangs'() {
      redis.pause()
      await delay(500 + random() * 3000)
      redis.resume()
    },
    async 'Redis crashes'() {
      await redis.kill()
      await delay(500 + random() * 4000)
      await redis.start()
    },
    async 'a replica is killed'() {
      await replicas[1]!.kill()
      counts.kills++
      await replicas[1]!.start()
    },
  }
  const names = Object.keys(kinds)
  const end = Date.now() + forMs
  for (let told = Date.now(); Date.now() < end; ) {
    const [one, two] = [names[Math.floor(random() * names.length)]!, names[Math.floor(random() * names.length)]!]
    // Now and then two of them at once.
    const both = one !== two && !(/Redis/.test(one) && /Redis/.test(two)) && random() < 0.3 ? [one, two] : [one]
    for (const name of both) counts.outages[name] = (counts.outages[name] ?? 0) + 1
    await Promise.all(both.map((name) => kinds[name]!()))
    await delay(1000 + random() * 5000)
    if (Date.now() - told > 60_000) {
      told = Date.now()
      say(summary(world, `${Math.round((end - told) / 1000)} s to go`))
    }
  }
}

/** Waits until nothing is missing, two minutes at most; says how many are in the dead lists. */
async function settled(world: World, url: string): Promise<number> {
  const ledger = new RedisLedger(connectRedis({ url, commandTimeoutMs: 5000 }, () => undefined))
  const missing = () => world.tallies.reduce((sum, tally) => sum + tally.missing.length, 0)
  try {
    const deadLists = async () => {
      const lists = world.peers.map((peer) => ledger.list(peer as PeerId, 'dead/').catch(() => []))
      return (await Promise.all(lists)).reduce((sum, ids) => sum + ids.length, 0)
    }
    for (const end = Date.now() + 120_000; Date.now() < end; await delay(200))
      if (missing() === 0 || missing() <= (await deadLists())) break
    return await deadLists()
  } finally {
    await ledger.close()
  }
}

function summary({ tallies }: World, when: string): string {
  const taken = tallies.reduce((sum, tally) => sum + tally.taken.length, 0)
  const owed = tallies.reduce((sum, tally) => sum + tally.missing.length, 0)
  return `${when}: ${taken} taken, ${owed} of them to arrive`
}
