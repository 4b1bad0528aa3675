/** Opens the state store that the configuration names, or memory, and tells the operator which of the two it is. */
import type { Config } from '../config.ts'
import type { Ledger } from '../exchange/ledger.ts'
import { type Log, reason } from '../ops/log.ts'
import { MemoryLedger } from '../state/memory/ledger.ts'
import { connectRedis } from '../state/redis/client.ts'
import { RedisLedger } from '../state/redis/ledger.ts'

export function openLedger(config: Config, log: Log, now: () => number): Ledger {
  if (config.redis)
    return new RedisLedger(
      connectRedis(
        { url: config.redis.url },
        atMostEvery(30_000, now, (error: Error) => log.warn(reason(error), 'redis')),
      ),
    )
  log.warn(
    'State is in memory: undelivered forecasts are forgotten when this process ends. Configure Redis to keep them.',
  )
  return new MemoryLedger(now)
}

/** An outage is worth a line now and then, not one for every attempt to end it. */
function atMostEvery<T>(ms: number, now: () => number, tell: (what: T) => void): (what: T) => void {
  let last = Number.NEGATIVE_INFINITY
  return (what) => {
    if (now() - last < ms) return
    last = now()
    tell(what)
  }
}
