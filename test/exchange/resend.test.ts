/** A peer that was away may have forgotten what it held: it gets all of it again, fallbacks first. */
import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { Agenda } from '../../src/exchange/agenda.ts'
import { Forecasts } from '../../src/exchange/forecasts.ts'
import type { LinkId, PeerId } from '../../src/exchange/ids.ts'
import type { Ledger } from '../../src/exchange/ledger.ts'
import { type Link, Links, type ModernWire } from '../../src/exchange/peers.ts'
import { flexibilityProviders } from '../../src/exchange/receivers.ts'
import { forecastOf } from '../../src/exchange/schedule.ts'
import { MemoryLedger } from '../../src/state/memory/ledger.ts'
import { connectRedis } from '../../src/state/redis/client.ts'
import { RedisLedger } from '../../src/state/redis/ledger.ts'
import { eventually } from '../support/gateway.ts'
import { startRedis } from '../support/redis.ts'

const observer = { exchanged: () => undefined, attempted: () => undefined, alarm: () => undefined }
const hour = 3600_000

const stores: Record<string, () => Promise<{ ledger: Ledger; stop: () => Promise<unknown> }>> = {
  memory: async () => ({ ledger: new MemoryLedger(Date.now), stop: async () => undefined }),
  Redis: async () => {
    const redis = await startRedis()
    const ledger = new RedisLedger(connectRedis({ url: redis.url }, () => undefined))
    await eventually('Redis is ready', () => ledger.isReady())
    return { ledger, stop: () => ledger.close().then(() => redis.stop()) }
  },
}

for (const [name, open] of Object.entries(stores))
  describe(`A peer that comes back, on ${name} state,`, () => {
    it('gets all it should hold again, fallbacks first, and nothing that has ended', async () => {
      const { ledger, stop } = await open()
      const sent: { type: unknown; group: unknown; blocks: number }[] = []
      const wire: ModernWire = {
        async send(_peer, _message, value) {
          sent.push({ type: value.type, group: value.group_id, blocks: (value.forecasted_blocks as unknown[]).length })
          return { verdict: 'accepted' }
        },
      }
      const modern = { id: 'cpo' as PeerId, role: 'fp', url: '', token: '' } as const
      const link = { id: 'link' as LinkId, modern, answerWithin: 2000 } as unknown as Link
      const links = new Links([link])
      const times = { attempt: 1000, firstRetry: 10, longestRetry: 10 }
      const forecasts = new Forecasts({
        ledger,
        receiver: flexibilityProviders(wire),
        links,
        observer,
        times,
        now: Date.now,
        newId: randomUUID,
        random: () => 0,
      })
      const workers = new Map([['forecast', forecasts]])
      const agenda = new Agenda({ ledger, observer, workers, peers: () => [modern.id], every: 10, perPeer: 4 })
      agenda.start()
      try {
        const now = Date.now()
        const block = (from: number, to: number) => ({
          start: now + from * hour,
          end: now + to * hour,
          capacity: 1,
          unit: 'KW',
          phase: 'ALL',
        })
        const say = (group: string, type: string, ...blocks: ReturnType<typeof block>[]) =>
          forecasts.accept(link, forecastOf(group, type, blocks), {}, Date.now() + 2000)
        await say('g/1', 'CONSUMPTION', block(-1, 1), block(1, 2))
        await say('g/1', 'FALLBACK_CONSUMPTION', block(-1, 9))
        await say('g2', 'CONSUMPTION', { ...block(0, 0), start: now - hour, end: now + 30 })
        sent.length = 0
        await new Promise((resolve) => setTimeout(resolve, 50)) // the limit of g2 has ended by now
        await forecasts.resend(modern.id)
        await eventually('both are there', () => sent.length >= 2)
        expect(sent).to.deep.equal([
          { type: 'FALLBACK_CONSUMPTION', group: 'g/1', blocks: 1 },
          { type: 'CONSUMPTION', group: 'g/1', blocks: 2 },
        ])
        await eventually('nothing is owed', async () => (await ledger.claim(modern.id, 9, 1)).length === 0)
      } finally {
        await agenda.stop()
        await forecasts.settled()
        await stop()
      }
    })
  })
