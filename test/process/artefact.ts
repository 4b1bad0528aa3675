/**
 * The built gateway as a process of its own, as an image runs it: node, no loader, signals, an exit code and what it wrote.
 * Limits: it is built once for all tests of a run, and killed after a minute and a half whatever a test does.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { eventually } from '../support/gateway.ts'

const root = resolve(import.meta.dirname, '../..')
const longest = 90_000

let built: Promise<void> | undefined

/** Compiles `dist`; for a `before` hook with a minute of time. */
export function build(): Promise<void> {
  built ??= new Promise((done, failed) => {
    execFile('npm', ['run', 'build'], { cwd: root }, (error, out, err) =>
      error ? failed(new Error(out + err)) : done(),
    )
  })
  return built
}

export interface GatewayProcess {
  readonly soapUrl: string
  readonly restUrl: string
  readonly adminUrl: string
  /** Everything written to standard output and to standard error so far. */
  readonly out: () => string
  readonly err: () => string
  readonly isRunning: () => boolean
  signal(signal: NodeJS.Signals): void
  /** The exit code. */
  readonly ended: Promise<number | null>
}

type Settings = Readonly<Record<string, unknown>>

/** Writes a configuration with free ports of loopback, unless it says otherwise. */
export function configFile(config: Settings, file = join(mkdtempSync(join(tmpdir(), 'process-')), 'gateway.yaml')) {
  const listen = { soap: '127.0.0.1:0', rest: '127.0.0.1:0', admin: '127.0.0.1:0' }
  const whole = { listen, peers: {}, links: {}, ...config }
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(whole))
  return file
}

/** The command with these arguments. */
export function runBuilt(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [join(root, 'dist/src/cli/main.js'), ...args], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const late = setTimeout(() => child.kill('SIGKILL'), longest)
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => {
    out += String(chunk)
  })
  child.stderr.on('data', (chunk: Buffer) => {
    err += String(chunk)
  })
  const ended = once(child, 'close').then(([code]) => {
    clearTimeout(late)
    process.off('exit', kill)
    return code as number | null
  })
  const isRunning = () => child.exitCode === null && child.signalCode === null
  return { child, out: () => out, err: () => err, isRunning, ended, signal: (name: NodeJS.Signals) => child.kill(name) }
}

/** Resolves when it listens, whatever its state does. */
export async function startBuilt(file: string, env: Record<string, string> = {}): Promise<GatewayProcess> {
  const running = runBuilt(['start', '-c', file], env)
  const urls = await eventually(
    'the gateway listens',
    () => {
      if (!running.isRunning()) throw new Error(`it ended: ${running.out()}${running.err()}`)
      return /^\{.*"msg":"listening"\}$/m.exec(running.out())?.[0]
    },
    30_000,
  )
  const { soap, rest, admin } = JSON.parse(urls) as Record<'soap' | 'rest' | 'admin', string>
  return { ...running, soapUrl: soap, restUrl: rest, adminUrl: admin }
}

/** A port of loopback on which nothing listens. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
