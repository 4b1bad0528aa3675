/**
 * Processes of their own for the contestants, pinned where the machine allows it, and their CPU time.
 * Limits: pinning and CPU time need Linux; elsewhere the benchmark runs without them.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'

const read = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** The first two cores this process may use, when there are two and `taskset` can pin to them. */
const findCores = (): [server: number, load: number] | undefined => {
  const list = /^Cpus_allowed_list:\s*(.+)$/m.exec(read('/proc/self/status') ?? '')?.[1] ?? ''
  const [server, load] = list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
  if (server === undefined || load === undefined) return undefined
  try {
    execFileSync('taskset', ['-acp', String(load), String(process.pid)], { stdio: 'ignore' })
    return [server, load]
  } catch {
    return undefined
  }
}

/** Where contestants and load run. Found by pinning this process, with all its threads, to the core of the load. */
export const cores = findCores()

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))

/** Starts node on the contestants' core, with nothing of this process' environment. */
export const startNode = (args: string[], env: Record<string, string> = {}): ChildProcess => {
  const command = [...(cores ? ['taskset', '-c', String(cores[0])] : []), process.execPath, ...args]
  const options = { env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'ignore', 'inherit'] as const }
  const child = spawn(command[0]!, command.slice(1), { ...options, stdio: [...options.stdio] })
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}

/** Ends everything that was started, the hard way after 3 seconds. */
export const stopAll = (): Promise<unknown> =>
  Promise.all(
    [...running].map(async (child) => {
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), 3_000)
      await gone
      clearTimeout(late)
    }),
  )

/** User and system time of a process so far, in microseconds of 10,000; undefined where there is no /proc. */
export const cpuMicros = ({ pid }: ChildProcess): number | undefined => {
  const fields = read(`/proc/${pid}/stat`)?.split(') ').at(-1)?.split(' ')
  return fields && (Number(fields[11]) + Number(fields[12])) * 10_000
}

export const freePort = async (): Promise<number> => {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
