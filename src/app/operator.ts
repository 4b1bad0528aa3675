/**
 * Sessions and limits as an operator sees them from outside the running gateway: the same state, read and changed safely beside it.
 * Limits: it calls no peer; what it leaves to be done is done by the gateway.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from '../config.ts'
import { GatewayError } from '../errors.ts'
import { DeadList } from '../exchange/dead-list.ts'
import type { LinkId, PeerId } from '../exchange/ids.ts'
import { type LimitView, type ViewedLink, viewLimits } from '../exchange/limits-view.ts'
import { Sessions } from '../session/sessions.ts'
import { connectRedis } from '../state/redis/client.ts'
import { RedisLedger } from '../state/redis/ledger.ts'
import { openEvents } from './delivery.ts'
import { redisOptions } from './ledger.ts'
import { sessionPeers, vaultOf } from './party.ts'

export interface Operator {
  readonly sessions: Sessions
  readonly peers: readonly PeerId[]
  /** Everybody, of either protocol. */
  readonly parties: readonly PeerId[]
  /** Messages that were given up; what is put back into a queue the gateway sends. */
  readonly dead: DeadList
  /** What is stored of forecasts. Rejects while the state is away. */
  limits(): Promise<LimitView[]>
  close(): Promise<void>
}

/** Undefined when the state is in the gateway's own memory. Throws `state-unavailable` when Redis does not answer in time. */
export async function openOperator(config: Config, withinMs = 5000): Promise<Operator | undefined> {
  if (!config.redis) return undefined
  let problem: Error | undefined
  const ledger = new RedisLedger(
    connectRedis(redisOptions(config.redis), (error) => {
      problem = error
    }),
  )
  for (const end = Date.now() + withinMs; !(await ledger.isReady()); await delay(50))
    if (Date.now() > end) {
      await ledger.close()
      throw new GatewayError('state-unavailable', 'Redis does not answer.', { cause: problem })
    }
  const peers = sessionPeers(config)
  const silent = () => undefined
  const sessions = new Sessions({
    peers,
    ledger,
    vault: vaultOf(config),
    call: async () => ({ verdict: 'unavailable', sentence: 'An operator calls nobody.' }),
    observer: { changed: silent, called: silent, alarm: silent },
    // Never told to a peer from here: only the gateway sends.
    baseUrl: () => '',
    attemptMs: config.delivery.timeout,
    now: Date.now,
    newId: randomUUID,
    random: Math.random,
  })
  const quiet = { exchanged: silent, attempted: silent, alarm: silent }
  const events = openEvents({ config, ledger, observer: quiet, now: Date.now, random: Math.random }, new Map())
  // Only the gateway sends.
  events.drain()
  return {
    sessions,
    peers: peers.map(({ id }) => id),
    parties: Object.keys(config.peers) as PeerId[],
    dead: new DeadList({ ledger, events, now: Date.now }),
    limits: () => viewLimits(ledger, viewedLinks(config), Date.now()),
    close: () => ledger.close(),
  }
}

function viewedLinks({ links, peers }: Config): ViewedLink[] {
  return Object.entries(links).map(([name, { legacy, modern, optimum }]) => {
    const isDown = peers[legacy]!.role === 'csp'
    const receiver = (isDown ? legacy : modern) as PeerId
    return { id: name as LinkId, receiver, gets: isDown ? 'OSCP 1.0' : 'OSCP 2.0', optimum }
  })
}
