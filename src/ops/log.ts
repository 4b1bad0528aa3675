/**
 * The gateway's log: JSON lines, one per exchange and one per delivery attempt; never a body, a token or a stack of a partner.
 * This is the one file that imports pino.
 */
import { pino } from 'pino'
import { errorTable, GatewayError } from '../errors.ts'
import type { Observer } from '../exchange/observer.ts'
import type { Receipt } from '../mapping/run.ts'

export type Log = ReturnType<typeof createLog>
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

export function createLog(level: LogLevel, destination?: { write(line: string): void }) {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  return destination ? pino(options, destination) : pino(options)
}

/** The exchange's observer that writes to this log. */
export function logObserver(log: Log): Observer {
  return {
    exchanged({ exchange, peer, operation, direction, outcome, durationMs, receipts, error }) {
      const row = outcome in errorTable ? errorTable[outcome as keyof typeof errorTable] : undefined
      log[row?.log ?? 'info'](
        {
          exchange_id: exchange,
          peer,
          operation,
          direction,
          outcome,
          duration_ms: durationMs,
          receipt: summary(receipts),
          ...reason(error),
        },
        'exchange',
      )
    },
    attempted({ outcome, retryInMs, attempt, error, ...line }) {
      const level = outcome === 'accepted' ? 'info' : 'warn'
      log[level]({ ...line, outcome, attempt, retry_in_ms: retryInMs, ...reason(error) }, 'delivery')
    },
    alarm(alarm, { error, ...about }) {
      log.error({ alarm, ...about, ...reason(error) }, 'alarm')
    },
  }
}

function summary(receipts: readonly Receipt[]): Record<string, number> | undefined {
  const counts: Record<string, number> = {}
  for (const { entries } of receipts) for (const { verb, count } of entries) counts[verb] = (counts[verb] ?? 0) + count
  return Object.keys(counts).length > 0 ? counts : undefined
}

/** What to tell the operator about an error: its own sentence, and the deepest cause, which a partner never sees. */
export function reason(error: unknown): { error?: string; cause?: string } {
  if (error === undefined) return {}
  const text = error instanceof Error ? error.message : String(error)
  const cause = error instanceof Error ? deepest(error.cause) : undefined
  const internal = error instanceof GatewayError && error.kind === 'internal' && error.cause instanceof Error
  return {
    error: text,
    ...(cause === undefined ? {} : { cause: internal ? ((error.cause as Error).stack ?? cause) : cause }),
  }
}

function deepest(cause: unknown): string | undefined {
  if (cause === undefined) return undefined
  if (!(cause instanceof Error)) return String(cause)
  // A parser's words may quote a partner's document: enough to find the fault, not to fill a disk.
  return deepest(cause.cause) ?? cause.message.slice(0, 300)
}
