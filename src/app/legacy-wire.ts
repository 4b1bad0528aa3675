/** How legacy parties are called: each by its contract, over its own TLS, with what it wants for its security. */
import { randomBytes } from 'node:crypto'
import { securityOf } from '../config.ts'
import type { PeerId } from '../exchange/ids.ts'
import type { LegacyWire } from '../exchange/legacy.ts'
import type { HttpClient } from '../http/outbound.ts'
import { type Draft, soapOutbound } from '../soap/outbound.ts'
import { secureEnvelope, securityHeaders } from '../soap/security/outgoing.ts'
import { contractOf } from './links.ts'
import type { Ground } from './parts.ts'
import type { Certificates } from './tls.ts'

/** How many times the largest request an answer may be: it may hold the forecasts of all cables. */
const answersToRequests = 8

export function openLegacyWire(
  { config, crossings, legacy, tracing, now }: Ground,
  http: HttpClient,
  tls: Certificates['peer'],
): LegacyWire {
  const shown = (id: PeerId) => securityOf(config, id).out ?? {}
  const peers = legacy.map((peer) => ({
    ...peer,
    headersOut: { ...peer.headersOut, ...securityHeaders(shown(peer.id)) },
    services: contractOf(crossings, config, peer.id),
    tls: tls(peer.id),
  }))
  const seal = (peer: PeerId, draft: Draft) => secureEnvelope(shown(peer), draft, now(), randomBytes(16))
  const longestAnswer = answersToRequests * config.bodyLimit
  return tracing.legacyWire(soapOutbound({ http, peers, longestAnswer, now, seal }))
}
