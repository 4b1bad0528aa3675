/** Runs the command as a user does: a process of its own, with its exit code and both of its outputs. */
import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '../..')

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export function runCommand(args: readonly string[], input = '', withinMs = 20_000): Promise<Ended> {
  const { OSCP_GW_CONFIG: _, ...env } = process.env
  return new Promise((done) => {
    const command = [join(root, 'node_modules/tsx/dist/cli.mjs'), '--conditions=source', 'src/cli/main.ts', ...args]
    const child = execFile(process.execPath, command, { cwd: root, env, timeout: withinMs }, (_error, out, err) =>
      done({ code: child.exitCode, out, err }),
    )
    child.stdin?.end(input)
  })
}
