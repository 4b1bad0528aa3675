/** A process of its own that sends a peer's events from Redis to a sink over HTTP, to be killed: `redis sink peer name`. */

import type { PeerId } from '../../src/exchange/ids.ts'
import { connectRedis } from '../../src/state/redis/client.ts'
import { RedisLedger } from '../../src/state/redis/ledger.ts'
import { startReplica } from './queue.ts'

const [redis, sink, peer, name] = process.argv.slice(2) as [string, string, string, string]
const ledger = new RedisLedger(connectRedis({ url: redis }, () => undefined))
startReplica({
  ledger,
  peer: peer as PeerId,
  sent: [],
  name,
  times: { attempt: 700, leaseMargin: 300 },
  answer: async ({ name: event }) => {
    const { ok } = await fetch(`${sink}/${event}`, { method: 'POST' })
    return ok ? { verdict: 'done' } : { verdict: 'later', sentence: 'no' }
  },
})
process.send?.('started')
