/**
 * A connection to Redis, of whichever kind, on which every command is answered or refused in time; each refusal is `state-unavailable`.
 * Limits: a refused command may still have been carried out, and ioredis sends unanswered ones again after a reconnect, so
 * whatever runs here must be safe to run twice. What a server acknowledged a failover may undo, unless `WAIT` was asked for.
 */
import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import { Cluster, Redis } from 'ioredis'
import { GatewayError } from '../../errors.ts'

/** A server, or a Cluster of them: what is used of both is the same. */
export type RedisClient = Redis | Cluster

// ioredis declares a class that extends String. V8 then keeps String.prototype as a dictionary, and every method of every
// string is three times as slow, until a warm function has looked one up through a String object (measured).
const lengthOf = (text: unknown) => (text as string).charCodeAt(0)
for (let i = 0; i < 1_000; i++) lengthOf(Object('x'))

export interface Address {
  readonly host: string
  readonly port: number
}

/** Where Redis is. */
export type RedisPlace =
  /** `redis://` or, for TLS, `rediss://`; user, password and database as in any Redis URL. */
  | { readonly url: string }
  | {
      readonly sentinels: {
        readonly name: string
        readonly hosts: readonly Address[]
        readonly username?: string | undefined
        readonly password?: string | undefined
        readonly tls: boolean
      }
    }
  | { readonly cluster: { readonly hosts: readonly Address[] } }

export type RedisOptions = RedisPlace & {
  /** Who we are to the servers; else what the URL says. */
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly database?: number | undefined
  /** Speaks TLS with this, whatever the URL says. */
  readonly tls?: ConnectionOptions | undefined
  /** How long any command may take, in milliseconds. */
  readonly commandTimeoutMs?: number
  /** Spreads the reconnects of many gateways; replaceable for tests. */
  readonly random?: () => number
}

/** Of a Cluster: how often a command is sent anew because its slot has moved, or a server is gone. */
const redirections = 4

/**
 * Connects in the background and reconnects without end; `onProblem` hears of every failed attempt and lost connection.
 * Until there is a connection, commands are refused at once.
 */
export function connectRedis(options: RedisOptions, onProblem: (error: Error) => void): RedisClient {
  const client = clientOf(options)
  client.on('error', (error: Error) => onProblem(presentable(error)))
  client.connect().catch(() => {}) // 'error' has reported it, and retryStrategy goes on
  return client
}

function clientOf(options: RedisOptions): RedisClient {
  const { random = Math.random } = options
  const retryStrategy = (attempt: number) => Math.min(2_000, 50 * 2 ** attempt) * (0.5 + random() / 2)
  const server = serverOptions(options)
  if ('url' in options) {
    // The scheme alone would ask for TLS with nothing but defaults.
    const url = options.tls ? options.url.replace(/^rediss:/, 'redis:') : options.url
    return new Redis(url, { ...server, retryStrategy })
  }
  if ('sentinels' in options) {
    const { name, hosts, username, password, tls } = options.sentinels
    return new Redis({
      ...server,
      retryStrategy,
      name,
      sentinels: [...hosts],
      sentinelRetryStrategy: retryStrategy,
      sentinelCommandTimeout: 2_000,
      // They tell of a failover; else a demoted primary that lives is noticed by the first write that it refuses.
      failoverDetector: true,
      ...(username === undefined ? {} : { sentinelUsername: username }),
      ...(password === undefined ? {} : { sentinelPassword: password }),
      ...(tls ? { enableTLSForSentinelMode: true, sentinelTLS: options.tls ?? {} } : {}),
    })
  }
  // What a Cluster does about a command it decides itself, not by the options of its servers' connections.
  return new Cluster([...options.cluster.hosts], {
    lazyConnect: true,
    enableOfflineQueue: false,
    clusterRetryStrategy: retryStrategy,
    scaleReads: 'master',
    maxRedirections: redirections,
    retryDelayOnFailover: 50,
    retryDelayOnClusterDown: 50,
    retryDelayOnTryAgain: 50,
    slotsRefreshTimeout: 1_000,
    slotsRefreshInterval: 10_000,
    redisOptions: server,
  })
}

/** What holds for each server that is connected to. */
function serverOptions({ username, password, database, tls, commandTimeoutMs = 500 }: RedisOptions) {
  return {
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
    reconnectOnError: (error: Error) => error.message.includes('READONLY'),
    // Deliberately off. Measured with our scripts it writes 15,000 records a second instead of 25,000, and since a batch
    // waits for the one before it, a server that hangs costs two timeouts instead of one.
    enableAutoPipelining: false,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(database === undefined ? {} : { db: database }),
    ...(tls === undefined ? {} : { tls }),
  }
}

/** Sends what is on its way, then closes; a connection that cannot do that is dropped. */
export async function closeRedis(client: RedisClient): Promise<void> {
  await client.quit().catch(() => undefined)
  // Also what listens to Sentinels.
  client.disconnect()
}

/** `oscpgw:v1:{peer}:kind:id`. The braces keep all keys of one peer in one cluster slot, whatever the id contains. */
export function redisKey(peer: string, kind: string, id?: string): string {
  const key = `oscpgw:v1:{${peer}}:${kind}`
  return id === undefined ? key : `${key}:${id}`
}

/**
 * Commands that are given until the event loop has looked at all that came are written at once: each write by itself costs as
 * much as making the command. To be called before a command is given.
 */
export function together(client: RedisClient): void {
  if (client instanceof Cluster) return
  const { stream } = client
  if (!stream || stream.writableCorked > 0) return
  stream.cork()
  setImmediate(() => stream.uncork())
}

/** Commands that are given meanwhile are written at once, as soon as the work has given them all. */
export function atOnce(client: RedisClient, work: () => void): void {
  const stream = client instanceof Cluster ? undefined : client.stream
  stream?.cork()
  work()
  stream?.uncork()
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
export function defineScript<Reply>(client: RedisClient, name: string) {
  client.defineCommand(name, { lua: readFileSync(new URL(`./scripts/${name}.lua`, import.meta.url), 'utf8') })
  const scripts = client as unknown as Record<string, (...args: (string | number)[]) => Promise<Reply>>
  return (keys: readonly string[], args: readonly (string | number)[]): Promise<Reply> => {
    together(client)
    return answered(scripts[name]!(keys.length, ...keys, ...args))
  }
}

/** ioredis hangs a command's arguments on its error: the password, or a whole record. They must not reach a log. */
function presentable(error: Error): Error {
  // Node reports a host with several addresses as an AggregateError without a message.
  const told = error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0] : error
  if ('command' in told) told.command = (told.command as { name?: string }).name
  return told
}
