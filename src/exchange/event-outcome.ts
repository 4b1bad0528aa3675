/** What follows from one attempt to send the first event of a queue: pure, so that every outcome can be tested. */
import type { EventsOptions } from './event-queue.ts'
import type { Event, EventOutcome } from './events.ts'
import type { Change } from './ledger.ts'
import { buried, eventId, movedOn, type Queue } from './queue-record.ts'
import { retryPause } from './retry.ts'

export type Final = EventOutcome | OutOfTime | NotNow

/** Not the peer's word, but the time has come for the event; `wasTried` when an attempt failed just now. */
interface OutOfTime {
  readonly verdict: 'dead'
  readonly reason: string
  readonly wasTried: boolean
  readonly also?: readonly Change[]
  /** Of the answer to the last attempt. */
  readonly status?: number | undefined
}

/** The peer is being spared: no attempt was made. */
interface NotNow {
  readonly verdict: 'not now'
  readonly inMs: number
}

export interface After {
  readonly queue: Queue
  readonly changes: readonly Change[]
  /** Milliseconds until the next attempt, when it has to wait. */
  readonly pause?: number
  readonly forgotten?: string | undefined
}

type Rules = Pick<EventsOptions, 'times' | 'dead' | 'now' | 'random'>

/** In milliseconds. */
const longestRetryAfter = 3600_000

export function outOfTime(reason: string, wasTried: boolean, status?: number): OutOfTime {
  return { verdict: 'dead', reason, wasTried, status }
}

export function notNow(inMs: number): NotNow {
  return { verdict: 'not now', inMs }
}

/** An event that failed and is too old is given up. */
export function judged(event: Event, outcome: Final, { now, times }: Rules): Final {
  if (outcome.verdict !== 'later' || now() - event.at < times.giveUpAfter) return outcome
  const hours = Math.round(times.giveUpAfter / 3600_000)
  return outOfTime(`Not delivered within ${hours} hours. ${outcome.sentence}`, true, outcome.status)
}

/** The queue after an outcome, and what else changes with it. A missing event is passed over. */
export function queueAfter(queue: Queue, event: Event | undefined, outcome: Final | undefined, rules: Rules): After {
  const { times, random, now, dead: limits } = rules
  if (outcome?.verdict === 'not now') return { queue, changes: [], pause: outcome.inMs }
  if (outcome?.verdict === 'later') {
    const pause = retryPause({ ...times, longestRetryAfter }, queue.attempts, outcome.retryAfterMs, random())
    return { queue: { ...queue, attempts: queue.attempts + 1 }, changes: [], pause }
  }
  const remove: Change = { id: eventId(queue.first), revision: 1, remove: true }
  const changes = [remove, ...(outcome?.also ?? [])]
  if (!event || outcome?.verdict !== 'dead') return { queue: movedOn(queue), changes }
  const { kind, link, group, exchange } = event
  const attempts = 'wasTried' in outcome && !outcome.wasTried ? queue.attempts : queue.attempts + 1
  const entry = { kind, link, group, exchange, reason: outcome.reason, at: now(), attempts, event }
  const grave = buried(movedOn(queue), entry, limits)
  return { queue: grave.queue, changes: [...changes, ...grave.changes], forgotten: grave.forgotten }
}
