/**
 * The world of the day demo on loopback: a DSO, two CPOs and a legacy operator behind a modern CP as fake parties around a
 * real gateway, all on one clock that begins at midnight.
 * Limits: the clock runs at the pace of real time and is moved from hour to hour, because leases and pauses of what is being
 * worked on are counted by it: whoever moves it sees to it that nothing is.
 */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import type { Fake, Line } from '../../test/peers/fake/fake.ts'
import type { FakeRole, Forecast } from '../../test/peers/fake/script.ts'
import { type Gateway, shippedCrossings, startGateway } from '../app.ts'
import { loadConfig } from '../config.ts'
import type { PeerId } from '../exchange/ids.ts'
import { createLog } from '../ops/log.ts'

export const hour = 3600_000

export type Name = 'dso' | 'voltCo' | 'ampWorks' | 'depot' | 'gridSouth'

export interface DayWorld {
  readonly gateway: Gateway
  readonly clock: Clock
  readonly fakes: Readonly<Record<Name, Fake>>
  /** What each of them sent and got, in order. */
  readonly lines: Readonly<Record<Name, readonly Line[]>>
  /** In kW, what households leave of a cable in the quarter hour that runs: reckoned here, not by the gateway. */
  left(carries: number, load: Forecast['load']): number
  stop(): Promise<void>
}

export interface Clock {
  now(): number
  /** To this hour of the day, unless it is past. */
  moveTo(hours: number): void
}

function clockFrom(midnight: number): Clock {
  let ahead = midnight - Date.now()
  const now = () => Date.now() + ahead
  const moveTo = (hours: number) => {
    ahead += Math.max(0, midnight + hours * hour - now())
  }
  return { now, moveTo }
}

/** What each cable, or group, carries in kW. */
export const carries = { 'CABLE-17': 250, 'CABLE-18': 180, 'CABLE-21': 220, 'site-1': 210 } as const
export const groups = { 'CABLE-17': 'FEEDER-0815', 'CABLE-18': 'FEEDER-0816', 'CABLE-21': 'FEEDER-0900' } as const
export const fallbackOfDepot = 11

const local = { allowHttp: true, allowAddresses: ['127.0.0.1'] }
const pace = { heartbeatInterval: '30m' }

/** Starts everything, or nothing. `day`: an instant of the day that is played. */
export async function openDay(day: number): Promise<DayWorld> {
  const { startFake } = await import('../../test/peers/fake/fake.ts')
  const { checkScript } = await import('../../test/peers/fake/script.ts')
  const { cableForecast } = await import('../../test/peers/forecast.ts')
  const clock = clockFrom(Math.floor(day / (24 * hour)) * 24 * hour)
  const running: { stop(): Promise<void> }[] = []
  const stop = async () => {
    for (const one of running.splice(0).reverse()) await one.stop()
  }
  const play = async (role: FakeRole, script: object) => {
    const lines: Line[] = []
    const fake = await startFake(role, checkScript(role, script), { tell: (line) => lines.push(line), now: clock.now })
    running.push(fake)
    return { fake, lines }
  }
  const listen = '127.0.0.1:0'
  try {
    // The gateway's own port is known before it listens, because the fakes and the gateway must know each other.
    const [soap, rest] = [await freePort(), await freePort()]
    const at = (port: number, path: string) => `http://127.0.0.1:${port}${path}`
    const dso = await play('dso', { listen, gateway: at(soap, '/oscp/1.0/grid-north') })
    const depot = await play('csp', { listen, gateway: at(soap, '/oscp/1.0/depot') })
    const voltCo = await play('fp', {
      ...{ gateway: at(rest, '/oscp/cp/2.0'), tokens: { theirs: 'volt-to-gateway', ours: 'gateway-to-volt' } },
      habits: { interval: '30m' },
    })
    const gridSouth = await play('cp', {
      ...{ gateway: at(rest, '/oscp/fp/2.0'), tokens: { theirs: 'south-to-gateway', ours: 'gateway-to-south' } },
      habits: { interval: '30m' },
    })
    const raw = {
      listen: { soap: `127.0.0.1:${soap}`, rest: `127.0.0.1:${rest}`, admin: '127.0.0.1:0' },
      ...{ log: 'silent', offlineAfter: '6h', delivery: { firstRetry: '1s', longestRetry: '5m' } },
      peers: {
        'grid-north': { role: 'dso', url: dso.fake.url, heartbeatEvery: '6h' },
        'volt-co': {
          ...{ role: 'fp', url: voltCo.fake.url, token: 'gateway-to-volt', inboundToken: 'volt-to-gateway' },
          profile: pace,
        },
        'amp-works': { role: 'fp', registration: 'they start', profile: { ...local, ...pace } },
        depot: { role: 'csp', url: depot.fake.url, heartbeatEvery: '6h' },
        'grid-south': {
          ...{ role: 'cp', url: gridSouth.fake.url, token: 'gateway-to-south', inboundToken: 'south-to-gateway' },
          profile: pace,
        },
      },
      links: {
        north: {
          ...{ legacy: 'grid-north', modern: 'volt-co', cspIdentity: 'VOLT', answerWithin: '1s' },
          groups: { 'CABLE-17': groups['CABLE-17'], 'CABLE-18': groups['CABLE-18'] },
        },
        east: {
          ...{ legacy: 'grid-north', modern: 'amp-works', cspIdentity: 'AMP', answerWithin: '1s' },
          groups: { 'CABLE-21': groups['CABLE-21'] },
        },
        depot: {
          ...{ legacy: 'depot', modern: 'grid-south', groups: { 'HUB-1': 'site-1' } },
          fallback: { 'site-1': { capacity: fallbackOfDepot, unit: 'KW' } },
        },
      },
    }
    const config = loadConfig(() => raw, undefined, {})
    const gateway = await startGateway({
      ...{ config, log: createLog(config.log), crossings: await shippedCrossings(), now: clock.now },
    })
    running.push(gateway)
    const ampWorks = await play('fp', {
      gateway: at(rest, '/oscp/cp/2.0'),
      tokens: { theirs: await gateway.sessions.issueToken('amp-works' as PeerId, 24 * hour) },
      habits: { handshake: 'flat', tokenPrefix: 'Token ', address: 'with a slash', interval: '30m' },
    })
    const parties = { dso, voltCo, ampWorks, depot, gridSouth }
    const each = <T>(pick: (party: typeof dso) => T) =>
      Object.fromEntries(Object.entries(parties).map(([name, party]) => [name, pick(party)])) as Record<Name, T>
    return {
      ...{ gateway, clock, stop },
      fakes: each(({ fake }) => fake),
      lines: each(({ lines }) => lines),
      left(capacity, load) {
        const from = new Date(Math.floor(clock.now() / (hour / 4)) * (hour / 4))
        const { blocks } = cableForecast({ cableId: 'any', day: load, carries: capacity, from, quarters: 1 })
        return Number(blocks[0]!.capacity)
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
