/** Opens what deliveries of every kind share: the queues of events, and the circuits of peers that do not answer. */
import { randomUUID } from 'node:crypto'
import { Breakers } from '../exchange/breaker.ts'
import { Events } from '../exchange/event-queue.ts'
import type { EventKind } from '../exchange/events.ts'
import type { Observer } from '../exchange/observer.ts'
import type { Ground, PartsOptions } from './parts.ts'

/** After this many failures in a row a peer is spared. */
const failuresInARow = 5

export function openBreakers({ config, log, now, random }: PartsOptions, observer: Observer): Breakers {
  const { timeout, firstRetry, longestRetry } = config.delivery
  return new Breakers({
    threshold: failuresInARow,
    firstPause: firstRetry,
    longestPause: longestRetry,
    lookMs: timeout + 5000,
    now,
    random,
    onChange: ({ peer, state }, before) => {
      log[state === 'open' ? 'warn' : 'info']({ peer, state }, 'circuit')
      if (before === 'closed') observer.alarm('peer spared', { peer })
    },
  })
}

export function openEvents(
  ground: Pick<Ground, 'config' | 'ledger' | 'observer' | 'now' | 'random'> & { readonly breakers?: Breakers },
  kinds: ReadonlyMap<string, EventKind>,
): Events {
  const { config, ledger, observer, breakers, now, random } = ground
  const { timeout: attempt, firstRetry, longestRetry, giveUpAfter, queueLimit: limit } = config.delivery
  const times = { attempt, firstRetry, longestRetry, giveUpAfter }
  const dead = config.deadList
  return new Events({ ledger, observer, kinds, times, limit, dead, breakers, now, random, newId: randomUUID })
}
