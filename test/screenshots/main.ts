/** `npm run screenshots`: plays the day of the demo and takes the README's pictures of its console, at the end of that day. */
import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Page } from 'playwright-core'
import { launchChromium } from '../support/chromium.ts'
import { root } from '../support/command.ts'

const folder = process.argv[2] ?? join(root, 'docs/images')
/** Longer than the day may take on a slow machine, in milliseconds. */
const patience = 180_000

const pictures: Readonly<Record<string, { path: string; height: number; see: (page: Page) => Promise<unknown> }>> = {
  'console-overview': {
    path: '',
    height: 900,
    see: (page) =>
      page
        .getByText(/has not arrived at/)
        .first()
        .waitFor(),
  },
  'console-group': {
    path: '/links/north/groups/FEEDER-0815',
    height: 900,
    see: (page) => page.locator('svg').first().waitFor(),
  },
}

const demo = spawn(
  process.execPath,
  [
    join(root, 'node_modules/tsx/dist/cli.mjs'),
    '--conditions=source',
    'src/cli/main.ts',
    'demo',
    '--day',
    '--seconds',
    '0',
  ],
  { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
)
const ended = new Promise<number | null>((resolve) => demo.once('exit', resolve))
const late = setTimeout(() => demo.kill(), patience)
try {
  const url = await consoleOf(createInterface({ input: demo.stdout }))
  const browser = await launchChromium()
  try {
    mkdirSync(folder, { recursive: true })
    for (const [name, { path, height, see }] of Object.entries(pictures)) {
      const context = await browser.newContext({
        viewport: { width: 1280, height },
        timezoneId: 'UTC',
        locale: 'en-GB',
      })
      const page = await context.newPage()
      await page.goto(`${url}${path}`)
      await see(page)
      await page
        .getByText(/, live/)
        .first()
        .waitFor()
      await page.screenshot({ path: join(folder, `${name}.png`) })
      await context.close()
      console.log(join(folder, `${name}.png`))
    }
  } finally {
    await browser.close()
  }
} finally {
  clearTimeout(late)
  demo.kill('SIGINT')
  process.exitCode ||= (await ended) ?? 1
}

/** Where the console is, once the day is over. Rejects if the demo ends before. */
async function consoleOf(lines: AsyncIterable<string>): Promise<string> {
  let url: string | undefined
  for await (const line of lines) {
    url ??= /Console\s+(http\S+)/.exec(line)?.[1]
    if (url !== undefined && line.includes('The day is over')) return url
  }
  throw new Error('The demo ended before its day was over.')
}
