/** How cost grows: with the blocks and cables of a message, with the groups and parties in state, with replicas, and with time. */
import { startRedis } from '../support/redis.ts'
import type { Setting } from './contestants.ts'
import { type Gateway, startGateway } from './gateways.ts'
import { load } from './load.ts'
import { cpuMicros, memoryOf, stop } from './machine.ts'
import { eachCable, forecastRequest } from './messages.ts'
import type { Section } from './report.ts'
import { cpuOf, measure, type Row, row, spreadOf } from './rounds.ts'
import { heartbeatsDuringForecasts } from './table.ts'
import { short } from './targets.ts'

const rounds = 5
/** For these runs only. */
const raised = { bodyLimit: 64 * 1_048_576, limits: { blocks: 100_000 } }

const cables = (count: number): number[] => Array.from({ length: count }, (_, id) => id)

export const growth = async (setting: Setting): Promise<Section[]> => [
  await byMessage(setting),
  await byState(setting),
  await byReplicas(setting),
  await byTime(setting, [10_000, 100_000]),
]

export const long = async (setting: Setting): Promise<Section[]> => [await byTime(setting, [10_000, 1_000_000])]

/** Of each size: what a block costs, and how long a heartbeat waits behind such a message. */
const byMessage = async ({ home, folder, sink }: Setting): Promise<Section> => {
  const gateway = await startGateway({ home, folder, sink: sink.url, settings: raised })
  const sizes = [
    [1, 96],
    [1, 960],
    [1, 9_600],
    [100, 96],
    [10_000, 4],
  ] as const
  const lines: string[][] = []
  for (const [count, quarters] of sizes) {
    const request = forecastRequest(cables(count), quarters)
    const each = row(`${count} × ${quarters}`, gateway, () => request, { arrive: count, quarters })
    const few = Math.max(1, Math.floor(20_000 / (count * quarters)))
    await measure([each], {
      ...{ rounds, sink, warm: count * quarters < 10_000 },
      turn: { connections: 1, forMs: 20_000, atMost: few },
    })
    const waits = await heartbeatsDuringForecasts(gateway, forecastRequest(cables(count), quarters), 5)
    const cpu = cpuOf(each).median
    const title = `${count.toLocaleString('en')} × ${quarters.toLocaleString('en')}`
    lines.push([title, short(cpu / 1000), short(cpu / (count * quarters)), short(spreadOf(waits).median)])
  }
  await stop(gateway.process)
  const head = ['cables × blocks', 'CPU ms per message', 'CPU µs per block', 'slowest heartbeat meanwhile, ms']
  return { title: 'Blocks and cables of a message (memory, with outbound)', lines: [head, ...lines] }
}

/** A message of one cable, with so many groups known already, or so many parties configured. */
const byState = async ({ home, folder, sink }: Setting): Promise<Section> => {
  const redis = await startRedis()
  const rows: Row[] = []
  for (const state of ['memory', 'Redis'] as const) {
    const settings = state === 'Redis' ? { ...raised, redis: { url: redis.url } } : raised
    for (const groups of [1, 100, 10_000]) {
      const gateway = await startGateway({ home, folder, sink: sink.url, settings })
      await fill(gateway, groups)
      rows.push(row(`${state}, ${groups.toLocaleString('en')} groups`, gateway, eachCable([], 100), { arrive: 1 }))
    }
    for (const parties of [100, 1_000]) {
      const gateway = await startGateway({ home, folder, sink: sink.url, settings, parties })
      const title = `${state}, ${parties.toLocaleString('en')} parties of either side`
      rows.push(row(title, gateway, eachCable([], 100), { arrive: 1 }))
    }
  }
  // Of one group after the other, so that none waits for itself.
  await measure(rows, { rounds, sink, turn: { connections: 8 } })
  await Promise.all(rows.map(({ server }) => stop((server as Gateway).process)))
  await redis.stop()
  const lines = rows.map((each) => [each.title, short(cpuOf(each).median)])
  return { title: 'Groups and parties in state', lines: [['', 'CPU µs per message'], ...lines] }
}

/** Makes the gateway know so many groups, a hundred with each message. */
const fill = async ({ port }: Gateway, groups: number): Promise<void> => {
  for (let first = 0; first < groups; first += 100) {
    const ids = cables(Math.min(100, groups - first)).map((id) => id + first)
    const request = forecastRequest(ids, 4)
    await load({ port, next: () => request, expect: 'status>Accepted<', connections: 1, forMs: 1_000, atMost: 1 })
  }
}

/** What replicas on one Redis take together, and what of it Redis does. They share one core here, as the load and Redis do. */
const byReplicas = async ({ home, folder, sink }: Setting): Promise<Section> => {
  const lines: string[][] = []
  for (const replicas of [1, 2, 4]) {
    const redis = await startRedis()
    const settings = { redis: { url: redis.url } }
    const gateways: Gateway[] = []
    while (gateways.length < replicas) gateways.push(await startGateway({ home, folder, sink: sink.url, settings }))
    const nexts = gateways.map((_, i) => {
      const next = eachCable([], 400)
      for (let skipped = 0; skipped < i * 100; skipped++) next()
      return next
    })
    const run = (forMs: number) =>
      Promise.all(
        gateways.map(({ port }, i) =>
          load({ port, next: nexts[i]!, expect: 'status>Accepted<', connections: 8, forMs, atMost: 50_000 }),
        ),
      )
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

/** Resident memory after so many messages. */
const byTime = async ({ home, folder, sink }: Setting, counts: readonly number[]): Promise<Section> => {
  const gateway = await startGateway({ home, folder, sink: sink.url })
  const next = eachCable()
  const lines: string[][] = []
  let [sent, first] = [0, Number.NaN]
  for (const count of counts) {
    const forMs = 45 * 60_000
    const requests = { port: gateway.port, next, expect: 'status>Accepted<', connections: 32 }
    sent += (await load({ ...requests, forMs, atMost: count - sent })).answers
    const memory = memoryOf(gateway.pid)
    if (Number.isNaN(first)) first = memory
    lines.push([sent.toLocaleString('en'), short(memory), short(memory / first)])
  }
  await stop(gateway.process)
  return { title: 'Memory', lines: [['messages', 'resident MB', '÷ first'], ...lines] }
}
