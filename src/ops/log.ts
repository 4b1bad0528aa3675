/**
 * The gateway's log: JSON lines, one per exchange and one per delivery attempt; never a body, a token or a stack of a partner.
 * This is the one file that imports pino.
 */
import { pino } from 'pino'
import { errorTable, GatewayError } from '../errors.ts'
import type { LinkId } from '../exchange/ids.ts'
import type { Observer } from '../exchange/observer.ts'
import type { Fidelity } from '../mapping/rules.ts'
import { type Receipt, worst } from '../mapping/run.ts'

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

const mostExchanges = 20
const longestId = 200

/**
 * The exchange's observer that writes to this log. Which groups a message is about is in the journal: here are no values of a
 * partner's but its ids of messages. `mappingOf` gives the hash of the mappings of a link.
 */
export function logObserver(log: Log, mappingOf: (link: LinkId) => string | undefined = () => undefined): Observer {
  const mapping = (link: LinkId | undefined) => (link === undefined ? undefined : mappingOf(link))
  return {
    exchanged(line) {
      const { exchange, peer, link, operation, direction, outcome, durationMs, receipts, error } = line
      const row = outcome in errorTable ? errorTable[outcome as keyof typeof errorTable] : undefined
      log[row?.log ?? 'info'](
        {
          exchange_id: exchange,
          peer,
          link,
          operation,
          direction,
          request_id: cut(line.request ?? line.messageId),
          correlation_id: cut(line.correlation ?? line.relatesTo),
          outcome,
          duration_ms: durationMs,
          mapping: mapping(link),
          receipt: summary(receipts),
          ...reason(error),
        },
        'exchange',
      )
    },
    attempted(line) {
      const { peer, link, message, direction, group, version, request, outcome, attempt, error } = line
      log[outcome === 'accepted' ? 'info' : 'warn'](
        {
          exchange_ids: some(line.exchanges),
          peer,
          link,
          operation: message ?? 'UpdateGroupCapacityForecast',
          direction: direction ?? 'toModern',
          group,
          version,
          request_id: request,
          outcome,
          status: line.status,
          attempt,
          duration_ms: line.durationMs,
          retry_in_ms: line.retryInMs,
          mapping: mapping(link),
          receipt: summary(line.receipts ?? []),
          sentence: line.sentence,
          ...reason(error),
        },
        'delivery',
      )
    },
    alarm(alarm, { error, ...about }) {
      log.error({ alarm, ...about, ...reason(error) }, 'alarm')
    },
  }
}

function some(list: readonly string[] | undefined): readonly string[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list.slice(-mostExchanges)
}

/** What a partner chose must not fill a disk. */
function cut(text: string | undefined): string | undefined {
  return text?.slice(0, longestId)
}

function summary(receipts: readonly Receipt[]): Record<string, string | number> | undefined {
  if (receipts.length === 0) return undefined
  const counts: Record<string, number> = {}
  let fidelity: Fidelity = 'exact'
  for (const receipt of receipts) {
    fidelity = worst(fidelity, receipt.fidelity)
    for (const { verb, count } of receipt.entries) counts[verb] = (counts[verb] ?? 0) + count
  }
  return { fidelity, ...counts }
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
