/**
 * The foreign SOAP stacks as programs of this machine: found, installed as root on Debian, or named with how to get them.
 * Limits: nothing of them is a dependency of the gateway; `npm test` runs without them.
 */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'

interface Wanted {
  /** Debian packages that bring it. */
  readonly packages: readonly string[]
  /** One of these runs when it is there. */
  readonly shows: readonly (readonly [command: string, ...args: string[]])[]
}

/** Debian's own Python has zeep; another one may stand before it on the path. */
const pythons = ['python3', '/usr/bin/python3']
const wanted: readonly Wanted[] = [
  { packages: ['python3-zeep'], shows: pythons.map((python) => [python, '-c', 'import zeep'] as const) },
  { packages: ['php-cli', 'php-soap'], shows: [['php', '-r', 'exit(extension_loaded("soap") ? 0 : 1);']] },
  { packages: ['gsoap', 'libgsoap-dev'], shows: [['wsdl2h', '-V']] },
  {
    packages: ['g++', 'libssl-dev'],
    shows: [['g++', '-include', 'openssl/ssl.h', '-fsyntax-only', '-x', 'c++', '/dev/null']],
  },
  { packages: ['openssl'], shows: [['openssl', 'version']] },
]

const runs = ([command, ...args]: readonly [string, ...string[]]): boolean => {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const missing = (): string[] => wanted.filter(({ shows }) => !shows.some(runs)).flatMap(({ packages }) => packages)

/** Throws one sentence on what is missing, and how to get it. */
export function ensureStacks(): void {
  const debianRoot = process.getuid?.() === 0 && existsSync('/etc/debian_version')
  if (missing().length > 0 && debianRoot) {
    console.log(`installing ${missing().join(', ')} with apt-get`)
    runs(['apt-get', 'update'])
    runs(['apt-get', 'install', '-y', '--no-install-recommends', ...missing()])
  }
  if (missing().length > 0)
    throw new Error(`Foreign SOAP stacks are missing. On Debian: apt-get install ${missing().join(' ')}`)
}

export function pythonWithZeep(): string {
  return pythons.find((python) => runs([python, '-c', 'import zeep'])) ?? 'python3'
}

const started = new Set<ReturnType<typeof spawn>>()
process.once('exit', () => {
  for (const child of started) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))

/** A process that ends with this one at the latest. */
export function startProgram(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  started.add(child)
  child.once('exit', () => started.delete(child))
  return child
}

/** What it printed. Rejects with what it said when it fails, or takes longer than the time. */
export async function outputOf(command: string, args: readonly string[], withinMs: number): Promise<string> {
  const child = startProgram(command, args)
  const said = { out: '', err: '' }
  child.stdout!.on('data', (chunk) => (said.out += String(chunk)))
  child.stderr!.on('data', (chunk) => (said.err += String(chunk)))
  const late = setTimeout(() => child.kill('SIGKILL'), withinMs)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  clearTimeout(late)
  if (code !== 0)
    throw new Error(`${command} ended with ${code ?? 'a signal'}: ${(said.err || said.out).trim().slice(-600)}`)
  return said.out
}
