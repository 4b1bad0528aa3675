/**
 * Contestants as processes of their own, pinned to core 0 with everything else on core 1, and their CPU time.
 * Limits: pinning and CPU time need Linux; elsewhere the benchmark does without.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { listen } from '../../src/http/listen.ts'

const pin = (): boolean => {
  try {
    execFileSync('taskset', ['-c', '0', 'true'], { stdio: 'ignore' })
    execFileSync('taskset', ['-acp', '1', String(process.pid)], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Whether servers are on core 0, and this process with all its threads on core 1. */
export const pinned = pin()

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))

/** Starts node with nothing of this process' environment but the path. */
export const startNode = (args: string[], env: Record<string, string> = {}): ChildProcess => {
  const [command, ...rest] = [...(pinned ? ['taskset', '-c', '0'] : []), process.execPath, ...args]
  const child = spawn(command!, rest, {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  running.add(child)
  return child.once('exit', () => running.delete(child))
}

/** Ends everything that was started; what has not ended after 3 seconds is killed when this process ends. */
export const stopAll = async (): Promise<void> => {
  for (const child of running) child.kill('SIGTERM')
  for (const end = Date.now() + 3_000; running.size > 0 && Date.now() < end; ) await sleep(20)
}

/** User and system time of a process so far, in microseconds that advance by 10,000; NaN where there is no /proc. */
export const cpuMicros = ({ pid }: ChildProcess): number => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')
    return (Number(fields[11]) + Number(fields[12])) * 10_000
  } catch {
    return Number.NaN
  }
}

export const freePort = async (): Promise<number> => {
  const { port, close } = await listen(() => undefined, '127.0.0.1', 0)
  await close(0)
  return port
}
