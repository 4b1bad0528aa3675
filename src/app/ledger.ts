/** Opens the state store that the configuration names, or memory, and tells the operator which of the two it is. */

import type { RedisConfig } from '../config/redis.ts'
import type { Config } from '../config.ts'
import { FindingsError } from '../contract/model.ts'
import type { Ledger } from '../exchange/ledger.ts'
import type { Pace } from '../exchange/pace.ts'
import { readTlsFiles, TlsFilesError } from '../http/tls-files.ts'
import { type Log, reason } from '../ops/log.ts'
import { MemoryLedger } from '../state/memory/ledger.ts'
import { MemoryPace } from '../state/memory/pace.ts'
import type { RedisOptions, RedisPlace } from '../state/redis/client.ts'
import { atMostEvery } from './at-most-every.ts'

export interface State {
  /** Closing it closes all of the state. */
  readonly ledger: Ledger
  readonly pace: Pace
}

export async function openState(config: Config, log: Log, now: () => number): Promise<State> {
  if (config.redis) {
    const { connectRedis, lookAtRedis, RedisLedger, RedisPace } = await import('../state/redis.ts')
    // An outage is worth a line now and then, not one for every attempt to end it.
    const tell = atMostEvery(30_000, now, (error: Error) =>
      log.warn(reason(error), 'Redis cannot be reached: the gateway runs on, and is not ready until it can be'),
    )
    const client = connectRedis(redisOptions(config.redis), tell)
    lookAtRedis(client, ({ level, sentence }) => log[level](sentence))
    const { waitForReplica } = config.redis
    const ledger = new RedisLedger(client, { waitForReplica })
    return { ledger, pace: new RedisPace(client, () => performance.now()) }
  }
  log.warn(
    'State is in memory: undelivered forecasts are forgotten when this process ends. Configure Redis to keep them.',
  )
  return { ledger: new MemoryLedger(now), pace: new MemoryPace(() => performance.now()) }
}

/** How Redis is connected to. Throws FindingsError for files of TLS that cannot be used. */
export function redisOptions(redis: RedisConfig): RedisOptions {
  const { username, password, database } = redis
  return { ...placeOf(redis), username, password, database, tls: redis.tls && tlsOf(redis.tls) }
}

function placeOf({ url, sentinels, cluster, tls }: RedisConfig): RedisPlace {
  if (sentinels) return { sentinels: { ...sentinels, tls: sentinels.tls ?? tls !== undefined } }
  return cluster ? { cluster } : { url: url! }
}

function tlsOf({ minVersion, serverName, ...files }: NonNullable<RedisConfig['tls']>): RedisOptions['tls'] {
  try {
    const { expiresAt: _, ...material } = readTlsFiles(files)
    return { ...material, minVersion, ...(serverName === undefined ? {} : { servername: serverName }) }
  } catch (error) {
    if (!(error instanceof TlsFilesError)) throw error
    throw new FindingsError([{ file: 'configuration', rule: `redis.tls.${error.file}`, sentence: error.message }])
  }
}
