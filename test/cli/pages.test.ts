import { appendFileSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import { type PagesOptions, pages, type Streams } from '../../src/cli/pages.ts'
import { errorTable } from '../../src/errors.ts'
import { root, runCommand } from '../support/command.ts'

const shipped = join(root, 'docs', 'mappings')
const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((f) => f.endsWith('.md'))
    .sort()

/** In this process: much faster than in one of its own. */
async function run(options: PagesOptions): Promise<{ code: number; err: string }> {
  const stderr = new PassThrough()
  const code = await pages(options, { stdout: new PassThrough(), stderr } as unknown as Streams)
  stderr.end()
  return { code, err: await text(stderr) }
}

describe('The command pages', function () {
  this.timeout(30_000)

  it('finds the shipped pages to be what the mappings say; if not, run npm run pages and read the difference', async () => {
    const { code, err } = await runCommand(['pages', '--check'])
    expect([code, err]).to.deep.equal([0, ''])
  })

  it('says of every kind of error what it is on each wire, what it means and what to do', () => {
    const page = readFileSync(join(shipped, '..', 'errors.md'), 'utf8')
    for (const [kind, row] of Object.entries(errorTable)) {
      expect(page).to.include(`| [${kind}](#${kind}) |`).and.include(`### ${kind}\n\n${row.meaning}`)
      expect(page).to.include(row.advice)
      for (const sentence of [row.meaning, row.advice]) expect(sentence, kind).to.match(/^\S.{20,}\.$/)
    }
  })

  it('writes the same pages into another folder, removes its own that are of no message, and leaves what it did not write', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pages-'))
    await run({ out: folder })
    expect(filesIn(folder)).to.deep.equal(filesIn(shipped))
    writeFileSync(join(folder, 'old.md'), readFileSync(join(folder, 'README.md')))
    writeFileSync(join(folder, 'notes.md'), 'mine\n')
    expect((await run({ out: folder })).code).to.equal(0)
    expect(filesIn(folder)).to.deep.equal([...filesIn(shipped), 'notes.md'].sort())
  })

  it('names every stale, missing and foreign page with --check, changes nothing, and exits 1', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pages-'))
    await run({ out: folder })
    const page = join(folder, 'oscp-1.0--oscp-2.0', 'heartbeat.md')
    appendFileSync(page, 'exact\n')
    writeFileSync(join(folder, 'notes.md'), 'mine\n')
    const { code, err } = await run({ out: folder, check: true })
    expect(code).to.equal(1)
    expect(err).to.equal(
      `${page} is stale; run \`npm run pages\`\n${join(folder, 'notes.md')} is the page of no message\n`,
    )
    expect(readFileSync(page, 'utf8')).to.match(/exact\n$/)
  })
})
