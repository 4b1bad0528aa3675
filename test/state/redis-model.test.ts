/**
 * Schedules that three replicas change on one Redis, in any order, also by what they knew too long ago, against a model of one map: what
 * is read is what was written last, whole, and nothing is written over what somebody else wrote.
 */
import { isDeepStrictEqual } from 'node:util'
import { expect } from 'chai'
import {
  alsoTaken,
  emptyRecord,
  type ForecastRecord,
  owedAgain,
  received,
  settledBy,
} from '../../src/exchange/forecast-record.ts'
import type { LinkId, PeerId } from '../../src/exchange/ids.ts'
import type { Change, Stored } from '../../src/exchange/ledger.ts'
import { lasting } from '../../src/exchange/record-text.ts'
import type { Block } from '../../src/exchange/schedule.ts'
import { connectRedis } from '../../src/state/redis/client.ts'
import { RedisLedger } from '../../src/state/redis/ledger.ts'
import { eventually } from '../support/gateway.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { randomFrom } from '../xml/documents.ts'

const peer = 'cpo' as PeerId
const asJson = (value: unknown) => JSON.parse(JSON.stringify(value))

describe('Schedules in Redis', () => {
  let server: RedisServer
  let replicas: RedisLedger[]
  before(async () => {
    server = await startRedis()
    const open = () => new RedisLedger(connectRedis({ url: server.url, commandTimeoutMs: 5000 }, () => undefined))
    replicas = [open(), open(), open()]
    for (const replica of replicas) await eventually('Redis is ready', () => replica.isReady())
  })
  after(async () => {
    for (const replica of replicas) await replica.close()
    await server.stop()
  })

  it('are what was written last, through 4,000 changes by three replicas', async () => {
    const random = randomFrom(20_151_016)
    const below = (most: number) => Math.floor(random() * most)
    let ids = 0
    const moment = { now: 0, newId: () => `id-${++ids}` }
    const blocks = (): Block[] => {
      const from = below(20)
      return Array.from({ length: 1 + below(10) }, (_, i) => {
        const [start, end] = [(from + i) * 1000 + 1, (from + i + 1) * 1000 + 1]
        return { start, end, capacity: below(1000) / 10, unit: 'KW', phase: 'ALL' }
      })
    }
    const changed = (record: ForecastRecord): ForecastRecord => {
      const chance = random()
      if (chance < 0.5 || !record.delivery) return received(record, blocks(), { name: below(9) }, moment)
      if (chance < 0.7) return settledBy(record, { verdict: 'accepted' }, moment)
      if (chance < 0.8) return settledBy(record, { verdict: 'refused', sentence: 'no' }, moment)
      return chance < 0.9 ? owedAgain(record, moment) : alsoTaken(record, blocks(), moment)
    }
    const model = new Map<string, { record: unknown; revision: number }>()
    const old: { id: string; stored: Stored<ForecastRecord> | undefined }[] = []
    const seen = { written: 0, refused: 0, removed: 0 }
    for (let n = 0; n < 4_000; n++) {
      const ledger = replicas[below(3)]!
      const id = random() < 0.15 && old.length > 0 ? old[below(old.length)]!.id : `forecast/${below(4)}`
      const held = model.get(id)
      const fromOld = random() < 0.15 ? old.find((one) => one.id === id) : undefined
      const recalled = random() < 0.3 ? ledger.recall<ForecastRecord>({ peer, id }) : undefined
      const stored = fromOld ? fromOld.stored : (recalled ?? (await ledger.read<ForecastRecord>({ peer, id })))
      if (!fromOld && !recalled) expect(stored && asJson(stored)).to.deep.equal(held)
      if (random() < 0.1) old.unshift({ id, stored })
      if (old.length > 50) old.pop()
      const revision = stored?.revision ?? 0
      if (random() < 0.02) {
        if ((await ledger.remove({ peer, id }, revision)) && held) {
          expect(held.revision).to.equal(revision)
          model.delete(id)
          seen.removed++
        }
        continue
      }
      const record = changed(stored?.record ?? emptyRecord('link' as LinkId, 'group', 'CONSUMPTION'))
      // Now and then as an earlier release wrote it: whole.
      const how = random() < 0.05 ? {} : { lasting: lasting(record, stored?.record) }
      const change: Change = { id, revision, write: { record, ...how, due: 'not due', keepFor: 3600_000 } }
      const beside: Change = { id: `event/${n}`, revision: 0, write: { record: n, due: 'not due', keepFor: 3600_000 } }
      if (await ledger.writeAll(peer, random() < 0.2 ? [change, beside] : [change])) {
        expect(held?.revision ?? 0, 'nothing newer was written over').to.equal(revision)
        model.set(id, { record: asJson(record), revision: revision + 1 })
        seen.written++
      } else seen.refused++
    }
    for (const [id, held] of model)
      for (const replica of replicas) {
        const stored = await replica.read({ peer, id })
        expect(isDeepStrictEqual(asJson(stored), asJson(held)), id).to.equal(true)
      }
    expect(seen.written).to.be.above(2_000)
    expect(seen.refused).to.be.above(100)
    expect(seen.removed).to.be.above(20)
  }).timeout(60_000)
})
