/** `oscp-gateway fake`: one party of the other side, played by a script, so that an integration can be rehearsed without it. */
import { readFileSync } from 'node:fs'
import type { Line } from '../../test/peers/fake/fake.ts'
import type { FakeRole } from '../../test/peers/fake/script.ts'
import { missingPeers } from './demo-world.ts'
import { exitCodes, InputError } from './exit.ts'

export interface FakeCommandOptions {
  readonly config?: string
  readonly for?: string
  readonly json?: boolean
  readonly strict?: boolean
}

/** How many lines the status page shows. */
const remembered = 200

/** Runs until a signal or the end of `--for`; resolves with the exit code. Throws InputError. */
export async function fake(role: FakeRole, options: FakeCommandOptions): Promise<number> {
  const missing = missingPeers()
  if (missing !== undefined)
    throw new InputError(exitCodes.unavailable, [
      `the fake parties are not part of this image: ${missing} does not exist`,
    ])
  const asked = firstSignal()
  const { startFake } = await import('../../test/peers/fake/fake.ts')
  const { readScript, readTime, ScriptError } = await import('../../test/peers/fake/script.ts')
  const { standardScripts } = await import('../../test/peers/fake/standard.ts')
  const { startStatusPage } = await import('../../test/peers/fake/status-page.ts')
  const long = options.for === undefined ? undefined : readTime(options.for)
  if (options.for !== undefined && long === undefined)
    throw new InputError(exitCodes.usage, ['--for must be a time such as 30s, 10m or 2h'])
  const file = options.config
  const text = file === undefined ? standardScripts[role] : textOf(file)
  const lines: Line[] = []
  const tell = (line: Line) => {
    lines.push(line)
    if (lines.length > remembered) lines.shift()
    console.log(options.json ? JSON.stringify({ role, ...line }) : inWords(line))
  }
  try {
    const script = readScript(role, text)
    const party = await startFake(role, script, { tell })
    const page = script.status ? await startStatusPage(script.status, party, lines) : undefined
    try {
      if (!options.json) console.log(opening(role, party.url, page?.url))
      const timer = long === undefined ? undefined : setTimeout(asked.end, long)
      await asked.promise
      clearTimeout(timer)
      for (const { about, limit } of options.json ? [] : party.holds()) console.log(`holds now  ${about}: ${limit}`)
    } finally {
      await page?.stop()
      await party.stop()
    }
    return options.strict && party.problems() > 0 ? exitCodes.refused : exitCodes.ok
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error
    const about = file ?? `the standard script of a ${role}`
    throw new InputError(
      exitCodes.configuration,
      error.lines.map((line) => `${about}: ${line}`),
      error,
    )
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new InputError(exitCodes.noInput, [`${file} cannot be read`], error)
  }
}

function opening(role: FakeRole, url: string | undefined, status: string | undefined): string {
  const called = url === undefined ? 'it only calls' : `it is called at ${url}`
  return `fake ${role}: ${called}${status === undefined ? '' : `; what it holds is shown at ${status}`}; Ctrl-C ends it`
}

function inWords({ at, direction, message, about, answer, isFine }: Line): string {
  const time = new Date(at).toISOString().slice(11, 23)
  if (direction === 'note') return `${time}  ${message}`
  const arrow = direction === 'sent' ? '→' : '←'
  return `${time} ${isFine ? ' ' : '!'}${arrow} ${[message, about].filter(Boolean).join(' ')}: ${answer}`
}

/** A signal, or `end`, whichever comes first. */
function firstSignal(): { promise: Promise<void>; end: () => void } {
  const { promise, resolve } = withResolvers()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve)
  return { promise, end: resolve }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
