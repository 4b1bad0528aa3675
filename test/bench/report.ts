/** What was measured, on the terminal and in docs/performance.md, with date and machine. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { pinned } from './machine.ts'
import { markdownTable, plainTable } from './targets.ts'

export interface Section {
  readonly title: string
  readonly lines: readonly string[][]
}

const loadBefore = loadavg()[0]!.toFixed(1)

const circumstances = (): string =>
  `${new Date().toISOString().slice(0, 10)}, ${cpus()[0]?.model.trim()}, ${cpus().length} cores, node ${process.version}, load average before ` +
  `${loadBefore}; ${pinned ? 'servers on core 0, load, sink and Redis on core 1' : 'not pinned'}.`

export const print = (sections: readonly Section[]): void => {
  for (const { title, lines } of sections) console.log(`\n${title}\n${plainTable(lines)}`)
  console.log(`\n${circumstances()}`)
}

/** Writes the sections into the part of the file that this run measures; what is around it is written by people. */
export const keep = (home: string, part: string, sections: readonly Section[]): void => {
  const file = join(home, 'docs/performance.md')
  const [begin, end] = [`<!-- ${part} -->`, `<!-- end of ${part} -->`]
  const tables = sections.map(({ title, lines }) => `### ${title}\n\n${markdownTable(lines)}\n`).join('\n')
  const measured = `${begin}\n\n${circumstances()}\n\n${tables}\n${end}`
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '# Performance\n'
  const [from, to] = [before.indexOf(begin), before.indexOf(end)]
  const after = from < 0 ? `${before}\n${measured}\n` : before.slice(0, from) + measured + before.slice(to + end.length)
  writeFileSync(file, after)
  console.log(`Written to docs/performance.md.`)
}
