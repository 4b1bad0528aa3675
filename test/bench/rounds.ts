/** Contestants measured in turns: each round gives every one a short turn, so that what else the machine does meets them alike. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { load } from './load.ts'
import { cpuMicros } from './machine.ts'
import { expected } from './messages.ts'
import type { Sink } from './sink.ts'

export interface Server {
  readonly port: number
  readonly pid: number
  /** What it shows the sink, if it calls it. */
  readonly token?: string
}

/** What is sent to whom, and what each round measured. */
export interface Row {
  readonly title: string
  readonly server: Server
  readonly next: () => Buffer
  /** Must occur in every answer. */
  readonly expect: 'currentTime>' | 'status>Accepted<'
  /** How many forecasts must arrive of each answer. */
  readonly arrive: number
  /** Blocks of a forecast that arrives. */
  readonly quarters?: number
  readonly measured: { readonly rate: number; readonly cpu: number; readonly busy: number }[]
}

export const row = (title: string, server: Server, next: () => Buffer, more: Partial<Row> = {}): Row => ({
  title,
  server,
  next,
  expect: 'status>Accepted<',
  arrive: 0,
  measured: [],
  ...more,
})

const connections = 32
export const turnMs = 1_000

const turn = (
  { server, next, expect }: Row,
  { forMs = turnMs, atMost = 50_000, connections: parallel = connections } = {},
) => load({ port: server.port, next, expect, connections: parallel, forMs, atMost })

/** Waits for the first right answer, 15 seconds at most, then sends enough for a compiler to settle. */
const warmUp = async (each: Row, forMs: number): Promise<void> => {
  for (const deadline = Date.now() + 15_000; ; await sleep(50)) {
    const failure = await turn(each, { atMost: 1, connections: 1 }).then(() => undefined, String)
    if (failure === undefined) break
    if (Date.now() > deadline) throw new Error(`${each.title}: ${failure}`)
  }
  await turn(each, { forMs, atMost: 4_000 })
}

export interface Rounds {
  readonly rounds: number
  readonly sink: Sink
  readonly warm?: boolean
  readonly turn?: { readonly forMs?: number; readonly atMost?: number; readonly connections?: number }
}

export const measure = async (rows: readonly Row[], { rounds, sink, warm = true, turn: kind = {} }: Rounds) => {
  const warmed = new Set<number>()
  for (const each of warm ? rows : []) {
    await warmUp(each, warmed.has(each.server.pid) ? 1_000 : 10_000)
    warmed.add(each.server.pid)
  }
  for (let round = 0; round < rounds; round++)
    for (const each of rows) {
      const heard = each.server.token === undefined ? 0 : sink.heard(each.server.token).right
      const before = cpuMicros(each.server.pid)
      const { answers, ms } = await turn(each, kind)
      const cpu = cpuMicros(each.server.pid) - before
      // Where the machine does not tell CPU time, a turn is reckoned to have filled its core.
      const spent = Number.isNaN(cpu) ? ms * 1000 : cpu
      each.measured.push({ rate: (answers / ms) * 1000, cpu: spent / answers, busy: spent / ms / 10 })
      checkArrivals(each, heard, answers, sink)
    }
}

/**
 * What a gateway accepted has arrived, and says what it must. Of what is under way at a time, and of a hundred one, may come
 * later, again, or joined with the next: a machine that is busy elsewhere makes deadlines pass, and then it is at least once.
 */
const checkArrivals = (each: Row, before: number, answers: number, sink: Sink): void => {
  if (each.server.token === undefined) return
  const { right, wrong, last } = sink.heard(each.server.token)
  const [due, came] = [each.arrive * answers, right - before]
  const isComplete = Math.abs(came - due) <= connections + Math.ceil(due / 100)
  assert(isComplete && wrong === 0, `${each.title}: of ${due} forecasts arrived ${came}, and ${wrong} wrong ones`)
  if (due > 0) assert.deepEqual(last, expected(last!.group_id, each.quarters))
}

export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

export const spreadOf = (numbers: readonly number[]): Spread => {
  const sorted = numbers.toSorted((a, b) => a - b)
  return { median: sorted[Math.floor(sorted.length / 2)]!, least: sorted[0]!, most: sorted.at(-1)! }
}

/** How many times cheaper `one` is than `other`, in CPU per request within each round. */
export const timesCheaper = (one: Row, other: Row): Spread =>
  spreadOf(one.measured.map(({ cpu }, round) => other.measured[round]!.cpu / cpu))

export const cpuOf = (each: Row): Spread => spreadOf(each.measured.map(({ cpu }) => cpu))
