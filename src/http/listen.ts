/**
 * Opens and closes one HTTP listener. Closing stops new connections, tells idle ones to go, and waits for running requests.
 * Limits: slow headers and bodies are cut off by node's own timeouts, set here.
 */
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Listener {
  readonly host: string
  readonly port: number
  /** Resolves when the last request is answered, or rejects nothing after `withinMs`: then connections are cut. */
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
  server.on('request', handler)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address() as AddressInfo
  return { host, port: address.port, close: (withinMs) => close(server, withinMs) }
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

function close(server: Server, withinMs: number): Promise<void> {
  // Requests that still run answer with Connection: close, so that their connections end with them.
  server.prependListener('request', (_, response) => response.setHeader('connection', 'close'))
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), withinMs)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
    server.closeIdleConnections()
  })
}
