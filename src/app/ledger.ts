/** Opens the state store that the configuration names, or memory, and tells the operator which of the two it is. */
import type { Config } from '../config.ts'
import type { Ledger } from '../exchange/ledger.ts'
import type { Pace } from '../exchange/pace.ts'
import { type Log, reason } from '../ops/log.ts'
import { MemoryLedger } from '../state/memory/ledger.ts'
import { MemoryPace } from '../state/memory/pace.ts'
import { connectRedis } from '../state/redis/client.ts'
import { RedisLedger } from '../state/redis/ledger.ts'
import { RedisPace } from '../state/redis/pace.ts'
import { atMostEvery } from './at-most-every.ts'

export interface State {
  /** Closing it closes all of the state. */
  readonly ledger: Ledger
  readonly pace: Pace
}

export function openState(config: Config, log: Log, now: () => number): State {
  if (config.redis) {
    // An outage is worth a line now and then, not one for every attempt to end it.
    const tell = atMostEvery(30_000, now, (error: Error) => log.warn(reason(error), 'redis'))
    const client = connectRedis({ url: config.redis.url }, tell)
    return { ledger: new RedisLedger(client), pace: new RedisPace(client, () => performance.now()) }
  }
  log.warn(
    'State is in memory: undelivered forecasts are forgotten when this process ends. Configure Redis to keep them.',
  )
  return { ledger: new MemoryLedger(now), pace: new MemoryPace(() => performance.now()) }
}
