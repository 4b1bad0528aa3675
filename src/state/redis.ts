/** All of the state in Redis: loaded where it is configured, because its client takes a twentieth of a start. */
export { connectRedis } from './redis/client.ts'
export { RedisJournal } from './redis/journal.ts'
export { RedisLedger } from './redis/ledger.ts'
export { lookAtRedis } from './redis/look.ts'
export { RedisPace } from './redis/pace.ts'
