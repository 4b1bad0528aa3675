/** Opens what deliveries of every kind share: the queues of events, the schedules, and the circuits of peers that do not answer. */
import { randomUUID } from 'node:crypto'
import { Breakers } from '../exchange/breaker.ts'
import { Events } from '../exchange/event-queue.ts'
import type { EventKind } from '../exchange/events.ts'
import { Forecasts, type ForecastsOptions } from '../exchange/forecasts.ts'
import type { Observer } from '../exchange/observer.ts'
import type { Receiver } from '../exchange/receivers.ts'
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

/** `watch` sees each forecast as it is stored; `names` learns what forecasts are called by those they come from. */
export function openForecasts(
  ground: Ground,
  events: Events,
  receiver: Receiver,
  { watch, names, memory }: Pick<ForecastsOptions, 'watch' | 'names' | 'memory'>,
): Forecasts {
  const { config, ledger, links, observer, breakers, now, random } = ground
  const { timeout: attempt, firstRetry, longestRetry } = config.delivery
  const times = { attempt, firstRetry, longestRetry }
  return new Forecasts({
    ledger,
    receiver,
    ...(names ? { names } : {}),
    ...(watch ? { watch } : {}),
    memory,
    links,
    observer,
    times,
    breakers,
    bury: (peer, dead) => events.bury(peer, dead),
    now,
    random,
    newId: randomUUID,
  })
}
