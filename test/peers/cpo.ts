/** A simulated charge point operator (CPO): an OSCP 2.0 flexibility provider on bare `node:http`, with checks of its own. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Received {
  method: string
  path: string
  headers: IncomingHttpHeaders
  /** The parsed JSON; undefined when the body is none. */
  body: unknown
  rawBody: string
  /** Arrival in epoch milliseconds. */
  at: number
  /** HTTP status of the answer, once there is one. */
  status?: number
}

/** What is left out stays as the CPO would answer by itself; only a valid forecast that gets a 2xx counts as accepted. */
export interface Behaviour {
  status?: number
  body?: string | object
  contentType?: string
  headers?: Record<string, string>
  delayMs?: number
  /** Never answers. */
  hang?: true
  /** Resets the connection (TCP RST) instead of answering. */
  reset?: true
}

/** `nth` counts from 1 since the call of `behave`; undefined means the CPO's own answer. */
export type Behave = Behaviour | ((request: Received, nth: number) => Behaviour | undefined)

export type Cpo = Awaited<ReturnType<typeof startCpo>>

interface Forecast {
  group_id: string
  type: string
  forecasted_blocks: { capacity: number; phase: string; unit: string; start_time: string; end_time: string }[]
}

const BASE = '/oscp/fp/2.0'
const FORECAST = `${BASE}/update_group_capacity_forecast`
const ROUTES: Record<string, string[]> = {
  [FORECAST]: ['POST'],
  [`${BASE}/register`]: ['POST', 'PUT', 'DELETE'],
  [`${BASE}/handshake`]: ['POST'],
  [`${BASE}/handshake_acknowledge`]: ['POST'],
  [`${BASE}/heartbeat`]: ['POST'],
}
const TYPES = ['CONSUMPTION', 'GENERATION', 'FALLBACK_CONSUMPTION', 'FALLBACK_GENERATION', 'OPTIMUM']
const PHASES = ['UNKNOWN', 'ONE', 'TWO', 'THREE', 'ALL']
const UNITS = ['A', 'W', 'KW', 'WH', 'KWH']
const TIME = /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{3})?(Z|[+-]\d\d:\d\d)$/
const STRICT_TIME = 'must be an RFC 3339 time with an offset and 0 or 3 fraction digits'

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Epoch milliseconds of a time as the strict SolarNetwork family reads it, else NaN (for 30 February, too). */
const instantOf = (value: unknown) => {
  const [time, year, month, day] = (typeof value === 'string' && TIME.exec(value)) || []
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)))
  return time !== undefined && date.getUTCDate() === Number(day) ? Date.parse(time) : Number.NaN
}

const faultOfBlock = (block: unknown) => {
  if (!isObject(block)) return 'must be an object'
  const { capacity, phase, unit, start_time, end_time } = block
  if (typeof capacity !== 'number' || !Number.isFinite(capacity) || capacity < 0)
    return 'capacity must be a number >= 0'
  if (!PHASES.includes(phase as string)) return `phase must be one of ${PHASES.join(', ')}`
  if (!UNITS.includes(unit as string)) return `unit must be one of ${UNITS.join(', ')}`
  if (Number.isNaN(instantOf(start_time))) return `start_time ${STRICT_TIME}`
  if (Number.isNaN(instantOf(end_time))) return `end_time ${STRICT_TIME}`
  return instantOf(end_time) > instantOf(start_time) ? undefined : 'end_time must be later than start_time'
}

const faultOfForecast = (body: unknown) => {
  if (!isObject(body)) return 'the body must be an object'
  const { group_id, type, forecasted_blocks: blocks } = body
  if (typeof group_id !== 'string' || group_id === '') return 'group_id must be a text that is not empty'
  if (!TYPES.includes(type as string)) return `type must be one of ${TYPES.join(', ')}`
  if (!Array.isArray(blocks) || blocks.length === 0) return 'forecasted_blocks must be a list that is not empty'
  const faults = blocks.map(faultOfBlock)
  const index = faults.findIndex((fault) => fault !== undefined)
  return index < 0 ? undefined : `forecasted_blocks[${index}]: ${faults[index]}`
}

/** The status and, unless it is 204, the message with which the CPO answers by itself. */
const judge = (
  { method, path, headers, body, rawBody }: Received,
  token: string,
): [status: number, message: string] => {
  const methods = ROUTES[path]
  if (!methods) return [404, `nothing is served at ${path}`]
  if (!methods.includes(method)) return [405, `${path} takes ${methods.join(', ')}`]
  if (headers.authorization === undefined) return [401, 'Authorization is missing']
  if (headers.authorization !== `Token ${token}`) return [403, 'the token is not known here']
  if (!headers['x-request-id']) return [400, 'X-Request-ID is missing']
  if (method === 'DELETE' && rawBody === '') return [204, '']
  if (!/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')) return [415, 'send application/json']
  if (body === undefined) return [400, 'the body is not JSON']
  const fault = path === FORECAST ? faultOfForecast(body) : undefined
  return fault === undefined ? [204, ''] : [400, fault]
}

const parse = (rawBody: string): unknown => {
  try {
    return JSON.parse(rawBody)
  } catch {
    return undefined
  }
}

export const startCpo = async (options: { host?: string; port?: number; token?: string } = {}) => {
  const token = options.token ?? 'cpo-token'
  const received: Received[] = []
  const accepted: Forecast[] = []
  let behaviour: Behave = {}
  let nth = 0

  const answer = (request: Received, response: ServerResponse, how: Behaviour) => {
    const [ownStatus, message] = judge(request, token)
    const status = how.status ?? (how.body === undefined ? ownStatus : 200)
    const body = how.body ?? (how.status === undefined && message !== '' ? { message } : '')
    const type = how.contentType ?? (typeof body === 'object' ? 'application/json' : 'text/plain; charset=utf-8')
    const valid = request.path === FORECAST && ownStatus === 204
    if (valid && status >= 200 && status < 300) accepted.push(request.body as Forecast)
    request.status = status
    response.writeHead(status, { ...(body === '' ? {} : { 'Content-Type': type }), ...how.headers })
    response.end(typeof body === 'object' ? JSON.stringify(body) : body)
  }

  const server = createServer(async (message, response) => {
    const rawBody = await text(message).catch(() => undefined)
    if (rawBody === undefined) return // the caller went away while it was still sending
    const { method = '', url: path = '', headers } = message
    const request: Received = { method, path, headers, body: parse(rawBody), rawBody, at: Date.now() }
    received.push(request)
    const how = (typeof behaviour === 'function' ? behaviour(request, ++nth) : behaviour) ?? {}
    if (how.delayMs !== undefined) await sleep(how.delayMs, undefined, { ref: false })
    if (how.hang || message.socket.destroyed) return // a caller who has gone gets nothing accepted either
    if (how.reset) message.socket.resetAndDestroy()
    else answer(request, response, how)
  })

  const listen = async (port: number) => {
    server.listen(port, options.host ?? '127.0.0.1')
    await once(server, 'listening')
  }
  await listen(options.port ?? 0)
  const { port } = server.address() as AddressInfo

  return {
    url: `http://127.0.0.1:${port}${BASE}`,
    port,
    token,
    /** Every request in order of arrival, rejected ones too. */
    received,
    /** How the following requests are answered; without an argument as the CPO would by itself. */
    behave(next: Behave = {}): void {
      behaviour = next
      nth = 0
    },
    /** The nth request received (a number), or the first one, past or future, that fits. */
    async waitFor(wanted: number | ((request: Received) => boolean), timeoutMs = 2000): Promise<Received> {
      for (const deadline = Date.now() + timeoutMs; ; await sleep(5)) {
        const found = typeof wanted === 'number' ? received[wanted - 1] : received.find(wanted)
        if (found) return found
        if (Date.now() > deadline) throw new Error(`${timeoutMs} ms in vain; the CPO has ${received.length} requests`)
      }
    },
    /** What holds at an instant: the last accepted message that covers it wins, within one message the lowest value. */
    limitAt(group: string, instant: number | Date, phase = 'ALL', type = 'CONSUMPTION') {
      const covers = (block: Forecast['forecasted_blocks'][number]) =>
        block.phase === phase && Date.parse(block.start_time) <= +instant && +instant < Date.parse(block.end_time)
      const forecasts = accepted.filter((forecast) => forecast.group_id === group && forecast.type === type)
      const winner = forecasts.findLast((forecast) => forecast.forecasted_blocks.some(covers))
      const [lowest] = winner?.forecasted_blocks.filter(covers).sort((a, b) => a.capacity - b.capacity) ?? []
      return lowest && { capacity: lowest.capacity, unit: lowest.unit }
    },
    /** Closes the port and every connection; what was received and accepted stays. */
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
