/**
 * Delivers forecasts that the state cannot take down: refusing a limit would be less safe than applying it.
 * Limits: of one group one at a time, in the order they came, as far as this process knows; a failed one is not repeated.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { GatewayError } from '../errors.ts'
import type { Value } from '../mapping/compile.ts'
import { groupOf, typeOf } from './forecast-key.ts'
import type { Origin } from './forecast-record.ts'
import type { ForecastsOptions } from './forecasts.ts'
import type { RequestId } from './ids.ts'
import type { LedgerKey } from './ledger.ts'
import type { Link } from './peers.ts'
import type { ProcessMemory } from './process-memory.ts'
import { type Block, blocksOf, endOf } from './schedule.ts'
import type { Verdict } from './waiting.ts'

/** One forecast, and why it could not be stored. */
export interface Unstored {
  readonly link: Link
  readonly key: LedgerKey
  readonly forecast: Value
  /** Milliseconds since 1970. */
  readonly deadline: number
  readonly error: GatewayError
  readonly origin: Origin | undefined
}

export class DirectDelivery {
  private readonly options: ForecastsOptions
  private readonly memory: ProcessMemory

  constructor(options: ForecastsOptions, memory: ProcessMemory) {
    this.options = options
    this.memory = memory
  }

  /** The last forecast of a record that is being sent without the state; whatever is newer must not overtake it. */
  underWay(key: LedgerKey): Promise<unknown> | undefined {
    return this.memory.direct.get(nameOf(key))
  }

  /** Once `before` has ended; throws the error for which it was not stored when it does not arrive by its deadline either. */
  async deliver(unstored: Unstored, before: Promise<unknown> | undefined): Promise<Verdict> {
    const name = nameOf(unstored.key)
    const work = this.inTurn(unstored, [before, this.memory.direct.get(name)])
    const flight = work.catch(() => undefined)
    this.memory.direct.set(name, flight)
    try {
      return await work
    } finally {
      if (this.memory.direct.get(name) === flight) this.memory.direct.delete(name)
    }
  }

  private async inTurn(unstored: Unstored, before: readonly unknown[]): Promise<Verdict> {
    const { now } = this.options
    const { forecast, deadline, error } = unstored
    const blocks = blocksOf(forecast)
    if (endOf(blocks) <= now()) return { verdict: 'expired' }
    // An older one that is still on its way must not arrive after this one.
    if (!(await endWithin(before, deadline - now()))) throw error
    return this.send(unstored, blocks)
  }

  private async send({ link, key, deadline, error, origin }: Unstored, blocks: readonly Block[]): Promise<Verdict> {
    const { receiver, observer, newId, now } = this.options
    const about = { group: groupOf(key), type: typeOf(key) }
    const delivery = { version: 0, request: newId() as RequestId, blocks, attempts: 0, cause: origin }
    const outcome = await receiver.send(link, about, delivery, Math.max(1, deadline - now()))
    if (outcome.verdict === 'unavailable') throw error
    if (outcome.verdict === 'refused') return { verdict: 'refused', sentence: outcome.sentence }
    this.memory.unrecorded.add(key, link, blocks, now())
    observer.alarm('delivered but not recorded', { peer: key.peer, link: link.id, group: about.group, error })
    return { verdict: 'accepted' }
  }
}

async function endWithin(work: readonly unknown[], ms: number): Promise<boolean> {
  const stop = new AbortController()
  const late = delay(Math.max(0, ms), false, { signal: stop.signal, ref: false }).catch(() => false)
  const ended = await Promise.race([Promise.all(work).then(() => true), late])
  stop.abort()
  return ended
}

function nameOf({ peer, id }: LedgerKey): string {
  return `${peer} ${id}`
}
