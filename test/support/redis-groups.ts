/** Redis servers that belong together, on loopback: three that are a Cluster, or a primary with a replica and a Sentinel. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { eventually } from './gateway.ts'
import { freePort, type RedisServer, startRedis } from './redis.ts'

export interface RedisCluster {
  readonly servers: readonly RedisServer[]
  readonly hosts: readonly { readonly host: string; readonly port: number }[]
  /** A connection to each of the servers, in their order, for what only a test does. */
  readonly direct: readonly Redis[]
  /** Resolves when each of them takes the cluster for whole; a busy machine makes them doubt it for a moment. */
  whole(): Promise<void>
  stop(): Promise<void>
}

const slots = 16_384

/** A replica need not wait for others that may want the same copy. */
export const promptly = ['--repl-diskless-sync-delay', '0']

/** `port` for the first of them. */
export async function startRedisCluster(port?: number): Promise<RedisCluster> {
  const servers = await Promise.all([port, undefined, undefined].map(startClusterServer))
  const direct = servers.map(({ url }) => new Redis(url).on('error', () => undefined))
  const [first] = servers
  for (const [i, client] of direct.entries()) {
    const from = Math.floor((i * slots) / 3)
    await client.call('CLUSTER', 'ADDSLOTSRANGE', from, Math.floor(((i + 1) * slots) / 3) - 1)
    await client.call('CLUSTER', 'SET-CONFIG-EPOCH', i + 1)
  }
  for (const [i, client] of direct.entries())
    if (i > 0) await client.call('CLUSTER', 'MEET', '127.0.0.1', first!.port, first!.busPort)
  const whole = async () => {
    for (const client of direct)
      await eventually(
        'the servers are a cluster',
        async () => {
          const info = String(await client.call('CLUSTER', 'INFO'))
          return ['state:ok', 'known_nodes:3', 'slots_assigned:16384'].every((fact) => info.includes(`cluster_${fact}`))
        },
        15_000,
      )
  }
  await whole()
  return {
    whole,
    servers,
    hosts: servers.map(({ port }) => ({ host: '127.0.0.1', port })),
    direct,
    async stop() {
      for (const client of direct) client.disconnect()
      await Promise.all(servers.map((server) => server.stop()))
    },
  }
}

async function startClusterServer(port: number | undefined): Promise<RedisServer & { readonly busPort: number }> {
  const busPort = await freePort()
  const cluster = ['--cluster-enabled', 'yes', '--cluster-port', `${busPort}`, '--cluster-node-timeout', '5000']
  // The others keep their slots when one is gone.
  const args = [...cluster, '--cluster-require-full-coverage', 'no']
  const server = await startRedis({ args, ...(port === undefined ? {} : { port }) })
  return { ...server, busPort }
}

export interface WatchedRedis {
  readonly name: string
  readonly sentinel: { readonly host: string; readonly port: number }
  /** Which of the two is the primary now, by the Sentinel's word. */
  primary(): Promise<RedisServer>
  readonly servers: readonly RedisServer[]
  /** Asks the Sentinel to exchange them while both live. */
  failOver(): Promise<void>
  stop(): Promise<void>
}

/** `at` is the port of the Sentinel. */
export async function startWatchedRedis(password: string, at?: number): Promise<WatchedRedis> {
  const first = await startRedis({ args: promptly })
  const second = await startRedis({ args: [...promptly, '--replicaof', '127.0.0.1', `${first.port}`] })
  const servers = [first, second]
  const folder = mkdtempSync(join(tmpdir(), 'oscp-gateway-sentinel-'))
  const port = at ?? (await freePort())
  const file = join(folder, 'sentinel.conf')
  const watch = [
    `monitor main 127.0.0.1 ${first.port} 1`,
    'down-after-milliseconds main 500',
    'failover-timeout main 3000',
  ]
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `requirepass "${password}"`,
    ...watch.map((line) => `sentinel ${line}`),
  ]
  writeFileSync(file, lines.join('\n'))
  const child = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' })
  const end = () => void child.kill('SIGKILL')
  process.once('exit', end)
  const ask = new Redis({ port, host: '127.0.0.1', password, retryStrategy: () => 50 })
  ask.on('error', () => undefined)
  const primary = async () => {
    const [, at] = (await ask.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'main')) as [string, string]
    return servers.find((server) => server.port === Number(at))!
  }
  await eventually(
    'the Sentinel knows the replica',
    async () => JSON.stringify(await ask.call('SENTINEL', 'REPLICAS', 'main')).includes(`${second.port}`),
    15_000,
  )
  return {
    name: 'main',
    sentinel: { host: '127.0.0.1', port },
    servers,
    primary,
    async failOver() {
      // It refuses until it has seen the replica in order, and for a while after another failover.
      await eventually(
        'the Sentinel takes the order',
        () =>
          ask.call('SENTINEL', 'FAILOVER', 'main').then(
            () => true,
            () => false,
          ),
        15_000,
      )
    },
    async stop() {
      ask.disconnect()
      await ended(child)
      process.removeListener('exit', end)
      rmSync(folder, { recursive: true, force: true })
      await Promise.all(servers.map((server) => server.stop()))
    },
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  await gone
}
