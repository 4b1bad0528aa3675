/**
 * Binds the certificate of a TLS connection to the party that it was agreed with.
 * Limits: TLS has proven that the caller holds the key; who issued the certificate is judged here, or by the listener.
 */
import { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { Trust } from './certificates.ts'
import type { TrustedCertificate } from './policy.ts'
import { refuse } from './refusal.ts'

/** Throws GatewayError `caller-refused`. */
export function verifyClientCertificate(request: IncomingMessage, trust: Trust, now: number): TrustedCertificate {
  // A connection without TLS has no such method.
  const socket = request.socket as Partial<TLSSocket>
  const raw = socket.getPeerCertificate?.()?.raw
  if (!raw) refuse('Call with a client certificate.')
  const found = trust.find(new X509Certificate(raw), now, socket.authorized === true)
  return found ?? refuse('The client certificate is not one of this party.')
}
