/**
 * Who receives the schedules of a link, and how one attempt hands a schedule over: the same desired state, whatever the wire.
 * Limits: a receiver makes one attempt and remembers nothing; repeating is the caller's.
 */
import { carriedBy, type Delivery, type ForecastRecord } from './forecast-record.ts'
import type { PeerId } from './ids.ts'
import type { DeliveryLine } from './observer.ts'
import type { Link, ModernWire, Outcome } from './peers.ts'
import { forecastOf } from './schedule.ts'

export const messageName = 'UpdateGroupCapacityForecast'

export interface Receiver {
  /** A newer forecast replaces only what was said of its own phases. */
  readonly perPhase?: boolean
  /** What a schedule is on its wire, for those who follow messages. */
  describe(link: Link): Pick<DeliveryLine, 'message' | 'direction'>
  /** The party that gets this link's schedules; their records live with it. */
  peerOf(link: Link): PeerId
  /** One attempt, over within this many milliseconds. Never rejects. */
  send(
    link: Link,
    about: Pick<ForecastRecord, 'group' | 'type' | 'from'>,
    delivery: Delivery,
    withinMs: number,
  ): Promise<Outcome>
}

/** Each link by the role of its legacy party: a DSO's limits go to the modern side, everybody else's to the operator. */
export function byRole(up: Receiver, down: Receiver): Receiver {
  const of = ({ legacy }: Link) => (legacy.role === 'dso' ? up : down)
  return {
    describe: (link) => of(link).describe(link),
    peerOf: (link) => of(link).peerOf(link),
    send: (link, about, delivery, withinMs) => of(link).send(link, about, delivery, withinMs),
  }
}

/** Flexibility providers, who get a DSO's limits as UpdateGroupCapacityForecast. */
export function flexibilityProviders(wire: ModernWire): Receiver {
  return {
    describe: () => ({}),
    peerOf: ({ modern }) => modern.id,
    send: ({ modern }, { group, type, from }, delivery, withinMs) => {
      const { blocks, request, cause } = delivery
      const correlation = cause?.correlation === undefined ? {} : { correlation: cause.correlation }
      const ids = { request, ...correlation, exchanges: carriedBy({ from, delivery }) }
      return wire.send(modern, messageName, forecastOf(group, type, blocks), ids, withinMs)
    },
  }
}
