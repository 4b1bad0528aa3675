/**
 * Opens and closes one listener of HTTP or HTTPS. Closing stops new connections, tells idle ones to go, and waits for running
 * requests. A certificate is replaced without touching the connections there are.
 * Limits: TLS 1.2 at least; what callers may do before there is a message is in limits.ts.
 */
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import {
  defaultLimits,
  type Full,
  guard,
  type HttpLimits,
  type Refusal,
  refuseManyHeaders,
  serverOptions,
} from './limits.ts'
import type { TlsMaterial } from './tls-files.ts'

export interface Listener {
  readonly host: string
  readonly port: number
  /** From now on every answer ends its connection, so that callers go elsewhere; new connections are still taken. */
  retire(): void
  /** Resolves when the last request is answered, or after `withinMs`: then connections are cut. Never rejects. */
  close(withinMs: number): Promise<void>
  /** What new connections are met with; those that are open stay as they are. Does nothing on plain HTTP. */
  renew(material: TlsMaterial): void
}

export interface ListenerTls {
  readonly material: TlsMaterial
  /** `require` ends the handshake of whoever has none that an authority of `material.ca` signed. */
  readonly clientCertificates: 'none' | 'request' | 'require'
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
}

export interface ListenerOptions {
  readonly tls?: ListenerTls | undefined
  readonly limits?: HttpLimits | undefined
  readonly refusal?: Refusal | undefined
  /** Told of every connection that is closed because there are too many. */
  readonly onFull?: ((full: Full) => void) | undefined
}

export interface Face extends ListenerOptions {
  readonly handler: RequestListener
  readonly host: string
  readonly port: number
}

/** Listens; port 0 picks a free one. Rejects when the address cannot be had. */
export async function listen(
  handler: RequestListener,
  host: string,
  port: number,
  { tls, limits = defaultLimits, refusal = inPlainText, onFull = () => {} }: ListenerOptions = {},
): Promise<Listener> {
  const secure = tls && createTlsServer({ ...serverOptions(limits), ...tlsOptions(tls, limits) })
  const server: Server = secure ?? createServer(serverOptions(limits))
  const open: Open = { sockets: new Map(), handshaking: new Map(), responses: new Set(), retired: false }
  guard(server, limits, refusal, onFull)
  follow(server, secure, open)
  server.on('request', (request, response) => {
    open.responses.add(response)
    if (open.retired) endWith(response)
    response.once('close', () => open.responses.delete(response))
    if (!refuseManyHeaders(request, response, limits, refusal)) handler(request, response)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address() as AddressInfo
  return {
    host,
    port: address.port,
    retire: () => retire(open),
    close: (withinMs) => close(server, open, withinMs),
    renew: (material) => secure?.setSecureContext(contextOf({ ...tls!, material })),
  }
}

/** Opens all of these, in this order, or none: then it rejects with why the first could not be had. */
export async function listenAll<T extends readonly Face[]>(
  faces: readonly [...T],
): Promise<{ [K in keyof T]: Listener }> {
  const open: Listener[] = []
  try {
    for (const { handler, host, port, ...options } of faces) open.push(await listen(handler, host, port, options))
  } catch (error) {
    await Promise.all(open.map((listener) => listener.close(0)))
    throw error
  }
  return open as { [K in keyof T]: Listener }
}

function inPlainText({ message }: Error) {
  return { headers: { 'content-type': 'text/plain; charset=utf-8' }, body: message }
}

function contextOf({ material: { cert, key, ca }, minVersion }: ListenerTls) {
  // Without authorities of our own no caller is trusted: by default it would be whoever a public authority knows.
  return { cert, key, ca: ca ?? [], minVersion, honorCipherOrder: true }
}

function tlsOptions(tls: ListenerTls, limits: HttpLimits) {
  return {
    ...contextOf(tls),
    requestCert: tls.clientCertificates !== 'none',
    rejectUnauthorized: tls.clientCertificates === 'require',
    handshakeTimeout: limits.headersTimeout,
  }
}

/** What a listener must know of to end it. */
interface Open {
  /** Those that requests come on, and since when they are there. */
  readonly sockets: Map<Socket, number>
  /** Those that have not ended their TLS handshake, by the port and address they come from. */
  readonly handshaking: Map<string, Socket>
  /** Those that are not yet sent whole. */
  readonly responses: Set<ServerResponse>
  /** Whether answers end their connections. */
  retired: boolean
}

/** How long a new connection may be without its first request when the listener closes, in milliseconds: it is on its way. */
const firstRequestWithin = 1_000

function follow(server: Server, secure: TlsServer | undefined, { sockets, handshaking }: Open): void {
  const keep = (socket: Socket) => {
    sockets.set(socket, performance.now())
    socket.once('close', () => sockets.delete(socket))
  }
  if (!secure) return void server.on('connection', keep)
  const originOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`
  secure.on('connection', (socket: Socket) => {
    const origin = originOf(socket)
    handshaking.set(origin, socket)
    socket.once('close', () => handshaking.delete(origin))
  })
  secure.on('secureConnection', (socket) => {
    handshaking.delete(originOf(socket))
    keep(socket)
  })
}

function retire(open: Open): void {
  if (open.retired) return
  open.retired = true
  for (const response of open.responses) endWith(response)
}

async function close(server: Server, open: Open, withinMs: number): Promise<void> {
  retire(open)
  await quietMoment()
  await new Promise<void>((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), withinMs)
    const grace = setTimeout(() => endUnused(open, 0), firstRequestWithin)
    server.close(() => {
      clearTimeout(cut)
      clearTimeout(grace)
      resolve()
    })
    server.closeIdleConnections()
    // Answers that had begun could not say so; their connections end as soon as they are idle.
    for (const response of open.responses)
      if (response.headersSent) response.once('close', () => setImmediate(() => server.closeIdleConnections()))
    endUnused(open, firstRequestWithin)
    for (const socket of open.handshaking.values()) socket.destroy()
  })
}

/**
 * Resolves right after the event loop has looked and found nothing to do, or nearly: the system resets connections that nobody
 * has accepted when a listener closes, so it closes when there are none.
 */
async function quietMoment(): Promise<void> {
  const giveUp = performance.now() + 200
  for (let before = performance.now(), now = giveUp; ; before = now) {
    await new Promise((resolve) => setImmediate(resolve))
    now = performance.now()
    if (now - before < 0.2 || now > giveUp) return
  }
}

/** To Node a connection is only idle once it has carried a request; those are ended that have had `graceMs` for it. */
function endUnused({ sockets }: Open, graceMs: number): void {
  const now = performance.now()
  for (const [socket, since] of sockets) if (socket.bytesRead === 0 && now - since >= graceMs) socket.destroy()
}

/** The connection ends with this response, unless its headers are out already. */
function endWith(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close')
}
