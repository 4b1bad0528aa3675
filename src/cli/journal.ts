/**
 * `oscp-gateway journal`: what the parties exchanged lately, found by any id; `journal show`: one exchange and what followed.
 * Limits: the last entries of each party, as far as the configuration keeps them; never what a message said.
 */
import { readJournal } from '../app/journal.ts'
import { loadConfig } from '../config.ts'
import type { Journal, JournalEntry } from '../exchange/journal.ts'
import { trailOf } from '../exchange/journal-trail.ts'
import { exitCodes } from './exit.ts'
import { printTable } from './table.ts'
import { withState } from './with-state.ts'

export interface JournalOptions {
  readonly config?: string
  readonly peer?: string
  readonly exchange?: string
  readonly request?: string
  readonly correlation?: string
  readonly messageId?: string
  readonly group?: string
  readonly outcome?: string
  readonly since?: string
  readonly limit: string
  readonly json?: boolean
}

const inMemory =
  'State is in memory: the journal lives in the running gateway, so there is nothing to look at from here.'

export async function journal(options: JournalOptions): Promise<number> {
  const limit = /^[1-9]\d{0,4}$/.test(options.limit) ? Number(options.limit) : undefined
  if (limit === undefined) return usage(`--limit ${options.limit}: give a number from 1 to 99999`)
  const since = options.since === undefined ? undefined : instantOf(options.since)
  if (Number.isNaN(since))
    return usage(`--since ${options.since}: give an instant, or a time back such as 90m, 24h or 7d`)
  return read(options.config, async (found) => {
    const { peer, exchange, request, correlation, messageId, group, outcome } = options
    const query = { peer, exchange, request, correlation, messageId, group, outcome, since, limit }
    const { entries, next } = await found.find(query)
    if (options.json) for (const entry of entries) console.log(JSON.stringify(entry))
    else print(entries)
    if (next !== undefined) console.error(`There are older entries: narrow it down, or raise --limit ${limit}.`)
    return exitCodes.ok
  })
}

export function showExchange(file: string | undefined, exchange: string, json: boolean): Promise<number> {
  return read(file, async (found) => {
    const trail = await trailOf(found, exchange)
    if (trail.length === 0) {
      console.error(`The journal knows no exchange ${exchange}: the id is another, or it is too long ago.`)
      return exitCodes.data
    }
    if (json) for (const entry of trail) console.log(JSON.stringify(entry))
    else for (const entry of trail) describe(entry)
    return exitCodes.ok
  })
}

/** Exit code 69 when the state cannot be had. */
async function read(file: string | undefined, work: (journal: Journal) => Promise<number>): Promise<number> {
  return withState(async () => readJournal(loadConfig(undefined, file)), inMemory, work)
}

function print(entries: readonly JournalEntry[]): void {
  const heads = ['TIME', 'WAY', 'PARTY', 'MESSAGE', 'GROUPS', 'OUTCOME', 'STATUS', 'MS', 'EXCHANGE', 'REMARKS']
  printTable([heads, ...entries.map(rowOf)])
}

function rowOf(entry: JournalEntry): string[] {
  const {
    at,
    way,
    peer = '(unknown)',
    message,
    groups,
    outcome,
    status,
    durationMs,
    exchange,
    from = [],
    error,
  } = entry
  const [first, ...others] = groups
  const about = first === undefined ? '-' : first + (others.length > 0 ? ` +${others.length}` : '')
  const attempt = entry.attempt !== undefined && entry.attempt > 1 ? `attempt ${entry.attempt}` : ''
  const remarks = [attempt, error ?? ''].filter((remark) => remark !== '').join('; ')
  const figures = [status, durationMs].map((figure) => (figure === undefined ? '-' : String(figure)))
  return [timeOf(at), way, peer, message ?? '-', about, outcome, ...figures, exchange ?? from.at(-1) ?? '-', remarks]
}

/** All that is known of one entry, a line for each thing. */
function describe(entry: JournalEntry): void {
  const { at, way, peer = '(unknown)', message = '(no message)', outcome, status, durationMs, receipt } = entry
  const arrow = way === 'in' ? `from ${peer}` : `to ${peer}`
  const answer = status === undefined ? outcome : `${outcome} (${status})`
  console.log(
    `${timeOf(at)}  ${message} ${arrow}: ${answer}${durationMs === undefined ? '' : ` after ${durationMs} ms`}`,
  )
  const facts: Record<string, string | number | undefined> = {
    exchange: entry.exchange,
    from: entry.from?.join(', '),
    link: entry.link,
    groups: entry.groups.join(', '),
    'request id': entry.request,
    'correlation id': entry.correlation,
    MessageID: entry.messageId,
    RelatesTo: entry.relatesTo,
    attempt: entry.attempt,
    version: entry.version,
    'tried again in': entry.retryInMs === undefined ? undefined : `${entry.retryInMs} ms`,
    mappings: entry.mapping,
    error: entry.error,
    receipt: receipt?.fidelity,
  }
  for (const [name, fact] of Object.entries(facts))
    if (fact !== undefined && fact !== '') console.log(`    ${name}: ${fact}`)
  for (const { verb, path, reason: why, fidelity, count } of receipt?.entries ?? [])
    console.log(`      ${verb} ${path || 'the message'}${count > 1 ? ` × ${count}` : ''} (${fidelity}): ${why}`)
}

/** `90m` is that long ago; anything else is an instant as ISO 8601 writes it. NaN for neither. */
function instantOf(text: string): number {
  const [, count, unit] = /^(\d{1,5})([smhd])$/.exec(text) ?? []
  if (count === undefined) return /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  return Date.now() - Number(count) * { s: 1000, m: 60_000, h: 3600_000, d: 24 * 3600_000 }[unit as 'd']
}

function timeOf(at: number): string {
  return new Date(at).toISOString()
}

async function usage(sentence: string): Promise<number> {
  console.error(sentence)
  return exitCodes.usage
}
