/**
 * Contestants as processes of their own, pinned to core 0 with everything else on core 1, and their CPU time.
 * Limits: pinning and CPU time need Linux; elsewhere the benchmark does without, and reckons with time instead.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { listen } from '../../src/http/listen.ts'

/** Whether the command can be run with these arguments, and ends well. */
export const runs = (command: string, ...args: string[]): boolean => {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Whether servers are on core 0, and this process with all its threads, Redis included, on core 1. */
export const pinned = runs('taskset', '-c', '0', 'true') && runs('taskset', '-acp', '1', String(process.pid))

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))

/** Starts a contestant with nothing of this process' environment but the path. */
export const startProgram = (
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
  isQuiet = false,
) => {
  const [first, ...rest] = [...(pinned ? ['taskset', '-c', '0'] : []), command, ...args]
  const child = spawn(first!, rest, {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'ignore', isQuiet ? 'ignore' : 'inherit'],
  })
  running.add(child)
  return child.once('exit', () => running.delete(child))
}

export const startNode = (args: readonly string[], env?: Record<string, string>): ChildProcess =>
  startProgram(process.execPath, args, env)

/** What a script that measures itself printed, as JSON. */
export const outputOf = (script: string, args: readonly string[]): unknown => {
  const [first, ...rest] = [...(pinned ? ['taskset', '-c', '0'] : []), process.execPath, script, ...args]
  return JSON.parse(execFileSync(first!, rest, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }))
}

/** Ends a process that was started here; killed when it takes longer than 5 seconds. */
export const stop = async (child: ChildProcess): Promise<void> => {
  child.kill('SIGTERM')
  for (const end = Date.now() + 5_000; running.has(child) && Date.now() < end; ) await sleep(10)
  if (running.has(child)) child.kill('SIGKILL')
}

export const stopAll = async (): Promise<void> => {
  await Promise.all([...running].map(stop))
}

const numbersOf = (path: string, pattern: RegExp): number[] =>
  (pattern.exec(readFileSync(path, 'utf8')) ?? []).slice(1).map(Number)

/** User and system time of a process so far, in microseconds that advance by 10,000; NaN where there is no /proc. */
export const cpuMicros = (pid: number): number => {
  try {
    const [user, system] = numbersOf(`/proc/${pid}/stat`, /\) (?:\S+ ){11}(\d+) (\d+)/)
    return (user! + system!) * 10_000
  } catch {
    return Number.NaN
  }
}

/** Resident memory of a process in MB; NaN where there is no /proc. */
export const memoryOf = (pid: number): number => {
  try {
    return numbersOf(`/proc/${pid}/status`, /VmRSS:\s+(\d+) kB/)[0]! / 1024
  } catch {
    return Number.NaN
  }
}

export const freePort = async (): Promise<number> => {
  const { port, close } = await listen(() => undefined, '127.0.0.1', 0)
  await close(0)
  return port
}
