/** Opens the journal where the state is, for the gateway to write and for an operator to read. */
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { type Config, isLegacy } from '../config.ts'
import { GatewayError } from '../errors.ts'
import type { Journal } from '../exchange/journal.ts'
import { journalObserver } from '../exchange/journal-observer.ts'
import type { Observer } from '../exchange/observer.ts'
import type { Links } from '../exchange/peers.ts'
import { MemoryJournal } from '../state/memory/journal.ts'
import { redisOptions } from './ledger.ts'

/** In Redis it has a connection of its own: what it writes must not stand before what a message waits for. */
export async function openJournal(
  { redis, journal: caps }: Config,
  peers: () => readonly string[],
  now: () => number,
): Promise<Journal> {
  if (!redis) return new MemoryJournal(caps, now)
  const { connectRedis, RedisJournal } = await import('../state/redis.ts')
  // Whoever keeps the state tells the operator that Redis is away.
  const client = connectRedis(redisOptions(redis), () => undefined)
  return new RedisJournal({
    client,
    caps,
    get peers() {
      return peers()
    },
    now,
  })
}

/** Writes down what is observed; nothing when the configuration says so. */
export function observersOf(journal: Journal, config: Config, links: Links, now: () => number): Observer[] {
  if (config.journal.perPeer === 0) return []
  const process = randomBytes(4).toString('hex')
  const legacy = new Set(Object.entries(config.peers).flatMap(([id, peer]) => (isLegacy(peer) ? [id] : [])))
  return [
    journalObserver({
      journal,
      now,
      process,
      isLegacy: (peer) => legacy.has(peer),
      mappingOf: (link) => links.byId(link)?.crossing.hash,
    }),
  ]
}

/** For reading beside the gateway. Undefined when it is in the gateway's own memory; throws `state-unavailable`. */
export async function readJournal(config: Config, withinMs = 5000): Promise<Journal | undefined> {
  if (!config.redis) return undefined
  const { connectRedis, RedisJournal } = await import('../state/redis.ts')
  let problem: Error | undefined
  const client = connectRedis(redisOptions(config.redis), (error) => {
    problem = error
  })
  const journal = new RedisJournal({ client, caps: config.journal, peers: Object.keys(config.peers), now: Date.now })
  for (const end = Date.now() + withinMs; ; await delay(50)) {
    const answers = await journal.find({ peer: '', limit: 1 }).then(
      () => true,
      () => false,
    )
    if (answers) return journal
    if (Date.now() < end) continue
    await journal.close()
    throw new GatewayError('state-unavailable', 'Redis does not answer.', { cause: problem })
  }
}
