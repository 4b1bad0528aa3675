/** Exit codes, after sysexits.h where it has one, and how start-up problems are printed. */
import { FindingsError } from '../contract/model.ts'

export const exitCodes = {
  ok: 0,
  /** Something failed that is nobody's input. */
  failure: 1,
  /** The command line is wrong. */
  usage: 64,
  /** A port that cannot be had, a file that cannot be written. */
  unavailable: 69,
  /** Configuration, contract or mapping is wrong: every finding is printed. */
  configuration: 78,
} as const

/** Prints why a command failed, and returns its exit code. */
export function report(error: unknown): number {
  if (error instanceof FindingsError) {
    for (const { file, rule, sentence } of error.findings) console.error(`${file}: ${rule}: ${sentence}`)
    console.error(`${error.findings.length} problem${error.findings.length === 1 ? '' : 's'}; nothing was started.`)
    return exitCodes.configuration
  }
  const system = error as NodeJS.ErrnoException
  if (system.code === 'EADDRINUSE' || system.code === 'EACCES' || system.code === 'EADDRNOTAVAIL') {
    console.error(`cannot listen: ${system.message}`)
    return exitCodes.unavailable
  }
  console.error(error instanceof Error ? (error.stack ?? error.message) : String(error))
  return exitCodes.failure
}
