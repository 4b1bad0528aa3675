/** Legacy operators of the exchange alone: links, a clock that is moved by hand, and operators that hold what they take, by OSCP 1.0's rule. */
import { randomUUID } from 'node:crypto'
import { buildLinks } from '../../../src/app/links.ts'
import { shippedCrossings } from '../../../src/app.ts'
import { loadConfig } from '../../../src/config.ts'
import { Agenda } from '../../../src/exchange/agenda.ts'
import type { Event, EventQueue } from '../../../src/exchange/events.ts'
import { chargeSpotOperators } from '../../../src/exchange/flows/charge-spot-operators.ts'
import { complaints } from '../../../src/exchange/flows/compliance.ts'
import { OperatorLimits } from '../../../src/exchange/flows/operator-limits.ts'
import { Forecasts } from '../../../src/exchange/forecasts.ts'
import type { ExchangeId, LinkId, PeerId, RequestId } from '../../../src/exchange/ids.ts'
import type { LegacyCall, LegacyOutcome, LegacyWire } from '../../../src/exchange/legacy.ts'
import type { Link } from '../../../src/exchange/peers.ts'
import type { Receipt } from '../../../src/mapping/run.ts'
import { MemoryLedger } from '../../../src/state/memory/ledger.ts'

const crossings = await shippedCrossings()

export const hour = 3600_000
export const start = Date.parse('2026-03-03T00:00:00Z')
/** Hours after the start, as the wire says it. */
export const at = (hours: number): string => new Date(start + hours * hour).toISOString()

export interface Said {
  readonly from: number
  readonly to: number
  readonly capacity: number
  readonly unit?: string
  readonly phase?: string
}

interface Held {
  readonly start: number
  readonly end: number
  readonly capacity: number
  readonly unit: string
}

export interface OperatorsOptions {
  readonly link?: Readonly<Record<string, unknown>>
  readonly profile?: Readonly<Record<string, unknown>>
  readonly url?: string | undefined
  readonly contract?: string
}

export function openOperators(options: OperatorsOptions = {}) {
  const { link: settings, profile, url = 'http://csp.test', contract = 'oscp-1.0' } = options
  const config = loadConfig(
    () => ({
      peers: {
        csp: { role: 'csp', contract, ...(url === '' ? {} : { url }) },
        cp: { role: 'cp', url: 'http://cp.test', token: 'x'.repeat(20), ...(profile ? { profile } : {}) },
      },
      links: { link: { legacy: 'csp', modern: 'cp', ...settings } },
    }),
    undefined,
    {},
  )
  const { links } = buildLinks(config, crossings)
  const link = links.byId('link' as LinkId) as Link
  let now = start
  const clock = () => now
  const ledger = new MemoryLedger(clock)
  const alarms: string[] = []
  const observer = { exchanged: () => {}, attempted: () => {}, alarm: (alarm: string) => void alarms.push(alarm) }

  const calls: LegacyCall[] = []
  const held = new Map<string, Held[]>()
  let script: (call: LegacyCall) => LegacyOutcome | undefined = () => undefined
  const wire: LegacyWire = {
    hosts: () => true,
    async call(call) {
      const scripted = script(call)
      if (scripted?.verdict !== 'unavailable') calls.push(call)
      if (scripted) return scripted
      for (const forecast of forecastsIn(call)) {
        const older = (held.get(forecast.cableId) ?? []).flatMap((one) => outside(one, forecast.blocks))
        held.set(forecast.cableId, [...older, ...forecast.blocks])
      }
      return { verdict: 'answered', value: { status: 'Accepted' } }
    },
  }

  const events: Event[] = []
  const queue: EventQueue = {
    async add(peer, event, also = []) {
      if (!(await ledger.writeAll(peer, also))) return false
      events.push(event)
      return true
    },
  }
  const receiver = chargeSpotOperators({
    wire,
    complaints: complaints({ ledger, events: queue, now: clock, newId: randomUUID }),
    now: clock,
  })
  const times = { attempt: 1000, firstRetry: 1, longestRetry: 1 }
  const forecasts = new Forecasts({
    ledger,
    receiver,
    links,
    observer,
    times,
    now: clock,
    newId: randomUUID,
    random: () => 0,
  })
  const limits = new OperatorLimits({ ledger, forecasts, links, observer, now: clock })
  const workers = new Map<string, Forecasts | OperatorLimits>([
    ['forecast', forecasts],
    ['limits', limits],
  ])
  const agenda = new Agenda({ ledger, observer, workers, peers: () => ['csp' as PeerId], every: 10, perPeer: 8 })

  let requests = 0
  return {
    link,
    limits,
    ledger,
    calls,
    alarms,
    events,
    agenda,
    get now() {
      return now
    },
    advance(ms: number): void {
      now += ms
    },
    /** How calls are answered; undefined is accepted, and held. */
    behave(next: typeof script = () => undefined): void {
      script = next
    },
    /** One UpdateGroupCapacityForecast; the request id it came with. */
    async say(type: string, group: string, ...blocks: Said[]): Promise<{ request: RequestId; receipts: Receipt[] }> {
      const request = `r${++requests}` as RequestId
      const receipts: Receipt[] = []
      const value = {
        group_id: group,
        type,
        forecasted_blocks: blocks.map(({ from, to, capacity, unit = 'KW', phase = 'ALL' }) => {
          return { capacity, unit, phase, start_time: at(from), end_time: at(to) }
        }),
      }
      const ids = { exchange: `x${requests}` as ExchangeId, request, correlation: undefined }
      const arrival = {
        ...ids,
        peer: 'cp' as PeerId,
        face: 'fp',
        message: 'UpdateGroupCapacityForecast',
        value,
      } as const
      await limits.flow(arrival, link, receipts)
      return { request, receipts }
    },
    goOffline: () => limits.goneOffline('cp' as PeerId),
    comeBack: () => limits.cameBack('cp' as PeerId),
    /** Resolves when nothing is owed that could be delivered now. */
    async settle(): Promise<void> {
      for (let rounds = 0; rounds < 50; rounds++) {
        await forecasts.settled()
        now += 2
        const ids = await ledger.claim('csp' as PeerId, 100, 60_000)
        if (ids.length === 0) return
        for (const id of ids)
          await (id.startsWith('limits/') ? limits : forecasts).resume({ peer: 'csp' as PeerId, id })
      }
      throw new Error('It is never settled.')
    },
    /** `capacity unit` of what the operator holds at these hours. */
    holds: (cable: string, ...hours: number[]): (string | undefined)[] =>
      hours.map((h) => {
        const found = (held.get(cable) ?? []).find((b) => b.start <= start + h * hour && start + h * hour < b.end)
        return found && `${found.capacity} ${found.unit}`
      }),
    heldAt: (cable: string, instant: number): Held | undefined =>
      (held.get(cable) ?? []).find((b) => b.start <= instant && instant < b.end),
  }
}

export function forecastsIn(call: LegacyCall) {
  const found = call.value.cableCapacityForecast as {
    cableId: string
    forecastId: string
    capacityUnit: string
    block: { startTime: string; endTime: string; capacity: string }[]
  }[]
  return found.map(({ cableId, forecastId, capacityUnit, block }) => ({
    cableId,
    forecastId,
    blocks: block.map((b) => ({
      start: Date.parse(b.startTime),
      end: Date.parse(b.endTime),
      capacity: Number(b.capacity),
      unit: capacityUnit,
    })),
  }))
}

function outside(block: Held, newer: readonly Held[]): Held[] {
  let rest = [block]
  for (const { start, end } of newer)
    rest = rest.flatMap((b) =>
      b.end <= start || end <= b.start
        ? [b]
        : [...(b.start < start ? [{ ...b, end: start }] : []), ...(end < b.end ? [{ ...b, start: end }] : [])],
    )
  return rest
}
