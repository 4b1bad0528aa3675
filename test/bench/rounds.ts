/** Contestants measured in turns: each round gives every one a short turn, so that what else the machine does meets them alike. */
import { setTimeout as sleep } from 'node:timers/promises'
import { allArrived } from './arrivals.ts'
import { load } from './load.ts'
import { cpuMicros } from './machine.ts'
import type { Forecasts } from './messages.ts'
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
  /** Whose messages these are, if they must arrive at the sink. */
  readonly forecasts?: Forecasts
  /** Blocks of a forecast that arrives. */
  readonly quarters?: number
  readonly measured: { readonly rate: number; readonly cpu: number; readonly busy: number }[]
}

export const row = (title: string, server: Server, next: () => Buffer, more: Partial<Row> = {}): Row => ({
  title,
  server,
  next,
  expect: 'status>Accepted<',
  measured: [],
  ...more,
})

const connections = 32
export const turnMs = 1_000

const turn = (
  { server, next, expect }: Row,
  { forMs = turnMs, atMost = 50_000, connections: parallel = connections }: Turn,
) => load({ port: server.port, next, expect, connections: parallel, forMs, atMost })

/** Waits for the first right answer, 15 seconds at most, then sends enough for a compiler to settle. */
const warmUp = async (each: Row, forMs: number, kind: Turn): Promise<void> => {
  for (const deadline = Date.now() + 15_000; ; await sleep(50)) {
    const failure = await turn(each, { atMost: 1, connections: 1 }).then(() => undefined, String)
    if (failure === undefined) break
    if (Date.now() > deadline) throw new Error(`${each.title}: ${failure}`)
  }
  await turn(each, { ...kind, forMs, atMost: 20_000 })
}

export interface Rounds {
  readonly rounds: number
  readonly sink: Sink
  /** How long a compiler is given to settle at most, in milliseconds; 0 for not at all. */
  readonly warmMs?: number
  readonly turn?: Turn
}

interface Turn {
  readonly forMs?: number
  readonly atMost?: number
  readonly connections?: number
}

export const measure = async (rows: readonly Row[], { rounds, sink, warmMs = 10_000, turn: kind = {} }: Rounds) => {
  const warmed = new Set<number>()
  for (const each of warmMs > 0 ? rows : []) {
    await warmUp(each, warmed.has(each.server.pid) ? 1_000 : warmMs, kind)
    await arrivals(each, sink)
    warmed.add(each.server.pid)
  }
  for (let round = 0; round < rounds; round++)
    for (const each of rows) {
      const [before, began] = [cpuMicros(each.server.pid), performance.now()]
      const { answers, ms } = await turn(each, kind)
      // What is still to be sent belongs to these messages.
      await arrivals(each, sink)
      const [cpu, lasted] = [cpuMicros(each.server.pid) - before, performance.now() - began]
      // Where the machine does not tell CPU time, a turn is reckoned to have filled its core.
      const spent = Number.isNaN(cpu) ? lasted * 1000 : cpu
      each.measured.push({ rate: (answers / ms) * 1000, cpu: spent / answers, busy: spent / lasted / 10 })
    }
}

const arrivals = async ({ title, server: { token }, forecasts, quarters }: Row, sink: Sink): Promise<void> => {
  if (token !== undefined && forecasts) await allArrived(title, { forecasts, token, quarters }, sink)
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
