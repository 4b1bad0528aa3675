/**
 * Opens and closes one HTTP listener. Closing stops new connections, tells idle ones to go, and waits for running requests.
 * Limits: slow headers and bodies are cut off by node's own timeouts, set here.
 */
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

export interface Listener {
  readonly host: string
  readonly port: number
  /** Resolves when the last request is answered, or after `withinMs`: then connections are cut. Never rejects. */
  close(withinMs: number): Promise<void>
}

/** Listens; port 0 picks a free one. Rejects when the address cannot be had. */
export async function listen(handler: RequestListener, host: string, port: number): Promise<Listener> {
  const server = createServer({
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    keepAliveTimeout: 65_000,
    maxHeaderSize: 16_384,
  })
  const open: Open = { sockets: new Set(), responses: new Set() }
  server.on('connection', (socket) => {
    open.sockets.add(socket)
    socket.once('close', () => open.sockets.delete(socket))
  })
  server.on('request', (_, response) => {
    open.responses.add(response)
    response.once('close', () => open.responses.delete(response))
  })
  server.on('request', handler)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address() as AddressInfo
  return { host, port: address.port, close: (withinMs) => close(server, open, withinMs) }
}

/** Opens all of these, in this order, or none: then it rejects with why the first could not be had. */
export async function listenAll<T extends readonly { handler: RequestListener; host: string; port: number }[]>(
  faces: readonly [...T],
): Promise<{ [K in keyof T]: Listener }> {
  const open: Listener[] = []
  try {
    for (const { handler, host, port } of faces) open.push(await listen(handler, host, port))
  } catch (error) {
    await Promise.all(open.map((listener) => listener.close(0)))
    throw error
  }
  return open as { [K in keyof T]: Listener }
}

/** What a listener must know of to end it. */
interface Open {
  readonly sockets: Set<Socket>
  /** Those that are not yet sent whole. */
  readonly responses: Set<ServerResponse>
}

function close(server: Server, open: Open, withinMs: number): Promise<void> {
  server.prependListener('request', (_, response) => endAfter(server, response))
  for (const response of open.responses) endAfter(server, response)
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), withinMs)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
    server.closeIdleConnections()
    // To Node a connection is only idle once it has carried a request.
    for (const socket of open.sockets) if (socket.bytesRead === 0) socket.destroy()
  })
}

/** The connection ends with this response; if its headers are out already, as soon as it is idle. */
function endAfter(server: Server, response: ServerResponse): void {
  if (response.headersSent) response.once('close', () => setImmediate(() => server.closeIdleConnections()))
  else response.setHeader('connection', 'close')
}
