/**
 * A gateway, or several on one Redis, between a legacy party that hosts its own service and modern parties that register:
 * both deployments, on real sockets. Limits: heartbeats come every second, so what is told of them takes seconds.
 */
import { shippedCrossings, startGateway } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import type { PeerId } from '../../src/exchange/ids.ts'
import type { Observer } from '../../src/exchange/observer.ts'
import { startCspService } from '../peers/csp-service.ts'
import { startDsoService } from '../peers/dso-service.ts'
import { type Habits, startParty } from '../peers/party.ts'
import { type AlarmLine, clockFrom, eventually } from './gateway.ts'
import { testLog } from './log.ts'
import { startRedis } from './redis.ts'
import { startRedisProxy } from './redis-proxy.ts'
import { closeLater, type State, start } from './scene.ts'

export type Deployment = Awaited<ReturnType<typeof openDeployment>>

export interface DeploymentOptions {
  /** Laid over the legacy party's settings; its heartbeats come every second. */
  readonly legacy?: Readonly<Record<string, unknown>>
  /** Laid over the first link. */
  readonly link?: Readonly<Record<string, unknown>>
  /** Modern parties, each with a link of its own; by default one, called `modern`. */
  readonly parties?: Readonly<Record<string, { readonly habits?: Habits; readonly profile?: object }>>
  /** A capacity optimizer of the first link. */
  readonly optimizer?: { readonly habits?: Habits; readonly profile?: object }
  readonly replicas?: number
  /** Further settings of the gateway. */
  readonly more?: Readonly<Record<string, unknown>>
  /** Whether there is a wire to Redis that can be cut. */
  readonly proxied?: boolean
}

/** `role` is the legacy party's. */
export async function openDeployment(state: State, role: 'dso' | 'csp', options: DeploymentOptions = {}) {
  const redis = state === 'Redis' ? closeLater(await startRedis()) : undefined
  const proxy = redis && options.proxied ? closeLater(await startRedisProxy(redis.port)) : undefined
  const service = closeLater(await (role === 'dso' ? startDsoService() : startCspService()))
  const modernRole = role === 'dso' ? 'fp' : 'cp'
  const names = Object.keys(options.parties ?? { modern: {} })
  const parties = new Map<string, Awaited<ReturnType<typeof startParty>>>()
  const peers: Record<string, unknown> = {
    legacy: { role, url: service.url, heartbeatEvery: '1s', ...options.legacy },
  }
  const links: Record<string, object> = {}
  for (const name of names) {
    const { habits, profile } = options.parties?.[name] ?? {}
    const party = closeLater(await startParty(modernRole, habits))
    parties.set(name, party)
    peers[name] = { role: modernRole, url: party.url, registration: 'we start', token: party.issue(), profile }
    const identity = names.length > 1 ? { cspIdentity: name } : {}
    const first = name === names[0] ? { ...options.link, ...(options.optimizer ? { optimizer: 'optimizer' } : {}) } : {}
    links[name] = { legacy: 'legacy', modern: name, ...identity, ...first }
  }
  if (options.optimizer) {
    const { habits, profile } = options.optimizer
    const party = closeLater(await startParty('co', habits))
    parties.set('optimizer', party)
    peers.optimizer = { role: 'co', url: party.url, registration: 'we start', token: party.issue(), profile }
  }
  const raw = {
    listen: { soap: '127.0.0.1:0', rest: '127.0.0.1:0', admin: '127.0.0.1:0' },
    tokenKey: 'a key for tests and nothing else',
    ...(redis ? { redis: { url: proxy?.url ?? redis.url } } : {}),
    delivery: { timeout: '2s', firstRetry: '10ms', longestRetry: '50ms' },
    peers,
    links,
    ...options.more,
  }
  const clock = clockFrom(start)
  const alarms: AlarmLine[] = []
  const logged: string[] = []
  const observer: Observer = {
    exchanged: () => undefined,
    attempted: () => undefined,
    alarm: (alarm, about) => void alarms.push({ alarm, ...about }),
  }
  const crossings = await shippedCrossings()
  // The parties register at the first one; what the others do is theirs by the state they share.
  const open = async (publicRestUrl?: string) => {
    const config = loadConfig(() => ({ ...raw, ...(publicRestUrl ? { publicRestUrl } : {}) }), undefined, {})
    const log = testLog(config, logged)
    const gateway = await startGateway({ config, log, crossings, observer, now: clock, random: () => 0.5 })
    await eventually('the gateway is ready', async () => (await fetch(`${gateway.adminUrl}/readyz`)).ok)
    return closeLater({ ...gateway, stop: () => gateway.stop(200) })
  }
  const gateway = await open()
  const replicas = [gateway]
  while (replicas.length < (options.replicas ?? 1)) replicas.push(await open(gateway.restUrl))
  const party = (name = names[0]!) => parties.get(name)!
  const stateOf = (name = names[0]!) => gateway.sessions.state(name as PeerId)
  return {
    redis,
    proxy,
    service,
    clock,
    alarms,
    logged,
    gateway,
    replicas,
    party,
    stateOf,
    /** The legacy party's own address at the gateway. */
    soapUrl: `${gateway.soapUrl}/oscp/1.0/legacy`,
    /** Shakes hands with a party that has registered. */
    async online(name = names[0]!): Promise<void> {
      await eventually(`${name} is registered`, async () => !/NEW|PENDING/.test((await stateOf(name)).state), 10_000)
      if (role === 'csp' && name !== 'optimizer') await party(name).handshake()
      await eventually(`${name} is online`, async () => (await stateOf(name)).state === 'ONLINE', 10_000)
    },
  }
}
