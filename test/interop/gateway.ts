/** The gateway as its users run it: a process of its own with a configuration file, found ready before anything calls it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { root } from '../support/command.ts'
import { startProgram } from './programs.ts'

export interface GatewayProcess {
  readonly soap: string
  readonly rest: string
  /** Its log so far, a JSON text a line. */
  readonly log: readonly string[]
  stop(): Promise<void>
}

/** `config` is laid over free ports of loopback. Rejects with what it said when it does not start. */
export async function startGatewayProcess(config: Readonly<Record<string, unknown>>): Promise<GatewayProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'oscp-gateway-interop-'))
  const file = join(folder, 'gateway.yaml')
  const listen = { soap: '127.0.0.1:0', rest: '127.0.0.1:0', admin: '127.0.0.1:0' }
  const whole = { ...config, listen: { ...listen, ...(config.listen as object) } }
  writeFileSync(file, JSON.stringify(whole), { mode: 0o600 }) // JSON is YAML
  const command = [join(root, 'node_modules/tsx/dist/cli.mjs'), '--conditions=source', join(root, 'src/cli/main.ts')]
  const child = startProgram(process.execPath, [...command, 'start', '-c', file], { PATH: process.env.PATH })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const log: string[] = []
  child.stderr!.on('data', (chunk) => log.push(String(chunk)))
  const listening = new Promise<{ soap: string; rest: string }>((resolve) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      log.push(line)
      if (line.includes('"msg":"listening"')) resolve(JSON.parse(line) as { soap: string; rest: string })
    })
  })
  const stop = async () => {
    child.kill('SIGTERM')
    const late = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await ended
    clearTimeout(late)
    rmSync(folder, { recursive: true, force: true })
  }
  const late = setTimeout(() => child.kill('SIGKILL'), 30_000)
  const at = await Promise.race([listening, ended])
  clearTimeout(late)
  if (!at) {
    rmSync(folder, { recursive: true, force: true })
    throw new Error(`the gateway did not start:\n${log.join('\n').slice(-2000)}`)
  }
  return { soap: at.soap, rest: at.rest, log, stop }
}
