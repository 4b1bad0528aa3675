/**
 * Takes whatever authorises a request of this process, sent or received, for a secret.
 * Limits: what goes only between two other processes is not seen.
 */
import { subscribe } from 'node:diagnostics_channel'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { secret } from './secrets.ts'

export function listenForSecrets(): void {
  subscribe('http.server.request.start', (message) => {
    note((message as { request: IncomingMessage }).request.headers.authorization)
  })
  subscribe('http.client.request.start', (message) => {
    note((message as { request: ClientRequest }).request.getHeader('authorization'))
  })
  // Both of fetch and of the undici that the gateway calls with.
  subscribe('undici:request:create', (message) => {
    const { headers } = (message as { request: { headers: string | readonly string[] } }).request
    const lines = typeof headers === 'string' ? headers.split('\r\n') : pairs(headers)
    for (const line of lines) note(/^authorization: (.*)$/i.exec(line)?.[1])
  })
}

function pairs(headers: readonly string[]): string[] {
  return headers.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${headers[i + 1]}`] : []))
}

/** A scheme and a credential; of HTTP Basic the password is the secret, too. */
function note(authorization: unknown): void {
  const [, scheme = '', credential] = /^(\S+) +(.+)$/.exec(String(authorization ?? '')) ?? []
  if (credential === undefined) return
  secret(credential)
  if (/^basic$/i.test(scheme)) secret(Buffer.from(credential, 'base64').toString().split(':').slice(1).join(':'))
}
