/**
 * Calls a peer over HTTP and reads a short answer. With one-answer.ts the one that imports undici.
 * A URL that the operator wrote is called as it stands. Any other came from a peer: then only https, and only addresses that
 * are public or allowed for that peer, judged on the address that is connected to, so that no name can change its mind.
 * Limits: redirects are not followed; the answer is cut at 64 KiB unless more is asked for; one time limit covers connecting, sending and answering.
 * Who answers 2xx has taken the message: that its body then breaks off, or does not end, changes nothing.
 */
import { type LookupAddress, lookup as systemLookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { Agent, buildConnector } from 'undici'
import { compileReach, isAddress } from './addresses.ts'
import { exchange } from './one-answer.ts'
import type { TlsMaterial } from './tls-files.ts'

export interface HttpAnswer {
  readonly status: number
  readonly contentType: string
  readonly retryAfter: string | undefined
  /** As UTF-8. */
  readonly body: string
  /** As it came, for those who know its encoding. */
  readonly bytes: Buffer
}

/** What calls on behalf of one peer may reach besides https to the public internet. */
export interface Reach {
  /** URLs from the configuration: their scheme, host and port together are trusted, whatever address that is. */
  readonly configured: readonly string[]
  /** Ranges, addresses and host names. */
  readonly allowAddresses: readonly string[]
  readonly allowHttp: boolean
  /** How its certificate is judged and which is shown to it. Default: the public authorities, and none. */
  readonly tls?: OutboundTls | undefined
}

/** TLS with one peer; what it shows is compared by identity, so a peer has one object of this kind. */
export interface OutboundTls {
  /** What is in use now. */
  readonly material: () => TlsMaterial
  /** Name that the peer's certificate must be for, instead of its URL's host. */
  readonly serverName?: string | undefined
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
}

export interface HttpCall {
  readonly method?: 'POST' | 'PUT' | 'DELETE'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly withinMs: number
  readonly reach: Reach
  /** The body of a 2xx is what is asked for: without all of it there is no answer. */
  readonly needsBody?: boolean
  /** Where an answer is cut, in bytes. Default: 64 KiB. */
  readonly longestAnswer?: number
}

export interface HttpClient {
  /** Rejects with the reason when no answer came: refused, reset, timed out; with NotReachable when it must not be called. */
  send(call: HttpCall): Promise<HttpAnswer>
  close(): Promise<void>
}

/** The URL, or the address it led to, is none that may be called for this peer. */
export class NotReachable extends Error {
  override readonly name = 'NotReachable'
}

export interface HttpClientOptions {
  readonly connectionsPerPeer?: number
  /** Name resolution, for tests. */
  readonly lookup?: typeof systemLookup
}

export function httpClient({ connectionsPerPeer = 64, lookup = systemLookup }: HttpClientOptions = {}): HttpClient {
  const limits = { connections: connectionsPerPeer, pipelining: 1, keepAliveTimeout: 30_000, maxResponseSize: -1 }
  /** Connections made for one peer's TLS and reach are never used for another's. */
  const pools = new Map<OutboundTls | undefined, Pool>()
  const targets = new WeakMap<Reach, Map<string, Target>>()

  return {
    send(call) {
      try {
        const target = targetOf(call)
        const dispatcher = dispatcherFor(target, call.reach)
        return exchange(dispatcher, target, call)
      } catch (error) {
        return Promise.reject(error)
      }
    },
    async close() {
      const agents = [...pools.values()].flatMap((pool) => [...pool.agents.values()])
      await Promise.all(agents.map((agent) => agent.destroy()))
    },
  }

  function dispatcherFor({ trusted, isHttps, isHttp }: Target, { allowAddresses, allowHttp, tls }: Reach): Agent {
    if (!trusted && !isHttps && !(isHttp && allowHttp)) throw new NotReachable('Only https is called.')
    const { agents, material } = poolFor(tls)
    const key = trusted ? 'configured' : `guarded ${[...allowAddresses].sort().join(' ')}`
    const known = agents.get(key)
    if (known) return known
    const secure = secureOptions(tls, material)
    const connect = trusted ? connector(secure) : guardedConnect(secure, allowAddresses, lookup)
    const agent = new Agent({ ...limits, connect })
    agents.set(key, agent)
    return agent
  }

  /** A party is called at a few addresses again and again: they are taken apart once. */
  function targetOf({ url, reach }: HttpCall): Target {
    const known = targets.get(reach) ?? new Map<string, Target>()
    targets.set(reach, known)
    const found = known.get(url)
    if (found) return found
    const { origin, protocol, pathname, search } = new URL(url)
    const trusted = reach.configured.some((own) => new URL(own).origin === origin)
    const target = {
      ...{ origin, trusted, path: pathname + search },
      ...{ isHttps: protocol === 'https:', isHttp: protocol === 'http:' },
    }
    if (known.size >= mostTargets) known.clear()
    known.set(url, target)
    return target
  }

  /** With another certificate come other connections; those that are in use end with their calls. */
  function poolFor(tls: OutboundTls | undefined): Pool {
    const material = tls?.material()
    const known = pools.get(tls)
    if (known && known.material === material) return known
    for (const agent of known?.agents.values() ?? []) void agent.close()
    const pool = { material, agents: new Map<string, Agent>() }
    pools.set(tls, pool)
    return pool
  }
}

/** Where a URL leads, and whether the operator wrote it. */
interface Target {
  readonly origin: string
  readonly path: string
  readonly trusted: boolean
  readonly isHttps: boolean
  readonly isHttp: boolean
}
const mostTargets = 100

interface Pool {
  readonly material: TlsMaterial | undefined
  readonly agents: Map<string, Agent>
}

/** Those of tls.connect, which undici passes on, though its types do not say so. */
interface SecureOptions {
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  readonly rejectUnauthorized: true
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly servername?: string
}

/** Said expressly, so that no environment variable of node can lower it. */
function secureOptions(tls: OutboundTls | undefined, material: TlsMaterial | undefined): SecureOptions {
  return {
    minVersion: tls?.minVersion ?? 'TLSv1.2',
    rejectUnauthorized: true,
    ...(material?.ca === undefined ? {} : { ca: material.ca }),
    ...(material?.cert === undefined ? {} : { cert: material.cert }),
    ...(material?.key === undefined ? {} : { key: material.key }),
    ...(tls?.serverName === undefined ? {} : { servername: tls.serverName }),
  }
}

/** undici lets the host of a URL overrule `servername`, so it is said anew for every connection. */
function connector(secure: SecureOptions, more: Partial<buildConnector.BuildOptions> = {}): buildConnector.connector {
  const connect = buildConnector({ ...secure, ...more } as buildConnector.BuildOptions)
  const { servername } = secure
  return servername === undefined ? connect : (options, callback) => connect({ ...options, servername }, callback)
}

/** A connector that gives up before, and again after, a connection to an address that may not be called. */
function guardedConnect(
  secure: SecureOptions,
  allowed: readonly string[],
  lookup: typeof systemLookup,
): buildConnector.connector {
  const permits = compileReach(allowed)
  const refusal = () => new NotReachable('The address is neither public nor allowed for this peer.')
  const guardedLookup: LookupFunction = (host, options, callback) => {
    lookup(host, { ...options, all: true }, (error, found: LookupAddress[]) => {
      if (error) return callback(error, '')
      const usable = found.filter(({ address }) => permits(host, address))
      const [first] = usable
      if (!first) return callback(refusal(), '')
      if (options.all) return callback(null, usable)
      callback(null, first.address, first.family)
    })
  }
  const connect = connector(secure, { lookup: guardedLookup } as Partial<buildConnector.BuildOptions>)
  return (options, callback) => {
    const host = options.hostname.replace(/^\[|\]$/g, '')
    // Addresses are not looked up, so they are judged here.
    if (isAddress(host) && !permits(host, host)) return callback(refusal(), null)
    connect(options, (error, socket) => {
      if (error) return callback(error, null)
      if (socket && permits(host, socket.remoteAddress ?? '')) return callback(null, socket)
      socket?.destroy()
      callback(refusal(), null)
    })
  }
}
