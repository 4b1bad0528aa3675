/**
 * What a gateway accepted must arrive: the newest forecast of every cable, and nothing else than was sent. Of an older one it is
 * known only that it arrived, or that a newer one of its cable came first; it may come again, for delivery is at least once.
 * Limits: no two messages of a cable may be under way at a time, for then nobody knows which is the newer.
 */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { expected, type Forecasts } from './messages.ts'
import type { Sink } from './sink.ts'

export interface Arriving {
  readonly forecasts: Pick<Forecasts, 'newest'>
  /** What the gateway shows the sink. */
  readonly token: string
  /** Blocks of each forecast. */
  readonly quarters?: number | undefined
}

const patience = 60_000

/** Waits until the newest of every cable is there, a minute at most; rejects when something is missing then. */
export const allCame = async (title: string, { forecasts, token }: Arriving, sink: Sink) => {
  const heard = sink.heard(token)
  const waiting = [...forecasts.newest]
  for (const deadline = performance.now() + patience; ; await sleep(5)) {
    for (let [next] = waiting.slice(-1); next && heard.newest.get(next[0]) === next[1]; [next] = waiting.slice(-1))
      waiting.pop()
    if (waiting.length === 0) break
    const [cable, number] = waiting.at(-1)!
    const seen = heard.newest.get(cable)
    const missing = `${title}: of ${cable} number ${number} was accepted, and ${seen} came last; up to ${waiting.length} cables lack theirs`
    assert(performance.now() < deadline, missing)
  }
}

/** As `allCame`, and then compares. Rejects also when something wrong came. */
export const allArrived = async (title: string, arriving: Arriving, sink: Sink) => {
  await allCame(title, arriving, sink)
  const { forecasts, token, quarters } = arriving
  const heard = sink.heard(token)
  assert.equal(heard.wrong, 0, `${title}: ${heard.wrong} forecasts that are none, or came after a newer one`)
  if (forecasts.newest.size === 0) return
  const last = sink.last(token)
  assert.deepEqual(last, expected(last.group_id, quarters, forecasts.newest.get(last.group_id)))
}
