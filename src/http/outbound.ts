/**
 * Calls a peer over HTTP and reads a short answer. This is the one file that imports undici.
 * A URL that the operator wrote is called as it stands. Any other came from a peer: then only https, and only addresses that
 * are public or allowed for that peer, judged on the address that is connected to, so that no name can change its mind.
 * Limits: redirects are not followed; the answer is cut at 64 KiB unless more is asked for; one time limit covers connecting, sending and answering.
 * Who answers 2xx has taken the message: that its body then breaks off, or does not end, changes nothing.
 */
import { type LookupAddress, lookup as systemLookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { Agent, buildConnector, request } from 'undici'
import { compileReach, isAddress } from './addresses.ts'
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

const usualAnswer = 65_536
/** How long the body of a 2xx is waited for, in milliseconds. */
const patience = 1_000

export function httpClient({ connectionsPerPeer = 64, lookup = systemLookup }: HttpClientOptions = {}): HttpClient {
  const limits = { connections: connectionsPerPeer, pipelining: 1, keepAliveTimeout: 30_000, maxResponseSize: -1 }
  /** Connections made for one peer's TLS and reach are never used for another's. */
  const pools = new Map<OutboundTls | undefined, Pool>()

  return {
    async send({
      method = 'POST',
      url,
      headers,
      body,
      withinMs,
      reach,
      needsBody = false,
      longestAnswer = usualAnswer,
    }) {
      const late = new AbortController()
      // AbortSignal.timeout would leave its timer running long after the answer.
      const timer = setTimeout(() => late.abort(new Error('no answer in time')), withinMs)
      try {
        const dispatcher = dispatcherFor(new URL(url), reach)
        const answer = await request(url, { method, headers, body, dispatcher, signal: late.signal })
        const status = answer.statusCode
        const taken = status >= 200 && status < 300 && !needsBody
        const bytes = await (taken ? readPatiently(answer.body, longestAnswer) : readShort(answer.body, longestAnswer))
        return {
          status,
          contentType: first(answer.headers['content-type']) ?? '',
          retryAfter: first(answer.headers['retry-after']),
          body: bytes.toString('utf8'),
          bytes,
        }
      } finally {
        clearTimeout(timer)
      }
    },
    async close() {
      const agents = [...pools.values()].flatMap((pool) => [...pool.agents.values()])
      await Promise.all(agents.map((agent) => agent.destroy()))
    },
  }

  function dispatcherFor(url: URL, { configured, allowAddresses, allowHttp, tls }: Reach): Agent {
    const trusted = configured.some((own) => new URL(own).origin === url.origin)
    if (!trusted && url.protocol !== 'https:' && !(url.protocol === 'http:' && allowHttp))
      throw new NotReachable('Only https is called.')
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

/** A header that came more than once means what it said first. */
function first(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header
}

type Body = AsyncIterable<Buffer> & { destroy(): unknown }

/** The body, or nothing when it breaks off or takes too long. */
async function readPatiently(body: Body, most: number): Promise<Buffer> {
  const timer = setTimeout(() => body.destroy(), patience)
  try {
    return await readShort(body, most)
  } catch {
    return Buffer.alloc(0)
  } finally {
    clearTimeout(timer)
  }
}

async function readShort(body: Body, most: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    size += chunk.length
    if (size >= most) {
      body.destroy()
      break
    }
  }
  return Buffer.concat(chunks).subarray(0, most)
}
