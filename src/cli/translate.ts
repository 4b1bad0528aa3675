/**
 * `oscp-gateway translate`: one message from a file or standard input, as the gateway would translate it.
 * Limits: the result goes to standard output, the receipt to standard error; the exit code says how true the result is.
 */
import { readFileSync } from 'node:fs'
import { decodeDocument } from '../charset.ts'
import { loadConfig } from '../config.ts'
import { GatewayError } from '../errors.ts'
import type { SoapVersion } from '../soap/versions.ts'
import { exitCodes, InputError } from './exit.ts'
import { prepare } from './prepare.ts'
import { Terminal } from './terminal.ts'
import { translateMessage } from './translate-message.ts'
import { drawOutcomes } from './translate-receipt.ts'
import { type Choice, linesOf, NotCarried, type Recognised, recognise } from './translate-recognise.ts'
import { readSettings } from './translate-settings.ts'

export interface TranslateOptions extends Choice {
  readonly config?: string
  readonly link?: string
  readonly settings?: string
  readonly now?: string
  readonly soap?: SoapVersion
  readonly receipt: 'table' | 'json' | 'none'
}

const limit = 16 * 1024 * 1024

/** Where results and receipts go. */
export type Streams = Pick<NodeJS.Process, 'stdout' | 'stderr'>

/** Returns the exit code. Throws InputError for what is no message, FindingsError for a configuration. */
export async function translate(
  file: string,
  options: TranslateOptions,
  { stdout, stderr }: Streams = process,
): Promise<number> {
  const name = file === '-' ? 'standard input' : file
  const { config: path } = options
  const { config, crossings } = await prepare(() => (path === undefined ? undefined : loadConfig(undefined, path)))
  const settings = readSettings({ ...options, config, now: instantOf(options.now) }, crossings)
  const text = readText(file, name)
  let found: Recognised
  try {
    found = recognise(text, crossings, options)
  } catch (error) {
    if (error instanceof NotCarried) {
      stderr.write(`${name}: ${error.message}\n`)
      return exitCodes.refused
    }
    throw named(name, error)
  }
  const { output, outcomes, exitCode } = translateMessage(found, settings, options.soap)
  stdout.write(output)
  if (options.receipt === 'json') stderr.write(`${JSON.stringify(outcomes, null, 2)}\n`)
  if (options.receipt === 'table') {
    const terminal = new Terminal(stderr)
    drawOutcomes(terminal, titleOf(found), outcomes)
    if (found.also.length > 0)
      terminal.paragraph(`It may also be ${found.also.join(' or ')}; say so with --message.`, 'dim')
  }
  return exitCode
}

function titleOf({ compiled, part, direction, crossing }: Recognised): string {
  const { legacy, modern } = crossing
  const [from, to] = direction === 'toModern' ? [legacy, modern] : [modern, legacy]
  return `${compiled.module.name}${part === 'answer' ? ' answer' : ''} (${from.id} → ${to.id})`
}

function instantOf(now: string | undefined): number {
  if (now === undefined) return Date.now()
  const instant = Date.parse(now)
  if (Number.isNaN(instant))
    throw new InputError(exitCodes.usage, ['--now must be an instant such as 2026-03-02T22:00:00Z'])
  return instant
}

function readText(file: string, name: string): string {
  let bytes: Buffer
  try {
    bytes = readFileSync(file === '-' ? 0 : file)
  } catch (cause) {
    throw new InputError(exitCodes.noInput, [`${name} cannot be read`], cause)
  }
  if (bytes.length > limit) throw new InputError(exitCodes.data, [`${name} is larger than ${limit} bytes`])
  try {
    return decodeDocument(bytes, undefined)
  } catch (cause) {
    throw new InputError(exitCodes.data, [`${name} is not in the encoding it shows, or is not UTF-8`], cause)
  }
}

/** The same problem with the input's name before each of its lines. */
function named(name: string, error: unknown): unknown {
  if (error instanceof GatewayError)
    return new InputError(
      exitCodes.data,
      linesOf(error).map((line) => `${name}: ${line}`),
      error,
    )
  if (error instanceof InputError) return new InputError(error.exitCode, [`${name}: ${error.message}`], error)
  return error
}
