/**
 * One connection to Redis on which every command is answered or refused in time; each refusal is `state-unavailable`.
 * Limits: a single address (a server, or whatever stands before several). A refused command may still have been carried
 * out, and ioredis sends unanswered ones again after a reconnect, so whatever runs here must be safe to run twice.
 */
import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import { GatewayError } from '../../errors.ts'

export type { Redis } from 'ioredis'

// ioredis declares a class that extends String. V8 then keeps String.prototype as a dictionary, and every method of every
// string is three times as slow, until a warm function has looked one up through a String object (measured).
const lengthOf = (text: unknown) => (text as string).charCodeAt(0)
for (let i = 0; i < 1_000; i++) lengthOf(Object('x'))

export interface RedisOptions {
  /** `redis://` or, for TLS, `rediss://`; user, password and database as in any Redis URL. */
  readonly url: string
  /** How long any command may take, in milliseconds. */
  readonly commandTimeoutMs?: number
  /** Spreads the reconnects of many gateways; replaceable for tests. */
  readonly random?: () => number
}

/**
 * Connects in the background and reconnects without end; `onProblem` hears of every failed attempt and lost connection.
 * Until there is a connection, commands are refused at once.
 */
export function connectRedis(options: RedisOptions, onProblem: (error: Error) => void): Redis {
  const { url, commandTimeoutMs = 500, random = Math.random } = options
  const client = new Redis(url, {
    connectionName: 'oscp-gateway',
    lazyConnect: true,
    enableOfflineQueue: false,
    commandTimeout: commandTimeoutMs,
    maxRetriesPerRequest: 1,
    connectTimeout: 2_000,
    keepAlive: 10_000,
    // A peer that vanished without a FIN is noticed by TCP after a quarter of an hour, and keep-alive does not probe while
    // data is in flight; so silence after a command ends the connection.
    socketTimeout: 2 * commandTimeoutMs,
    // After a failover the old primary refuses writes: reconnect to find the new one. The refused command is not repeated
    // (ioredis would, for 2), because without an offline queue there is nowhere to keep it.
    reconnectOnError: (error) => error.message.includes('READONLY'),
    retryStrategy: (attempt) => Math.min(2_000, 50 * 2 ** attempt) * (0.5 + random() / 2),
    // Deliberately off. Measured with our scripts it writes 15,000 records a second instead of 25,000, and since a batch
    // waits for the one before it, a server that hangs costs two timeouts instead of one.
    enableAutoPipelining: false,
  })
  client.on('error', (error: Error) => onProblem(presentable(error)))
  client.connect().catch(() => {}) // 'error' has reported it, and retryStrategy goes on
  return client
}

/** Sends what is on its way, then closes; a connection that cannot do that is dropped. */
export async function closeRedis(client: Redis): Promise<void> {
  await client.quit().catch(() => client.disconnect())
}

/** `oscpgw:v1:{peer}:kind:id`. The braces keep all keys of one peer in one cluster slot, whatever the id contains. */
export function redisKey(peer: string, kind: string, id?: string): string {
  const key = `oscpgw:v1:{${peer}}:${kind}`
  return id === undefined ? key : `${key}:${id}`
}

/** The reply, or GatewayError `state-unavailable`. Every call of a client's method goes through here. */
export async function answered<Reply>(call: Promise<Reply>): Promise<Reply> {
  try {
    return await call
  } catch (thrown) {
    const cause = thrown instanceof Error ? presentable(thrown) : thrown
    throw new GatewayError('state-unavailable', 'The gateway cannot reach its state store.', { cause })
  }
}

/** The script `./scripts/<name>.lua` as a function of its KEYS and ARGV. */
export function defineScript<Reply>(client: Redis, name: string) {
  client.defineCommand(name, { lua: readFileSync(new URL(`./scripts/${name}.lua`, import.meta.url), 'utf8') })
  const scripts = client as unknown as Record<string, (...args: (string | number)[]) => Promise<Reply>>
  return (keys: readonly string[], args: readonly (string | number)[]): Promise<Reply> =>
    answered(scripts[name]!(keys.length, ...keys, ...args))
}

/** ioredis hangs a command's arguments on its error: the password, or a whole record. They must not reach a log. */
function presentable(error: Error): Error {
  // Node reports a host with several addresses as an AggregateError without a message.
  const told = error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0] : error
  if ('command' in told) told.command = (told.command as { name?: string }).name
  return told
}
