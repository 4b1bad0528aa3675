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

interface Part {
  readonly name: string
  readonly minutes: number
  readonly run: (setting: Setting) => Promise<Section[]>
}

const parts: Readonly<Record<string, Part>> = {
  '': { name: 'targets', minutes: 8, run: targetTable },
  '--switches': { name: 'switches', minutes: 6, run: switches },
  '--growth': { name: 'growth', minutes: 10, run: growth },
  '--long': { name: 'long', minutes: 60, run: long },
  '--console': { name: 'console', minutes: 4, run: consolePages },
  '--profile': { name: 'profile', minutes: 2, run: profile },
}

const part = parts[process.argv[2] ?? '']
if (!part) {
  console.error(`Usage: npm run bench [-- ${Object.keys(parts).filter(Boolean).join(' | ')}]`)
  process.exit(64)
}
const home = fileURLToPath(new URL('../..', import.meta.url))
execSync('npm run --silent build', { cwd: home, stdio: 'inherit' })
const folder = mkdtempSync(join(tmpdir(), 'oscp-gateway-bench-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
setTimeout(() => {
  console.error(`The benchmark took longer than ${part.minutes} minutes and was stopped.`)
  process.exit(1)
}, part.minutes * 60_000).unref()
try {
  const sections = await part.run({ home, folder, sink: await startSink() })
  print(sections)
  keep(home, part.name, sections)
} finally {
  await stopAll()
}
process.exit()
