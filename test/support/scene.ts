/**
 * One DSO, one gateway and one CPO, ready to talk, on memory state or on a Redis of their own; and what a CPO must receive,
 * worked out here and not by the gateway. The gateway's clock starts at `start`.
 */
import { type Cpo, type Received, startCpo } from '../peers/cpo.ts'
import { type CableForecast, connectDso, type Dso, type DsoOptions } from '../peers/dso.ts'
import { clockFrom, startTestGateway, type TestGateway } from './gateway.ts'
import { type RedisServer, startRedis } from './redis.ts'

export type State = 'memory' | 'Redis'
export const states: readonly State[] = ['memory', 'Redis']

export const start = '2026-03-02T22:00:00Z'

export interface SceneOptions {
  readonly link?: Readonly<Record<string, unknown>>
  readonly dso?: Readonly<Record<string, unknown>>
  readonly delivery?: Readonly<Record<string, unknown>>
}

export interface Scene {
  readonly cpo: Cpo
  /** Connected in SOAP 1.1. */
  readonly dso: Dso
  readonly clock: ReturnType<typeof clockFrom>
  readonly redis: RedisServer | undefined
  readonly gateway: TestGateway
  connect(options?: Partial<DsoOptions>): Promise<Dso>
  /** Stops the gateway, within so many milliseconds, and starts another in its place; clients must connect anew. */
  restartGateway(withinMs?: number): Promise<void>
}

const open: (() => Promise<unknown>)[] = []

/** Ends everything that this file opened, the last first. */
export async function closeScenes(): Promise<void> {
  for (const close of open.splice(0).reverse()) await close()
}

export function closeLater<T extends { stop(): Promise<unknown> }>(opened: T): T {
  open.push(() => opened.stop())
  return opened
}

export async function openScene(state: State, { link, dso, delivery }: SceneOptions = {}): Promise<Scene> {
  const redis = state === 'Redis' ? closeLater(await startRedis()) : undefined
  const cpo = closeLater(await startCpo())
  const clock = clockFrom(start)
  const config = {
    ...(redis ? { redis: { url: redis.url } } : {}),
    peers: { dso: { role: 'dso', ...dso }, cpo: { role: 'fp', url: cpo.url, token: cpo.token } },
    links: { link: { legacy: 'dso', modern: 'cpo', ...link } },
    delivery: delivery ?? {},
  }
  let gateway = await startTestGateway({ config, now: clock })
  closeLater({ stop: () => gateway.stop() })
  const connect = (options: Partial<DsoOptions> = {}) =>
    connectDso({ wsdlUrl: `${gateway.soapUrl}/oscp/1.0/dso?wsdl`, ...options })
  return {
    cpo,
    clock,
    redis,
    dso: await connect(),
    get gateway() {
      return gateway
    },
    connect,
    async restartGateway(withinMs) {
      await gateway.stop(withinMs)
      gateway = await startTestGateway({ config, now: clock })
    },
  }
}

/** `06:30` is a time of the day after the scene begins, UTC; any other text is itself. */
export const at = (time: string): string => (/^\d\d:\d\d$/.test(time) ? `2026-03-03T${time}:00Z` : time)

/** A span of time with one capacity, from and to as `at` reads them. */
export const span = (from: string, to: string, capacity: number | string) => ({
  startTime: at(from),
  endTime: at(to),
  capacity,
})

export const cable = (cableId: string, ...blocks: CableForecast['blocks']): CableForecast => ({
  cableId,
  capacityUnit: 'kW',
  blocks,
})

/** The OSCP 2.0 message that a forecast is, for a group of the same name. */
export function messageOf({ cableId, capacityUnit, blocks }: CableForecast, group = cableId) {
  const phases = capacityUnit === 'A' ? ['ONE', 'TWO', 'THREE'] : ['ALL']
  const iso = (time: string) => new Date(time).toISOString()
  return {
    group_id: group,
    type: 'CONSUMPTION',
    forecasted_blocks: blocks.flatMap(({ startTime, endTime, capacity }) =>
      phases.map((phase) => ({
        capacity: Number(capacity),
        phase,
        unit: capacityUnit === 'kW' ? 'KW' : capacityUnit,
        start_time: iso(startTime),
        end_time: iso(endTime),
      })),
    ),
  }
}

/** What the CPO holds for a group at these times. */
export const limits = (cpo: Cpo, group: string, ...times: string[]): (number | undefined)[] =>
  times.map((time) => cpo.limitAt(group, new Date(at(time)))?.capacity)

export const bodies = (received: readonly Received[]): unknown[] => received.map(({ body }) => body)

export const requestId = ({ headers }: Received): string => String(headers['x-request-id'])
