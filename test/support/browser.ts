/**
 * One headless Chromium for all tests of a run, and pages of it that remember every request and everything that went wrong.
 * Limits: the system's own browser, nothing is downloaded; it is closed after the last of all tests.
 */
import { createRequire } from 'node:module'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launchChromium } from './chromium.ts'

let browser: Promise<Browser> | undefined
const contexts: BrowserContext[] = []

export interface Look {
  readonly page: Page
  /** Addresses that the page asked for, whatever for. */
  readonly requests: string[]
  /** What a browser's console would show as an error, and what scripts threw. */
  readonly errors: string[]
}

export interface LookOptions {
  readonly scheme?: 'light' | 'dark'
  readonly size?: { readonly width: number; readonly height: number }
  readonly zone?: string
}

export async function openPage({ scheme = 'light', size, zone = 'Europe/Amsterdam' }: LookOptions = {}): Promise<Look> {
  browser ??= launchChromium()
  const viewport = size ?? { width: 1440, height: 900 }
  const context = await (await browser).newContext({ viewport, colorScheme: scheme, timezoneId: zone, locale: 'en-GB' })
  contexts.push(context)
  const [requests, errors]: [string[], string[]] = [[], []]
  await context.route('**/*', (route) => {
    requests.push(route.request().url())
    return route.continue()
  })
  const page = await context.newPage()
  page.setDefaultTimeout(10_000)
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text())
  })
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('dialog', (dialog) => {
    errors.push(`dialog: ${dialog.message()}`)
    return dialog.dismiss()
  })
  return { page, requests, errors }
}

export async function closePages(): Promise<void> {
  await Promise.all(contexts.splice(0).map((context) => context.close()))
}

after(async () => {
  await (await browser)?.close()
})

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

/** What axe finds wrong with the page, each with the elements concerned. */
export async function violationsOf(page: Page): Promise<string[]> {
  // Past the page's own policy, which rightly lets no script in that is not the console's.
  const session = await page.context().newCDPSession(page)
  const { readFileSync } = await import('node:fs')
  const run = `${readFileSync(axe, 'utf8')};axe.run(document, { resultTypes: ['violations'] }).then((found) => JSON.stringify(found.violations))`
  const { result, exceptionDetails } = await session.send('Runtime.evaluate', { expression: run, awaitPromise: true })
  await session.detach()
  if (exceptionDetails) throw new Error(`axe could not run: ${exceptionDetails.text}`)
  const violations = JSON.parse(String(result.value)) as {
    id: string
    nodes: { html: string; failureSummary: string }[]
  }[]
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} (${failureSummary})`),
  )
}
