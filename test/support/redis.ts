/**
 * A redis-server of the test's own, on loopback, on a free port, in a directory that disappears with it.
 * Limits: it dies with the test process however that ends, except by SIGKILL. Nothing is kept on disk unless asked for.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

export interface RedisServer {
  readonly url: string
  readonly port: number
  readonly pid: number
  /** Ends it as an operator would; resolves when the process is gone. */
  stop(): Promise<void>
  /** Ends it as a crash would. */
  kill(): Promise<void>
  /** It keeps its connections and answers nothing until `resume`. */
  pause(): void
  resume(): void
}

export interface RedisServerOptions {
  /** To come back where another one was. */
  readonly port?: number
  /** Appended to the command line. */
  readonly args?: readonly string[]
  readonly tls?: boolean
}

export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  for (let attempt = 1; ; attempt++) {
    const directory = await mkdtemp(join(tmpdir(), 'oscp-gateway-redis-'))
    const port = options.port ?? (await freePort())
    const fixed = ['--bind', '127.0.0.1', '--dir', directory, '--save', '', '--appendonly', 'no']
    // A server that speaks TLS speaks nothing else.
    fixed.push(...(options.tls ? ['--port', '0', '--tls-port', `${port}`] : ['--port', `${port}`]))
    const child = spawn('redis-server', [...fixed, ...(options.args ?? [])], { stdio: ['ignore', 'pipe', 'pipe'] })
    const log: string[] = []
    child.stdout.on('data', (chunk) => log.push(String(chunk)))
    child.stderr.on('data', (chunk) => log.push(String(chunk)))
    const gone = once(child, 'exit')
    const cleanUp = () => {
      running.delete(child)
      rmSync(directory, { recursive: true, force: true })
    }
    running.set(child, directory)
    gone.then(cleanUp, cleanUp)
    await once(child, 'spawn') // rejects if there is no redis-server

    if (await ready(child, log)) return server(child, port, gone)

    // Somebody else may have taken the free port in between.
    child.kill('SIGKILL')
    if (attempt === 3) throw new Error(`redis-server did not start on port ${port}:\n${log.join('')}`)
  }
}

function server(child: ChildProcess, port: number, gone: Promise<unknown>): RedisServer {
  const end = async (signal: NodeJS.Signals) => {
    child.kill('SIGCONT')
    child.kill(signal)
    const late = setTimeout(() => child.kill('SIGKILL'), 2_000)
    await gone
    clearTimeout(late)
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid: child.pid!,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
  }
}

const running = new Map<ChildProcess, string>()
process.once('exit', () => {
  for (const [child, directory] of running) {
    child.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
})
// These two end a process without an 'exit' event, unless somebody listens.
for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

/** Resolves when this very server, and no other that has taken the port, says that it is ready; gives up after 5 seconds. */
async function ready(child: ChildProcess, log: readonly string[]): Promise<boolean> {
  for (const end = Date.now() + 5_000; Date.now() < end && child.exitCode === null; await delay(5)) {
    if (log.join('').includes('Ready to accept connections')) return true
  }
  return false
}
