/** Gateways that share one state, each a process of its own on ports of its own, killed and started anew as a test wants. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { root } from '../support/command.ts'
import { eventually } from '../support/gateway.ts'
import type { Asked, Started } from './replica.ts'

export interface Replica {
  /** Where it is, since it was last started. */
  readonly soapUrl: string
  readonly restUrl: string
  /** Whether it is there, as far as is known: a caller takes another if not. */
  readonly isUp: boolean
  /** SIGKILL: in the midst of whatever it does. */
  kill(): Promise<void>
  /** Resolves when it is ready. */
  start(): Promise<void>
  setClock(aheadMs: number): void
  /** Memory in bytes. */
  rss(): Promise<number>
  alarms(): Promise<Record<string, number>>
}

const file = join(import.meta.dirname, 'replica.ts')
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** `config` as a file would hold it, without listeners. */
export function openReplica(config: Readonly<Record<string, unknown>>): Replica {
  const listen = { soap: '127.0.0.1:0', rest: '127.0.0.1:0', admin: '127.0.0.1:0' }
  let at: Started = { soapUrl: '', restUrl: '', adminUrl: '' }
  let child: ChildProcess | undefined

  async function ask<T>(what: Asked): Promise<T> {
    child!.send(what)
    const [answer] = (await once(child!, 'message')) as [T]
    return answer
  }
  return {
    get soapUrl() {
      return at.soapUrl
    },
    get restUrl() {
      return at.restUrl
    },
    get isUp() {
      return child !== undefined
    },
    async kill() {
      const dying = child
      child = undefined
      if (!dying || dying.exitCode !== null || dying.signalCode !== null) return
      dying.kill('SIGKILL')
      await once(dying, 'exit')
    },
    async start() {
      const args = ['--import=tsx', '--conditions=source', file, JSON.stringify({ ...config, listen })]
      const born = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
      // Nobody here reads its log, but it must be able to write it; tests look for secrets in it.
      born.stdout!.resume()
      running.add(born)
      born.once('exit', () => running.delete(born))
      at = await started(born)
      await eventually('it is ready', () => isReady(at.adminUrl), 30_000)
      child = born
    },
    setClock: (aheadMs) => void child?.send({ aheadMs }),
    rss: async () => (await ask<{ rss: number }>({ ask: 'rss' })).rss,
    alarms: async () => (await ask<{ alarms: Record<string, number> }>({ ask: 'alarms' })).alarms,
  }
}

/** Rejects when it ends instead. */
async function started(born: ChildProcess): Promise<Started> {
  const ended = once(born, 'exit').then(([code]) => {
    throw new Error(`The gateway ended with ${code} before it listened.`)
  })
  ended.catch(() => undefined)
  const [told] = (await Promise.race([once(born, 'message'), ended])) as [Started]
  return told
}

function isReady(adminUrl: string): Promise<boolean> {
  return fetch(`${adminUrl}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  )
}
