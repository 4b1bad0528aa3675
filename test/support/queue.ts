/** A peer's queue of events for one test: who sends is a stub of nothing but the peer's answers, and what it was sent is kept. */
import { Agenda } from '../../src/exchange/agenda.ts'
import { Events, type EventsOptions } from '../../src/exchange/event-queue.ts'
import type { Event, EventOutcome } from '../../src/exchange/events.ts'
import type { ExchangeId, LinkId, PeerId, RequestId } from '../../src/exchange/ids.ts'
import type { Ledger } from '../../src/exchange/ledger.ts'
import type { DeliveryLine } from '../../src/exchange/observer.ts'

export interface Attempt {
  readonly peer: PeerId
  readonly name: string
  readonly attempt: number
  /** Which of the replicas made it. */
  readonly by: string
}

export interface Replica {
  readonly events: Events
  readonly attempts: DeliveryLine[]
  readonly alarms: string[]
  stop(): Promise<void>
  /** Looks for no work any more, and waits for none that it has. */
  abandon(): Promise<void>
}

export type Answer = (sent: Attempt) => EventOutcome | Promise<EventOutcome>

export interface ReplicaOptions {
  readonly ledger: Ledger
  readonly peer: PeerId
  /** What was sent by whom, in order; replicas share one. */
  readonly sent: Attempt[]
  readonly answer?: Answer
  readonly name?: string
  readonly now?: () => number
  readonly options?: Partial<Omit<EventsOptions, 'times'>>
  readonly times?: Partial<EventsOptions['times']>
}

/** One process's share of the work: its queue and its agenda. */
export function startReplica(given: ReplicaOptions): Replica {
  const { ledger, peer, sent, name = 'one', now = Date.now, options, times } = given
  const answer: Answer = given.answer ?? (() => ({ verdict: 'done' }))
  const attempts: DeliveryLine[] = []
  const alarms: string[] = []
  const observer = {
    exchanged: () => undefined,
    attempted: (line: DeliveryLine) => void attempts.push(line),
    alarm: (alarm: string) => void alarms.push(alarm),
  }
  let ids = 0
  const send = async (to: PeerId, event: Event, attempt: number) => {
    const one = { peer: to, name: event.value.name as string, attempt, by: name }
    sent.push(one)
    return answer(one)
  }
  const events = new Events({
    ledger,
    observer,
    kinds: new Map([['usage', { send }]]),
    times: { attempt: 300, leaseMargin: 200, firstRetry: 2, longestRetry: 20, giveUpAfter: 3600_000, ...times },
    limit: 100,
    dead: { keepFor: 3600_000, limit: 100 },
    now,
    newId: () => `${name}-${++ids}`,
    random: () => 0.5,
    ...options,
  })
  const agenda = new Agenda({
    ledger,
    observer,
    workers: new Map([['queue', events]]),
    peers: () => [peer],
    every: 10,
    perPeer: 4,
  })
  agenda.start()
  return {
    events,
    attempts,
    alarms,
    abandon: () => agenda.stop(),
    async stop() {
      events.drain()
      await agenda.stop()
      await events.settled()
    },
  }
}

export function usage(name: string, more: Partial<Event> = {}): Event {
  return {
    kind: 'usage',
    link: 'north' as LinkId,
    group: '007',
    value: { name },
    request: `request-${name}` as RequestId,
    exchange: `exchange-${name}` as ExchangeId,
    at: Date.now(),
    ...more,
  }
}

/** An answer that comes when the test says so. */
export function held(): { readonly answer: Promise<EventOutcome>; readonly give: (outcome: EventOutcome) => void } {
  let give: (outcome: EventOutcome) => void = () => undefined
  const answer = new Promise<EventOutcome>((resolve) => {
    give = resolve
  })
  return { answer, give }
}

export const names = (sent: readonly Attempt[]): string[] => sent.map(({ name }) => name)
