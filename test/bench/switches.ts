/** What each thing that the product does beside translating costs: the gateway with it, beside the gateway without. */
import { startRedis } from '../support/redis.ts'
import type { Setting } from './contestants.ts'
import { type GatewayOptions, startGateway } from './gateways.ts'
import { eachCable, type Header, user } from './messages.ts'
import type { Section } from './report.ts'
import { cpuOf, measure, type Row, row, type Spread, spreadOf } from './rounds.ts'
import { short } from './targets.ts'

type Switched = Pick<GatewayOptions, 'settings' | 'dso'> & { readonly headers?: readonly Header[] }

export const switches = async ({ home, folder, sink }: Setting): Promise<Section[]> => {
  const redis = await startRedis()
  const token = { security: { in: { usernameToken: { users: [user] } } } }
  const kinds: Readonly<Record<string, Switched>> = {
    'as it comes (journal, receipts, metrics; memory)': {},
    'without the journal': { settings: { journal: { perPeer: 0 } } },
    'with a line of log for each message': { settings: { log: 'info' } },
    'with a rate limit': { dso: { rateLimit: { perSecond: 10_000, burst: 10_000 } } },
    'with a UsernameToken in each message': { dso: token, headers: ['usernameToken'] },
    'with a MessageID in each message (idempotency)': { headers: ['messageId'] },
    'with Redis': { settings: { redis: { url: redis.url } } },
    'with Redis, UsernameToken and MessageID': {
      ...{ settings: { redis: { url: redis.url } }, dso: token, headers: ['usernameToken', 'messageId'] },
    },
  }
  const rows: Row[] = []
  for (const [title, { headers = [], ...options }] of Object.entries(kinds)) {
    const gateway = await startGateway({ home, folder, sink: sink.url, ...options })
    const forecasts = eachCable(headers)
    rows.push(row(title, gateway, forecasts.next, { forecasts }))
  }
  await measure(rows, { rounds: 7, sink })
  await redis.stop()
  const [plain] = rows
  const more = (each: Row): Spread => spreadOf(each.measured.map(({ cpu }, round) => cpu - plain!.measured[round]!.cpu))
  const lines = rows.map((each) => {
    const { median, least, most } = more(each)
    return [each.title, short(cpuOf(each).median), `${short(median)} (${short(least)}–${short(most)})`]
  })
  return [
    { title: 'What each switch costs', lines: [['', 'CPU µs/req', 'more than the first (least–most)'], ...lines] },
  ]
}
