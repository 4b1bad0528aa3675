/** What the gateway hosts for one legacy party, compiled once from the services of its dialect. */
import type { LegacyRole, Operation, Service } from '../contract/model.ts'
import type { PeerId } from '../exchange/ids.ts'
import { compileEncoder, type Encoder } from './encode.ts'
import { compileService, type ServiceReader } from './envelope.ts'
import { type Publisher, publishWsdl } from './publish.ts'
import type { Guard } from './security/guard.ts'

/** A legacy party as the SOAP wire sees it: who it is, the services of its dialect, and what it may ask for. */
export interface SoapPeer {
  readonly id: PeerId
  readonly role: LegacyRole
  readonly services: readonly Service[]
  /** Who may speak for it. */
  readonly guard: Guard
  /** The operations it may call; undefined for all. */
  readonly operations?: ReadonlySet<string> | undefined
  /** Operations that do no harm when they are done twice. */
  readonly harmless: ReadonlySet<string>
  /** Whether it may have its answers sent to this host instead of on the HTTP response. */
  readonly mayReply: (host: string) => boolean
}

export interface Endpoint {
  readonly peer: SoapPeer
  readonly reader: ServiceReader
  readonly encoders: ReadonlyMap<Operation, Encoder>
  /** The WSDL, or one of the files it imports; undefined for one that it does not. */
  readonly publish: Publisher
}

export function compileEndpoint(peer: SoapPeer): Endpoint {
  const host = peer.role === 'dso' ? 'csp' : 'dso'
  const service = peer.services.find((s) => s.host === host)
  if (!service) throw new Error(`The contract of ${peer.id} has no service that a ${host} hosts`)
  return {
    peer,
    reader: compileService(service),
    encoders: new Map(service.operations.map((operation) => [operation, compileEncoder(operation.output)])),
    publish: publishWsdl(service),
  }
}
