/**
 * `npm run bench`: a forecast from SOAP to OSCP 2.0 JSON, and a heartbeat, through the gateway as it ships, beside what else
 * one could have used. Method: docs/performance.md. Every run is bounded in time.
 */
import { execSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { consolePages } from './console.ts'
import type { Setting } from './contestants.ts'
import { growth, long } from './growth.ts'
import { stopAll } from './machine.ts'
import { profile } from './profile.ts'
import { keep, print, type Section } from './report.ts'
import { startSink } from './sink.ts'
import { switches } from './switches.ts'
import { targetTable } from './table.ts'

type Run = (setting: Setting) => Promise<Section[]>

interface Part {
  /** Of each run; each writes its own part of the page as it ends. */
  readonly minutes: number
  readonly runs: Readonly<Record<string, Run>>
}

const parts: Readonly<Record<string, Part>> = {
  '': { minutes: 8, runs: { targets: targetTable } },
  '--switches': { minutes: 5, runs: { switches } },
  '--growth': { minutes: 5, runs: growth },
  '--long': { minutes: 50, runs: { long: (setting) => long(setting) } },
  '--console': { minutes: 4, runs: { console: consolePages } },
  '--profile': { minutes: 2, runs: { profile } },
}

const [option, only] = (process.argv[2] ?? '').split('=')
const part = parts[option!]
const runs = Object.entries(part?.runs ?? {}).filter(([name]) => only === undefined || name === only)
if (!part || runs.length === 0) {
  const options = Object.keys(parts).filter(Boolean).join(' | ')
  console.error(`Usage: npm run bench [-- ${options} | --growth=${Object.keys(growth).join(' | --growth=')}]`)
  process.exit(64)
}
const home = fileURLToPath(new URL('../..', import.meta.url))
execSync('npm run --silent build', { cwd: home, stdio: 'inherit' })
const folder = mkdtempSync(join(tmpdir(), 'oscp-gateway-bench-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
try {
  const sink = await startSink()
  for (const [name, run] of runs) {
    const late = setTimeout(() => {
      console.error(`The benchmark took longer than ${part.minutes} minutes (${name}) and was stopped.`)
      process.exit(1)
    }, part.minutes * 60_000)
    const sections = await run({ home, folder, sink })
    clearTimeout(late)
    print(sections)
    keep(home, runs.length > 1 || only !== undefined ? `${option!.slice(2)}-${name}` : name, sections)
  }
} finally {
  await stopAll()
}
process.exit()
