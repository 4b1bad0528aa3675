/**
 * Rate limits shared through Redis, with a limiter in this process that counts along and takes over while Redis is away.
 * Limits: without Redis every replica lets the whole rate through. A Redis that hangs is waited for 100 ms once a second.
 */
import type { PeerId } from '../../exchange/ids.ts'
import type { Pace, Rate } from '../../exchange/pace.ts'
import { MemoryPace } from '../memory/pace.ts'
import { defineScript, type RedisClient, redisKey } from './client.ts'

const patience = 100
const pause = 1_000

export class RedisPace implements Pace {
  private readonly own: MemoryPace
  private readonly now: () => number
  private readonly script: (keys: readonly string[], args: readonly number[]) => Promise<number>
  private awayUntil = Number.NEGATIVE_INFINITY

  /** `now` in milliseconds; it must not go back. */
  constructor(client: RedisClient, now: () => number) {
    this.own = new MemoryPace(now)
    this.now = now
    this.script = defineScript<number>(client, 'rate')
  }

  async take(peer: PeerId, rate: Rate): Promise<number> {
    const own = await this.own.take(peer, rate)
    if (this.now() < this.awayUntil) return own
    const interval = 1_000_000 / rate.perSecond
    const counted = this.script([redisKey(peer, 'rate', 'inbound')], [interval, interval * (rate.burst - 1)])
    const shared = await within(patience, counted)
    if (shared !== undefined) return shared
    this.awayUntil = this.now() + pause
    return own
  }
}

/** Undefined when it fails or takes longer. */
async function within(ms: number, call: Promise<number>): Promise<number | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined)
  })
  try {
    return await Promise.race([call, late])
  } catch {
    return undefined
  } finally {
    clearTimeout(timer)
    // It may fail later, when nobody waits any more.
    call.catch(() => undefined)
  }
}
