/**
 * An OSCP 2.0 party with the habits of the families in protocol/oscp-2.0.md section 12, on bare `node:http`.
 * Limits: it remembers nothing when it stops; of forecasts and measurements it only notes that they came.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Habits {
  /** What stands before the token in Authorization. */
  scheme?: string
  /** Sends X-Correlation-ID with what answers something. */
  correlates?: boolean
  /** When its own Register follows one that it received: after the 204, before it, or as the body of a 200. */
  callsBack?: 'after' | 'inside' | 'in the body' | 'never'
  /** Which Registers it calls back: those that answer none of its own, every one, or those that correlate to nothing it sent. */
  takesForNew?: 'unasked' | 'every' | 'uncorrelated'
  /** What it announces as its address. */
  announces?: 'absolute' | 'path only' | 'with a slash'
  /** Form of `version_url`. */
  versions?: 'list' | 'object' | 'url only'
  tokenPrefix?: string
  /** How its tokens look. */
  token?: () => string
  handshake?: object
  /** The body of its acknowledgement; undefined: it acknowledges nothing. */
  acknowledges?: ((handshake: unknown) => unknown) | 'never'
  acknowledgePath?: string
  /** Paths it has not, by the last part. */
  lacks?: readonly string[]
  /** Methods on /register that it has not. */
  lacksMethods?: readonly string[]
  /** A status of its own for a request that its family would refuse. */
  refuses?: (request: Received) => number | undefined
  requestId?: () => string | undefined
  /** How it answers where a script says so, before it looks at what it was told; undefined: by itself. */
  answers?: (request: Received) => Answering | undefined
}

/** What is left out is as the party would answer by itself. */
export interface Answering {
  readonly status?: number
  readonly body?: string
  readonly contentType?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly delayMs?: number
  /** Never answers. */
  readonly hang?: true
  /** Resets the connection instead of answering. */
  readonly reset?: true
}

export interface PartyOptions {
  readonly port?: number
  readonly host?: string
  /** Told of every request once it is answered; 0 as status where it never is. */
  readonly onReceived?: (request: Received) => void
  /** Told of every request of its own once there is an answer; 0 as status where none came. */
  readonly onSent?: (method: string, path: string, body: unknown, sent: Sent) => void
}

export interface Received {
  readonly method: string
  readonly path: string
  /** The last part of the path. */
  readonly name: string
  readonly headers: IncomingHttpHeaders
  readonly body: Record<string, unknown>
  readonly raw: string
  readonly at: number
  /** Of the answer. */
  status: number
}

export interface Sent {
  readonly status: number
  readonly body: string
}

export type Party = Awaited<ReturnType<typeof startParty>>

export async function startParty(role: 'cp' | 'fp' | 'co', habits: Habits = {}, options: PartyOptions = {}) {
  const {
    scheme = 'Token ',
    correlates = true,
    callsBack = 'after',
    takesForNew = 'unasked',
    announces = 'absolute',
    versions = 'list',
    acknowledges = () => ({}),
  } = habits
  const newToken = habits.token ?? (() => randomBytes(32).toString('base64url'))
  const received: Received[] = []
  const sentRequests = new Set<string>()
  /** Tokens that may call us. */
  const issued = new Set<string>()
  let theirs: { token: string; url: string } | undefined
  let online = false

  const server = createServer(async (message, response) => {
    const raw = await text(message).catch(() => '')
    const { method = '', url: path = '', headers } = message
    const name = path.split('/').pop()!
    const request: Received = { method, path, name, headers, body: parse(raw), raw, at: Date.now(), status: 0 }
    received.push(request)
    const how = habits.answers?.(request) ?? {}
    if (how.delayMs !== undefined) await sleep(how.delayMs, undefined, { ref: false })
    if (message.socket.destroyed || how.hang || how.reset) {
      if (how.reset) message.socket.resetAndDestroy()
      options.onReceived?.(request)
      return
    }
    response.once('finish', () => options.onReceived?.(request))
    // What follows from a request by itself, such as a Register in return, may fail; that is no failure of the party.
    if (how.status === undefined && how.body === undefined)
      return answer(request, response).catch(() => void response.end())
    request.status = how.status ?? 200
    response.writeHead(request.status, { 'content-type': how.contentType ?? 'application/json', ...how.headers })
    response.end(how.body)
  })
  const host = options.host ?? '127.0.0.1'
  const listen = async (port: number) => void (await once(server.listen(port, host), 'listening'))
  await listen(options.port ?? 0)
  const { port } = server.address() as AddressInfo
  const origin = `http://${host.includes(':') ? `[${host}]` : host}:${port}`
  const base = `/oscp/${role}/2.0`

  async function answer(request: Received, response: ServerResponse): Promise<void> {
    const reply = (status: number, body?: unknown) => {
      request.status = status
      response.writeHead(status, body === undefined ? {} : { 'content-type': 'application/json' })
      response.end(body === undefined ? undefined : JSON.stringify(body))
    }
    const { method, name, headers, body } = request
    const token = headers.authorization?.replace(/^(?:Token|Bearer) /, '')
    if (habits.lacks?.includes(name)) return reply(404, { message: 'not found' })
    if (habits.lacksMethods?.includes(method)) return reply(405)
    if (token === undefined) return reply(401, { message: 'no token' })
    if (!issued.has(token)) return reply(403, { message: 'wrong token' })
    const refused = habits.refuses?.(request)
    if (refused !== undefined) return reply(refused, { statusCode: refused, message: 'refused', error: 'Refused' })
    if (name === 'register' && method === 'DELETE') {
      theirs = undefined
      issued.clear()
      online = false
      return reply(204)
    }
    if (name === 'register') return answerRegister(request, reply)
    reply(204)
    if (name === 'handshake') {
      if (acknowledges === 'never') return
      await sleep(20)
      await send(habits.acknowledgePath ?? 'handshake_acknowledge', acknowledges(body), request)
      online = true
    }
    if (name.startsWith('handshake_ack')) online = true
  }

  async function answerRegister({ method, headers, body }: Received, reply: (status: number, body?: unknown) => void) {
    const [first] = body.version_url as { version: string; base_url: string }[]
    theirs = { token: String(body.token), url: first!.base_url }
    const answersOurs = sentRequests.has(String(headers['x-correlation-id']))
    const isNew = method === 'POST' && { unasked: !waiting, every: true, uncorrelated: !answersOurs }[takesForNew]
    waiting = false
    if (!isNew || callsBack === 'never') return reply(204)
    const own = ownRegister()
    const correlation = String(headers['x-request-id'])
    if (callsBack === 'in the body') return reply(200, own)
    if (callsBack === 'inside') await call('POST', 'register', own, correlation)
    reply(204)
    if (callsBack === 'after') await sleep(20).then(() => call('POST', 'register', own, correlation))
  }

  /** A Register of ours went out and its answer has not come. */
  let waiting = false

  function ownRegister(): Record<string, unknown> {
    const token = newToken()
    issued.add(token)
    const base_url = announces === 'path only' ? base : `${origin}${base}${announces === 'with a slash' ? '/' : ''}`
    const entry = { version: '2.0', base_url }
    const listed =
      versions === 'list'
        ? { version_url: [entry] }
        : versions === 'object'
          ? { version_url: entry }
          : { url: base_url }
    return { token: `${habits.tokenPrefix ?? ''}${token}`, ...listed }
  }

  async function call(method: string, path: string, body: unknown, correlation?: string): Promise<Sent> {
    const request = habits.requestId ? habits.requestId() : randomUUID()
    if (request !== undefined) sentRequests.add(request)
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      authorization: scheme + theirs!.token,
    }
    if (request !== undefined) headers['x-request-id'] = request
    if (correlation !== undefined && correlates) headers['x-correlation-id'] = correlation
    const content = body === undefined ? {} : { body: JSON.stringify(body) }
    try {
      const response = await fetch(`${theirs!.url}/${path}`, { method, headers, ...content })
      const sent = { status: response.status, body: await response.text() }
      options.onSent?.(method, path, body, sent)
      return sent
    } catch (error) {
      options.onSent?.(method, path, body, { status: 0, body: (error as Error).message })
      throw error
    }
  }

  async function send(path: string, body: unknown, answering?: Received): Promise<Sent> {
    return call('POST', path, body, answering && String(answering.headers['x-request-id']))
  }

  return {
    url: `${origin}${base}`,
    origin,
    received,
    send,
    get theirs() {
      return theirs
    },
    get online() {
      return online
    },
    /** A TOKEN_A for the other side, if that is to begin. */
    issue(): string {
      const token = newToken()
      issued.add(token)
      return token
    },
    /** A TOKEN_A that was agreed by hand. */
    takes(token: string): void {
      issued.add(token)
    },
    /** Takes a token that was agreed by hand as good, and knows where to call with which. */
    agree(ours: string, to: { token: string; url: string }): void {
      issued.add(ours)
      theirs = to
    },
    /** Begins: the other side's TOKEN_A and address came by hand. */
    async register(url: string, token: string, method = 'POST'): Promise<Sent> {
      theirs = { url, token }
      waiting = method === 'POST'
      return call(method, 'register', ownRegister())
    },
    put: () => call('PUT', 'register', ownRegister()),
    unregister: (body?: unknown) => call('DELETE', 'register', body),
    handshake: () =>
      send(
        'handshake',
        habits.handshake ?? {
          required_behaviour: { heartbeat_interval: 60, measurement_configuration: ['CONTINUOUS'] },
        },
      ),
    got: (name: string, method = 'POST') => received.filter((one) => one.name === name && one.method === method),
    /** The nth request with this name, past or future. */
    async waitFor(name: string, nth = 1, method = 'POST', timeoutMs = 15_000): Promise<Received> {
      for (const deadline = Date.now() + timeoutMs; ; await sleep(5)) {
        const found = received.filter((one) => one.name === name && one.method === method && one.status !== 0)[nth - 1]
        if (found) return found
        if (Date.now() > deadline)
          throw new Error(
            `${timeoutMs} ms in vain for ${name}; there were ${received.map((one) => `${one.method} ${one.name} ${one.status}`)}`,
          )
      }
    },
    /** Closes the port and every connection; what it knows stays. */
    async stop(): Promise<void> {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
    /** Listens again on the same port. */
    async restart(): Promise<void> {
      if (!server.listening) await listen(port)
    },
  }
}

function parse(raw: string): Record<string, unknown> {
  try {
    return (JSON.parse(raw) as Record<string, unknown> | null) ?? {}
  } catch {
    return {}
  }
}
