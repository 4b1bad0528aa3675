/**
 * What one listener lets callers do before there is a message: how many connections, how large headers, how slow they may be.
 * Whoever goes beyond is told so in the words of the wire if HTTP allows it, and loses the connection.
 * Limits: connections beyond the limit are closed without a word; behind a proxy every caller has the proxy's address.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { GatewayError } from '../errors.ts'
import { originOf } from './addresses.ts'

/** Times in milliseconds, sizes in bytes. */
export interface HttpLimits {
  /** Request line and headers together. */
  readonly headerBytes: number
  readonly headers: number
  /** From the connection, or the request before, until the last header; of TLS, until its handshake is done. */
  readonly headersTimeout: number
  /** Until the last byte of the body. */
  readonly requestTimeout: number
  /** How long a connection may be idle between requests. */
  readonly keepAliveTimeout: number
  readonly connections: number
  readonly connectionsPerAddress: number
}

export const defaultLimits: HttpLimits = {
  headerBytes: 16_384,
  headers: 100,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 65_000,
  connections: 4096,
  connectionsPerAddress: 1024,
}

/** How a face tells a caller, and whoever watches, that there is no message to answer. The status is that of the JSON wire. */
export type Refusal = (error: GatewayError) => {
  /** `content-type` among them; those that end the connection come from here. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The options of node's servers that are these limits. */
export function serverOptions(limits: HttpLimits) {
  return {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersTimeout,
    requestTimeout: limits.requestTimeout,
    keepAliveTimeout: limits.keepAliveTimeout,
    connectionsCheckingInterval: Math.min(1000, limits.headersTimeout),
  }
}

/** Why a connection was closed at once: `from` is the address, or the network, that has too many. */
export interface Full {
  readonly limit: 'connections' | 'connectionsPerAddress'
  readonly from: string
}

/** Counts connections, and answers for what node refuses by itself. To be called before the server listens. */
export function guard(server: Server, limits: HttpLimits, refusal: Refusal, onFull: (full: Full) => void): void {
  server.maxConnections = limits.connections
  // Node leaves headers beyond this number out in silence, so one more is let in to be noticed.
  server.maxHeadersCount = limits.headers + 1
  const perOrigin = new Map<string, number>()
  server.on('connection', (socket: Socket) => {
    const origin = originOf(socket.remoteAddress ?? '')
    const count = (perOrigin.get(origin) ?? 0) + 1
    perOrigin.set(origin, count)
    socket.once('close', () => {
      const left = (perOrigin.get(origin) ?? 1) - 1
      if (left === 0) perOrigin.delete(origin)
      else perOrigin.set(origin, left)
    })
    if (count <= limits.connectionsPerAddress) return
    socket.destroy()
    onFull({ limit: 'connectionsPerAddress', from: origin })
  })
  server.on('drop', (dropped) => onFull({ limit: 'connections', from: originOf(dropped?.remoteAddress ?? '') }))
  const answering = new WeakMap<Socket, ServerResponse>()
  server.on('request', (request, response) => answering.set(request.socket, response))
  const ended = new WeakSet<Socket>()
  server.on('clientError', (cause: NodeJS.ErrnoException, socket: Socket) => {
    if (ended.has(socket)) return
    ended.add(socket)
    const error = refusalOf(cause)
    const response = answering.get(socket)
    // Half an answer must not be followed by another; one that is sent whole may.
    const begun = response?.headersSent === true && !response.writableFinished
    if (!error || begun || !socket.writable) return void socket.destroy()
    endWith(socket, error, refusal)
  })
}

/** Answers a request that has more headers than the limit; false if it has not. */
export function refuseManyHeaders(
  request: IncomingMessage,
  response: ServerResponse,
  limits: HttpLimits,
  refusal: Refusal,
): boolean {
  if (request.rawHeaders.length / 2 <= limits.headers) return false
  const error = new GatewayError('headers-too-large', `The request has more than ${limits.headers} headers.`)
  const { headers, body } = refusal(error)
  const length = Buffer.byteLength(body)
  response.writeHead(error.row.json, { ...headers, 'content-length': length, connection: 'close' }).end(body)
  request.resume()
  return true
}

/** Undefined for what cannot be answered: the caller is gone, also in the middle of a request, or never spoke TLS. */
function refusalOf(cause: NodeJS.ErrnoException): GatewayError | undefined {
  const { code = '' } = cause
  if (code === 'HPE_HEADER_OVERFLOW')
    return new GatewayError('headers-too-large', 'The headers of the request are too large.', { cause })
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new GatewayError('request-timeout', 'The request did not arrive in time.', { cause })
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW')
    return new GatewayError('message-too-large', 'The body has chunk extensions that are too large.', { cause })
  if (code.startsWith('HPE_') && code !== 'HPE_INVALID_EOF_STATE')
    return new GatewayError('malformed-message', 'The request is not HTTP/1.1.', { cause })
  return undefined
}

/** How long a refused caller may go on sending, so that it lives to read why. */
const patience = 1_000

function endWith(socket: Socket, error: GatewayError, refusal: Refusal): void {
  const { headers, body } = refusal(error)
  const head = [
    `HTTP/1.1 ${error.row.json} ${reasonPhrase[error.row.json] ?? 'Refused'}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), patience)
  socket.once('close', () => clearTimeout(timer))
}

const reasonPhrase: Record<number, string> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  413: 'Content Too Large',
  431: 'Request Header Fields Too Large',
}
