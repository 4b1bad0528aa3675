/** How cost grows: with the blocks and cables of a message, with the groups and parties in state, with replicas, and with time. */
import { startRedis } from '../support/redis.ts'
import { allArrived } from './arrivals.ts'
import type { Setting } from './contestants.ts'
import { type Gateway, loopHeldMs, startGateway } from './gateways.ts'
import { load } from './load.ts'
import { cpuMicros, memoryOf, stop } from './machine.ts'
import { eachCable, forecastsFor } from './messages.ts'
import type { Section } from './report.ts'
import { cpuOf, measure, type Row, row, spreadOf } from './rounds.ts'
import type { Sink } from './sink.ts'
import { heartbeatsDuringForecasts } from './table.ts'
import { short } from './targets.ts'

const rounds = 5
/** For these runs only. */
const raised = { bodyLimit: 64 * 1_048_576, limits: { blocks: 100_000 } }

const cables = (count: number): number[] => Array.from({ length: count }, (_, id) => id)

/** Each in less than five minutes. */
export const growth = {
  messages: async (setting: Setting): Promise<Section[]> => [await byMessage(setting)],
  state: async (setting: Setting): Promise<Section[]> => [await byState(setting)],
  replicas: async (setting: Setting): Promise<Section[]> => [await byReplicas(setting)],
  memory: async (setting: Setting): Promise<Section[]> => [await byTime(setting, [10_000, 100_000], 4)],
}

/** As far as it comes in so many minutes. */
export const long = async (setting: Setting, minutes = 45): Promise<Section[]> => [
  await byTime(setting, [10_000, 100_000, 200_000, 500_000, 1_000_000], minutes),
]

/** Of each size: what a block costs, and how long a heartbeat waits behind such a message until all of it has arrived. */
const byMessage = async ({ home, folder, sink }: Setting): Promise<Section> => {
  const gateway = await startGateway({ home, folder, sink: sink.url, settings: raised })
  const { token } = gateway
  const sizes = [
    [1, 96],
    [1, 960],
    [1, 9_600],
    [100, 96],
    [10_000, 4],
  ] as const
  const lines: string[][] = []
  for (const [count, quarters] of sizes) {
    const forecasts = forecastsFor([cables(count)], quarters)
    const title = `${count.toLocaleString('en')} × ${quarters.toLocaleString('en')}`
    const each = row(title, gateway, forecasts.next, { forecasts, quarters })
    const few = Math.max(1, Math.floor(20_000 / (count * quarters)))
    await measure([each], {
      ...{ rounds, sink, warmMs: count * quarters < 10_000 ? 5_000 : 0 },
      turn: { connections: 1, forMs: 20_000, atMost: few },
    })
    const held: number[] = []
    const waits: number[] = []
    for (let i = 0; i < rounds; i++) {
      await loopHeldMs(gateway)
      waits.push(...(await heartbeatsDuringForecasts(gateway, { forecasts, token, quarters }, sink, 1)))
      held.push(await loopHeldMs(gateway))
    }
    const cpu = cpuOf(each).median
    const [wait, hold] = [waits, held].map((times) => short(spreadOf(times).median))
    lines.push([title, short(cpu / 1000), short(cpu / (count * quarters)), wait!, hold!])
  }
  await stop(gateway.process)
  const heads = ['CPU ms per message', 'CPU µs per block', 'slowest heartbeat meanwhile, ms', 'event loop held, ms']
  return {
    title: 'Blocks and cables of a message (memory, with outbound)',
    lines: [['cables × blocks', ...heads], ...lines],
  }
}

/** A message of one cable, with so many groups known already, or so many parties configured. */
const byState = async ({ home, folder, sink }: Setting): Promise<Section> => {
  const redis = await startRedis()
  const rows: Row[] = []
  const add = (title: string, gateway: Gateway) => {
    const forecasts = eachCable([], 100)
    rows.push(row(title, gateway, forecasts.next, { forecasts }))
  }
  for (const state of ['memory', 'Redis'] as const) {
    const settings = state === 'Redis' ? { ...raised, redis: { url: redis.url } } : raised
    for (const groups of [1, 100, 10_000]) {
      const gateway = await startGateway({ home, folder, sink: sink.url, settings })
      const title = `${state}, ${groups.toLocaleString('en')} groups`
      await fill(title, gateway, groups, sink)
      add(title, gateway)
    }
    for (const parties of [100, 1_000]) {
      const gateway = await startGateway({ home, folder, sink: sink.url, settings, parties })
      add(`${state}, ${parties.toLocaleString('en')} parties of either side`, gateway)
    }
  }
  // Of one group after the other, so that none waits for itself.
  await measure(rows, { rounds, sink, warmMs: 4_000, turn: { connections: 8 } })
  await Promise.all(rows.map(({ server }) => stop((server as Gateway).process)))
  await redis.stop()
  const lines = rows.map((each) => [each.title, short(cpuOf(each).median)])
  return { title: 'Groups and parties in state', lines: [['', 'CPU µs per message'], ...lines] }
}

/** Makes the gateway know so many groups, a hundred with each message. */
const fill = async (title: string, { port, token }: Gateway, groups: number, sink: Sink): Promise<void> => {
  const lists = Array.from({ length: Math.ceil(groups / 100) }, (_, nth) =>
    cables(Math.min(100, groups - nth * 100)).map((id) => id + nth * 100),
  )
  const forecasts = forecastsFor(lists, 4)
  const requests = { port, next: forecasts.next, expect: 'status>Accepted<', connections: 1 }
  await load({ ...requests, forMs: 60_000, atMost: lists.length })
  await allArrived(title, { forecasts, token, quarters: 4 }, sink)
}

/** What replicas on one Redis take together, and what of it Redis does. They share one core here, as the load and Redis do. */
const byReplicas = async ({ home, folder, sink }: Setting): Promise<Section> => {
  const lines: string[][] = []
  for (const replicas of [1, 2, 4]) {
    const redis = await startRedis()
    const gateways: Gateway[] = []
    // Any of them may send what another took.
    const options = {
      home,
      folder,
      sink: sink.url,
      settings: { redis: { url: redis.url } },
      token: `${replicas} replicas`,
    }
    while (gateways.length < replicas) gateways.push(await startGateway(options))
    const forecasts = gateways.map((_, i) => eachCable([], 400, i * 400))
    const run = async (forMs: number) => {
      const taken = await Promise.all(
        gateways.map(({ port }, i) =>
          load({ port, next: forecasts[i]!.next, expect: 'status>Accepted<', connections: 8, forMs, atMost: 50_000 }),
        ),
      )
      const newest = new Map(forecasts.flatMap((each) => [...each.newest]))
      await allArrived(options.token, { forecasts: { newest }, token: options.token }, sink)
      return taken
    }
    await run(4_000)
    const pids = [redis.pid, ...gateways.map(({ pid }) => pid)]
    const before = pids.map(cpuMicros)
    const taken = await run(4_000)
    const [inRedis, ...inGateways] = pids.map((pid, i) => cpuMicros(pid) - before[i]!)
    const answers = taken.reduce((sum, { answers }) => sum + answers, 0)
    const perGateway = inGateways.reduce((sum, cpu) => sum + cpu, 0) / answers
    const rate = answers / (taken[0]!.ms / 1000)
    lines.push([String(replicas), String(Math.round(rate)), short(perGateway), short(inRedis! / answers)])
    await Promise.all(gateways.map(({ process }) => stop(process)))
    await redis.stop()
  }
  const head = ['replicas', 'messages/s together', 'CPU µs per message, gateway', 'CPU µs per message, Redis']
  return { title: 'Replicas on one Redis (all gateways on one core)', lines: [head, ...lines] }
}

/** Resident memory after so many messages, or as many as there is time for. */
const byTime = async (
  { home, folder, sink }: Setting,
  counts: readonly number[],
  minutes: number,
): Promise<Section> => {
  const gateway = await startGateway({ home, folder, sink: sink.url })
  const forecasts = eachCable()
  const lines: string[][] = []
  const end = performance.now() + minutes * 60_000
  let [sent, first] = [0, Number.NaN]
  for (const count of counts) {
    const forMs = end - performance.now()
    if (forMs <= 0) break
    const requests = { port: gateway.port, next: forecasts.next, expect: 'status>Accepted<', connections: 32 }
    sent += (await load({ ...requests, forMs, atMost: count - sent })).answers
    await allArrived(`after ${sent} messages`, { forecasts, token: gateway.token }, sink)
    const memory = memoryOf(gateway.pid)
    if (Number.isNaN(first)) first = memory
    lines.push([sent.toLocaleString('en'), short(memory), short(memory / first)])
  }
  await stop(gateway.process)
  return { title: 'Memory', lines: [['messages', 'resident MB', '÷ first'], ...lines] }
}
