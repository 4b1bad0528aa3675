/** Exit codes, after sysexits.h where it has one, and how problems with a command's input are printed. */
import { FindingsError } from '../contract/model.ts'

export const exitCodes = {
  ok: 0,
  /** `translate`: the result is there, but a rule was safe or approximate; the receipt says which. Exact is `ok`. */
  approximate: 10,
  /** `translate`: at least one message was refused, held or is not carried; what could be translated is printed. */
  refused: 20,
  /** Something failed that is nobody's input. */
  failure: 1,
  /** The command line is wrong. */
  usage: 64,
  /** The input is not a message of any contract, or a settings file says nonsense. */
  data: 65,
  /** The input cannot be read. */
  noInput: 66,
  /** A port that cannot be had, a file that cannot be written. */
  unavailable: 69,
  // A second SIGINT or SIGTERM ends `start` at once with 130 or 143, as shells call it.
  /** Configuration, contract or mapping is wrong: every finding is printed. */
  configuration: 78,
} as const

/** Thrown by commands for input they cannot use; every line is printed as it is. */
export class InputError extends Error {
  readonly exitCode: number
  override readonly name = 'InputError'

  constructor(exitCode: number, lines: readonly string[], cause?: unknown) {
    super(lines.join('\n'), cause === undefined ? undefined : { cause })
    this.exitCode = exitCode
  }
}

/** The last two: the host to listen on is a name that leads nowhere. */
const cannotListen = new Set(['EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN'])

/** Prints why a command failed, and returns its exit code. */
export function report(error: unknown): number {
  if (error instanceof InputError) {
    console.error(error.message)
    return error.exitCode
  }
  if (error instanceof FindingsError) {
    for (const { file, rule, sentence } of error.findings) console.error(`${file}: ${rule}: ${sentence}`)
    console.error(`${error.findings.length} problem${error.findings.length === 1 ? '' : 's'}; nothing was started.`)
    return exitCodes.configuration
  }
  const system = error as NodeJS.ErrnoException
  if (cannotListen.has(system.code ?? '')) {
    console.error(`cannot listen: ${system.message}`)
    return exitCodes.unavailable
  }
  console.error(error instanceof Error ? (error.stack ?? error.message) : String(error))
  return exitCodes.failure
}
