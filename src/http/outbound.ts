/**
 * Calls a peer over HTTP and reads a short answer. This is the one file that imports undici.
 * A URL that the operator wrote is called as it stands. Any other came from a peer: then only https, and only addresses that
 * are public or allowed for that peer, judged on the address that is connected to, so that no name can change its mind.
 * Limits: redirects are not followed; the answer is cut at 64 KiB; one time limit covers connecting, sending and answering.
 * Who answers 2xx has taken the message: that its body then breaks off, or does not end, changes nothing.
 */
import { type LookupAddress, lookup as systemLookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { Agent, buildConnector, request } from 'undici'
import { compileReach, isAddress } from './addresses.ts'

export interface HttpAnswer {
  readonly status: number
  readonly contentType: string
  readonly retryAfter: string | undefined
  readonly body: string
}

/** What calls on behalf of one peer may reach besides https to the public internet. */
export interface Reach {
  /** URLs from the configuration: their scheme, host and port together are trusted, whatever address that is. */
  readonly configured: readonly string[]
  /** Ranges, addresses and host names. */
  readonly allowAddresses: readonly string[]
  readonly allowHttp: boolean
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

const longestAnswer = 65_536
/** How long the body of a 2xx is waited for, in milliseconds. */
const patience = 1_000

export function httpClient({ connectionsPerPeer = 64, lookup = systemLookup }: HttpClientOptions = {}): HttpClient {
  const limits = { connections: connectionsPerPeer, pipelining: 1, keepAliveTimeout: 30_000, maxResponseSize: -1 }
  const trusting = new Agent(limits)
  /** Connections made for one peer's reach are never used for another's. */
  const guarded = new Map<string, Agent>()

  return {
    async send({ method = 'POST', url, headers, body, withinMs, reach, needsBody = false }) {
      const late = new AbortController()
      // AbortSignal.timeout would leave its timer running long after the answer.
      const timer = setTimeout(() => late.abort(new Error('no answer in time')), withinMs)
      try {
        const dispatcher = dispatcherFor(new URL(url), reach)
        const answer = await request(url, { method, headers, body, dispatcher, signal: late.signal })
        const status = answer.statusCode
        const taken = status >= 200 && status < 300 && !needsBody
        return {
          status,
          contentType: first(answer.headers['content-type']) ?? '',
          retryAfter: first(answer.headers['retry-after']),
          body: await (taken ? readPatiently(answer.body) : readShort(answer.body)),
        }
      } finally {
        clearTimeout(timer)
      }
    },
    async close() {
      await Promise.all([trusting, ...guarded.values()].map((agent) => agent.destroy()))
    },
  }

  function dispatcherFor(url: URL, reach: Reach): Agent {
    if (reach.configured.some((own) => new URL(own).origin === url.origin)) return trusting
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && reach.allowHttp))
      throw new NotReachable('Only https is called.')
    const key = [...reach.allowAddresses].sort().join(' ')
    const known = guarded.get(key)
    if (known) return known
    const agent = new Agent({ ...limits, connect: guardedConnect(reach.allowAddresses, lookup) })
    guarded.set(key, agent)
    return agent
  }
}

/** A connector that gives up before, and again after, a connection to an address that may not be called. */
function guardedConnect(allowed: readonly string[], lookup: typeof systemLookup): buildConnector.connector {
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
  const connect = buildConnector({ lookup: guardedLookup } as buildConnector.BuildOptions)
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
async function readPatiently(body: Body): Promise<string> {
  const timer = setTimeout(() => body.destroy(), patience)
  try {
    return await readShort(body)
  } catch {
    return ''
  } finally {
    clearTimeout(timer)
  }
}

async function readShort(body: Body): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    size += chunk.length
    if (size >= longestAnswer) {
      body.destroy()
      break
    }
  }
  return Buffer.concat(chunks).toString('utf8', 0, longestAnswer)
}
