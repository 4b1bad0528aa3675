/**
 * Both deployments at once: a DSO and flexibility providers, a charge spot operator and its capacity provider, with household
 * load as forecasts; every message numbered, every arrival noted. The parties write their own XML and JSON.
 */
import { randomUUID } from 'node:crypto'
import { type Received, startCpo } from '../peers/cpo.ts'
import { startCspService } from '../peers/csp-service.ts'
import { startDsoService } from '../peers/dso-service.ts'
import { cableForecast, type Day, HOUSEHOLD_LOAD_KW } from '../peers/forecast.ts'
import { startParty } from '../peers/party.ts'
import { closeLater } from '../support/scene.ts'
import type { Replica } from './replicas.ts'
import { type Stream, Tally } from './streams.ts'

const days = Object.keys(HOUSEHOLD_LOAD_KW) as Day[]
const quarter = 900_000
const hour = 3600_000
/** Usage is told apart by its time. */
const firstUsage = Date.parse('2026-01-01T00:00:00Z')
const iso = (instant: number) => new Date(instant).toISOString()

interface Block {
  readonly startTime: string
  readonly endTime: string
  readonly capacity: string | number
}

/** A day of a cable from now on; the number is the capacity of a last block of its own, far behind it. */
function numbered(cable: string, nth: number): Block[] {
  const from = new Date(Math.floor(Date.now() / quarter) * quarter)
  const day = days[nth % days.length]!
  const { blocks } = cableForecast({ cableId: cable, day, carries: 250, from, quarters: 96 })
  return [...blocks, { startTime: '2099-01-01T00:00:00Z', endTime: '2099-01-01T00:15:00Z', capacity: nth }]
}

const blockXml = ({ startTime, endTime, capacity }: Block) =>
  `<block><startTime>${startTime}</startTime><endTime>${endTime}</endTime><capacity>${capacity}</capacity></block>`
const forecastXml = (name: string, cable: string, blocks: readonly Block[]) =>
  `<${name}><cableId>${cable}</cableId><capacityUnit>kW</capacityUnit>${blocks.map(blockXml).join('')}</${name}>`
const forecastJson = (group: string, blocks: readonly Block[]) => ({
  group_id: group,
  type: 'CONSUMPTION',
  forecasted_blocks: blocks.map(({ startTime, endTime, capacity }) => ({
    capacity: Number(capacity),
    phase: 'ALL',
    unit: 'KW',
    start_time: startTime,
    end_time: endTime,
  })),
})

export type World = Awaited<ReturnType<typeof openWorld>>

export async function openWorld(random: () => number) {
  const dso = closeLater(await startDsoService())
  const csp = closeLater(await startCspService())
  const cp = closeLater(await startParty('cp', { refuses: () => (isCpAway ? 503 : undefined) }))
  let isCpAway = false
  const setCpAway = (is: boolean) => {
    isCpAway = is
  }
  const fps = new Map([
    ['fp1', closeLater(await startCpo())],
    ['fp2', closeLater(await startCpo())],
  ])
  const inboundToken = (peer: string) => `the token that ${peer} calls with`.replaceAll(' ', '-')
  const modern = (role: string, url: string, token: string, peer: string) => ({
    role,
    url,
    token,
    inboundToken: inboundToken(peer),
  })
  const config = {
    delivery: { timeout: '2s', firstRetry: '100ms', longestRetry: '1s' },
    peers: {
      dso: { role: 'dso', url: dso.url, heartbeatEvery: '10s' },
      csp: { role: 'csp', url: csp.url, heartbeatEvery: '10s' },
      cp: modern('cp', cp.url, cp.issue(), 'cp'),
      ...Object.fromEntries([...fps].map(([id, { url, token }]) => [id, modern('fp', url, token, id)])),
    },
    links: {
      operator: { legacy: 'csp', modern: 'cp' },
      ...Object.fromEntries([...fps.keys()].map((id) => [id, { legacy: 'dso', modern: id, cspIdentity: id }])),
    },
  }

  let replicas: readonly Replica[] = []
  /** Any of those that are up, as a balancer before them would take. */
  const anyOf = () => {
    const up = replicas.filter(({ isUp }) => isUp)
    return up[Math.floor(random() * up.length)] ?? replicas[0]!
  }
  async function post(url: string, type: string, body: string, headers: Record<string, string> = {}) {
    const signal = AbortSignal.timeout(10_000)
    const answer = await fetch(url, { method: 'POST', headers: { 'content-type': type, ...headers }, body, signal })
    return { status: answer.status, text: await answer.text() }
  }
  async function soap(peer: 'dso' | 'csp', request: string, inner: string, identity?: string): Promise<boolean> {
    const ns = `urn:oscp-gateway:oscp-1.0:${peer === 'dso' ? 'Csp' : 'Dso'}`
    const header = identity ? `<s:Header><cspIdentity xmlns="${ns}">${identity}</cspIdentity></s:Header>` : ''
    const body = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">${header}<s:Body><${request} xmlns="${ns}">${inner}</${request}></s:Body></s:Envelope>`
    const { status, text } = await post(`${anyOf().soapUrl}/oscp/1.0/${peer}`, 'text/xml', body)
    return status === 200 && /<(?:\w+:)?status>(?:Accepted|Pending)</.test(text)
  }
  async function json(peer: string, face: 'cp' | 'fp', path: string, body: unknown): Promise<boolean> {
    const headers = { authorization: `Token ${inboundToken(peer)}`, 'x-request-id': randomUUID() }
    const url = `${anyOf().restUrl}/oscp/${face}/2.0/${path}`
    return (await post(url, 'application/json', JSON.stringify(body), headers)).status === 204
  }

  const tallies = new Map<string, Tally>()
  const add = (name: string, kind: Stream['kind'], say: Stream['say']) =>
    void tallies.set(name, new Tally({ name, kind, say }))
  const usageAt = (nth: number) => ({
    from: iso(firstUsage + nth * quarter),
    to: iso(firstUsage + (nth + 1) * quarter),
  })
  const wishAt = (nth: number): Block[] => [
    { startTime: iso(Date.now() + 24 * hour), endTime: iso(Date.now() + 48 * hour), capacity: nth },
  ]
  for (const id of fps.keys()) {
    for (const cable of ['a', 'b', 'c'])
      add(`limit ${id} ${cable}`, 'limit', (nth) =>
        soap(
          'dso',
          'updateCableCapacityForecastRequest',
          forecastXml('cableCapacityForecast', cable, numbered(cable, nth)),
          id,
        ),
      )
    add(`usage ${id}`, 'event', (nth) => {
      const { from, to } = usageAt(nth)
      const one = {
        value: 1,
        phase: 'ALL',
        unit: 'KWH',
        direction: 'IMPORT',
        initial_measure_time: from,
        measure_time: to,
      }
      return json(id, 'cp', 'update_group_measurements', { group_id: `of ${id}`, measurements: [one] })
    })
    add(`wish ${id}`, 'event', (nth) =>
      json(id, 'cp', 'adjust_group_capacity_forecast', forecastJson(`wish ${id}`, wishAt(nth))),
    )
  }
  for (const group of ['a', 'b', 'c'])
    add(`limit cp ${group}`, 'limit', (nth) =>
      json('cp', 'fp', 'update_group_capacity_forecast', forecastJson(group, numbered(group, nth))),
    )
  add('usage csp', 'event', (nth) => {
    const { from, to } = usageAt(nth)
    const block = `<block><startTime>${from}</startTime><endTime>${to}</endTime><energy>1</energy></block>`
    const usage = `<aggregatedUsage><cableId>a</cableId><energyUnit>kWh</energyUnit>${block}</aggregatedUsage>`
    return soap('csp', 'updateAggregatedUsageRequest', usage)
  })
  add('wish csp', 'event', (nth) =>
    soap('csp', 'requestAdjustedCapacityRequest', forecastXml('requestedCapacity', 'a', wishAt(nth))),
  )

  const arrive = (name: string, nth: number) => tallies.get(name)?.arrive(nth)
  const nthOf = (time: string) => Math.round((Date.parse(time) - firstUsage) / quarter)
  type Forecast = { group_id: string; forecasted_blocks: { capacity: number }[] }
  for (const [id, fp] of fps)
    fp.behave(({ body, path }: Received) => {
      const { group_id: group, forecasted_blocks: blocks } = body as Forecast
      if (path.endsWith('forecast') && !group.startsWith('wish'))
        arrive(`limit ${id} ${group}`, blocks.at(-1)!.capacity)
      return undefined
    })
  csp.behave('UpdateCableCapacityForecast', (call) => {
    for (const { cableId, block } of csp.forecastsOf(call))
      arrive(`limit cp ${cableId}`, Number(block.at(-1)!.capacity))
    return undefined
  })
  dso.behave('UpdateAggregatedUsage', ({ value }) => {
    type Usage = { cableId: string; block: { startTime: string }[] }
    for (const { cableId, block } of value.aggregatedUsage as unknown as Usage[])
      arrive(`usage ${cableId.slice(3)}`, nthOf(block[0]!.startTime))
    return undefined
  })
  dso.behave('RequestAdjustedCapacity', ({ value }) => {
    const { cableId, block } = value.requestedCapacity as unknown as { cableId: string; block: { capacity: string }[] }
    arrive(cableId, Number(block[0]!.capacity))
    return undefined
  })
  const lookAtCp = () => {
    for (const { name, body, status } of cp.received.filter((one) => one.status !== 0)) {
      if (status !== 204) continue
      if (name === 'adjust_group_capacity_forecast')
        arrive('wish csp', (body as unknown as Forecast).forecasted_blocks[0]!.capacity)
      if (name === 'update_group_measurements')
        arrive('usage csp', nthOf((body.measurements as { measure_time: string }[]).at(-1)!.measure_time) - 1)
    }
    forget()
  }
  /** What was noted is not kept: a soak must not run out of memory itself. */
  const forget = () => {
    for (const { received } of [cp, dso, csp, ...fps.values()])
      while (received.length > 0 && received[0]!.status) received.shift()
  }
  const watching = setInterval(lookAtCp, 200)
  closeLater({ stop: async () => clearInterval(watching) })

  return {
    config,
    tallies: [...tallies.values()],
    peers: ['dso', 'csp', 'cp', ...fps.keys()],
    serveBy(all: readonly Replica[]): void {
      replicas = all
    },
    /** Parties that can go away, and come back. */
    outages: [dso, csp, ...fps.values(), { stop: async () => setCpAway(true), restart: async () => setCpAway(false) }],
  }
}
