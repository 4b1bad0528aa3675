/** The log of a test's gateway, down to debug: kept with all others, to be searched for the secrets of its configuration. */
import type { Config } from '../../src/config.ts'
import { createLog, type Log } from '../../src/ops/log.ts'
import { secret, secretsOf } from './secrets.ts'
import { transcribe } from './transcript.ts'

/** Each line is also put into `lines`. */
export function testLog(config: Config, lines?: string[]): Log {
  for (const value of secretsOf(config)) secret(value)
  const write = (line: string) => {
    transcribe(line)
    lines?.push(line)
  }
  return createLog('debug', { write })
}
