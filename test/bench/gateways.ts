/** The built gateway as a process, with whatever configuration a measurement needs. */
import type { ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, startNode } from './machine.ts'
import type { Server } from './rounds.ts'

export interface Gateway extends Server {
  readonly token: string
  readonly process: ChildProcess
  readonly adminPort: number
  /** From the start of the process until `/readyz` said yes, in milliseconds. */
  readonly readyMs: number
}

export interface GatewayOptions {
  readonly home: string
  readonly folder: string
  readonly sink: string
  readonly settings?: Readonly<Record<string, unknown>>
  readonly dso?: Readonly<Record<string, unknown>>
  /** How many parties each side has; the first of them are `dso` and `cpo`. */
  readonly parties?: number
  /** What it shows the sink; without it one of its own. */
  readonly token?: string
  /** Options of node itself. */
  readonly node?: readonly string[]
}

let count = 0

export const startGateway = async (options: GatewayOptions): Promise<Gateway> => {
  const { home, folder, sink, settings, dso, parties = 1, node = [] } = options
  const [port, adminPort] = [await freePort(), await freePort()]
  const name = `gateway-${count++}`
  const token = options.token ?? name
  const file = join(folder, `${name}.yaml`) // JSON is YAML
  const names = Array.from({ length: parties }, (_, i) => (i === 0 ? '' : `-${i}`))
  const config = {
    listen: { soap: `127.0.0.1:${port}`, rest: '127.0.0.1:0', admin: `127.0.0.1:${adminPort}` },
    ...{ log: 'error', drain: { delay: '0s' } },
    peers: Object.fromEntries(
      names.flatMap((name): [string, object][] => [
        [`dso${name}`, { role: 'dso', ...dso }],
        [`cpo${name}`, { role: 'fp', url: sink, token }],
      ]),
    ),
    links: Object.fromEntries(names.map((name) => [`link${name}`, { legacy: `dso${name}`, modern: `cpo${name}` }])),
    ...settings,
  }
  writeFileSync(file, JSON.stringify(config))
  const began = performance.now()
  const process = startNode([...node, join(home, 'dist/src/cli/main.js'), 'start'], { OSCP_GW_CONFIG: file })
  for (const deadline = began + 60_000; ; await sleep(2)) {
    if (await isReady(adminPort)) break
    if (process.exitCode !== null || performance.now() > deadline) throw new Error('The gateway did not become ready.')
  }
  return { process, pid: process.pid!, port, token, adminPort, readyMs: performance.now() - began }
}

/** How long its event loop was held since this was asked before, in milliseconds; it looks every 10 ms. */
export const loopHeldMs = async ({ adminPort }: Gateway): Promise<number> => {
  const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text()
  const [, seconds] = /^nodejs_eventloop_lag_max_seconds ([\d.e+-]+)$/m.exec(text) ?? []
  if (seconds === undefined) throw new Error('The gateway does not tell how long its event loop was held.')
  return Math.max(0, Number(seconds) * 1000 - 10)
}

const isReady = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  )
