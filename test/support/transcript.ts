/**
 * All that gateways wrote while the tests of this process ran, in one temporary file: the logs of those in this process and both
 * outputs of those in processes of their own. Limits: what a command prints a secret for (`peers token`) is left out.
 */
import { ChildProcess } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folder = mkdtempSync(join(tmpdir(), 'oscp-gateway-transcript-'))
const file = join(folder, 'transcript')
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

let pending: string[] = []

export function transcribe(text: string): void {
  if (pending.push(text) >= 1000) flush()
}

/** Everything until now. */
export function readTranscript(): Buffer {
  flush()
  return readFileSync(file)
}

function flush(): void {
  appendFileSync(file, pending.join(''))
  pending = []
}

/** From now on the outputs of every gateway that is started as a process are written down, whoever reads them besides. */
export function followGateways(): void {
  const prototype = ChildProcess.prototype as unknown as Record<
    'spawn',
    (this: ChildProcess, ...args: unknown[]) => unknown
  >
  const { spawn } = prototype
  prototype.spawn = function (...args) {
    const result = spawn.apply(this, args)
    if (isGateway(this.spawnargs)) for (const stream of [this.stdout, this.stderr]) follow(stream)
    return result
  }
}

function isGateway(args: readonly string[]): boolean {
  const at = args.findIndex((arg) => /(?:src\/cli\/main\.[jt]s|gateway-process\.ts|soak\/replica\.ts)$/.test(arg))
  return at >= 0 && args.slice(at + 1, at + 3).join(' ') !== 'peers token'
}

/** A listener for data would set the stream flowing before its reader is there. */
function follow(stream: ChildProcess['stdout']): void {
  if (!stream) return
  const push = stream.push.bind(stream)
  stream.push = (chunk: Buffer | null, ...rest) => {
    if (chunk) transcribe(`${chunk}\n`)
    return push(chunk, ...rest)
  }
}
