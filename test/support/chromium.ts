/** The system's own Chromium, headless; nothing is downloaded. */
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const macPlaces = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** Rejects where there is none. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = [...places, ...macPlaces].find(existsSync)
  if (executablePath === undefined) throw new Error('There is no chromium: npm test installs it, or says how.')
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
}
