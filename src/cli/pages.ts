/**
 * `oscp-gateway pages`: writes the mapping pages and, beside them, those of errors and settings; or says with `--check` which are stale (exit 1).
 * Limits: into another folder (`--out`) only the mapping pages are written; samples come from the golden files next to the sources; where there are none, pages are written without.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { home } from '../app.ts'
import type { Outcome } from '../mapping/outcome.ts'
import type { Sample } from '../mapping/page-text.ts'
import { writePages } from '../mapping/pages.ts'
import { writeConfigurationPage } from './configuration-page.ts'
import { writeErrorPage } from './error-page.ts'
import { exitCodes } from './exit.ts'
import { prepare } from './prepare.ts'

export interface PagesOptions {
  readonly out?: string
  readonly check?: boolean
}

/** Where it says what it did. */
export type Streams = Pick<NodeJS.Process, 'stdout' | 'stderr'>

/** Returns the exit code. */
export async function pages({ out, check }: PagesOptions, { stdout, stderr }: Streams = process): Promise<number> {
  const folder = resolve(out ?? join(home, 'docs', 'mappings'))
  const { crossings } = await prepare(() => undefined)
  const wanted = writePages(crossings, (crossing, message) => samplesOf(folder, crossing, message))
  if (out === undefined) {
    wanted.set(join('..', 'errors.md'), writeErrorPage())
    wanted.set(join('..', 'configuration.md'), writeConfigurationPage())
  }
  const stale = [...wanted].filter(([file, text]) => contentOf(join(folder, file)) !== text).map(([file]) => file)
  const foreign = pagesIn(folder).filter((file) => !wanted.has(file))
  if (check) {
    for (const file of stale) stderr.write(`${join(folder, file)} is stale; run \`npm run pages\`\n`)
    for (const file of foreign) stderr.write(`${join(folder, file)} is the page of no message\n`)
    if (stale.length + foreign.length > 0) return exitCodes.failure
    stdout.write(`${wanted.size} pages are what the mappings, the table of errors and the settings say\n`)
    return exitCodes.ok
  }
  for (const [file, text] of wanted) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  // Only what was written by us is ours to remove.
  for (const file of foreign.filter((name) => contentOf(join(folder, name))?.startsWith('<!-- Written by')))
    rmSync(join(folder, file))
  stdout.write(`${wanted.size} pages in ${folder}, ${stale.length} changed\n`)
  return exitCodes.ok
}

function pagesIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => name.split(sep).join('/'))
}

function contentOf(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

/** The golden cases of one message, plain ones before their variants. */
export function samplesOf(pagesFolder: string, crossing: string, message: string): Sample[] {
  const cases = join(home, 'test', 'golden-mapping', crossing, message)
  if (!existsSync(cases)) return []
  return readdirSync(cases)
    .sort()
    .map((name): Sample => {
      const folder = join(cases, name)
      const read = (...files: string[]) =>
        files.map((file) => contentOf(join(folder, file))).find((t) => t !== undefined)
      return {
        name,
        link: relative(join(pagesFolder, crossing), folder).split(sep).join('/'),
        input: read('input.xml', 'input.json') ?? '',
        output: read('output.xml', 'output.json'),
        settings: read('settings.json'),
        outcomes: JSON.parse(read('receipt.json') ?? '[]') as Outcome[],
      }
    })
}
