/** Calls over TLS as a partner makes them, with what the test trusts and shows; each on a connection of its own. */
import { once } from 'node:events'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { text } from 'node:stream/consumers'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'

export interface TlsAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Rejects when the handshake fails, on whichever side. */
export async function callTls(
  url: string,
  tls: ConnectionOptions,
  {
    method = 'POST',
    headers = {},
    body = '',
  }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<TlsAnswer> {
  const length = { 'content-length': String(Buffer.byteLength(body)) }
  const call = request(url, { method, agent: false, headers: { ...length, ...headers }, ...tls })
  const answered = once(call, 'response') as Promise<[IncomingMessage]>
  call.end(body)
  const [response] = await answered
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) }
}

/** The serial number of the certificate that a server shows. */
export async function serialShown(port: number, ca: string): Promise<string> {
  const socket: TLSSocket = connect({ host: '127.0.0.1', servername: 'localhost', port, ca })
  try {
    await once(socket, 'secureConnect')
    return socket.getPeerCertificate().serialNumber
  } finally {
    socket.destroy()
  }
}
