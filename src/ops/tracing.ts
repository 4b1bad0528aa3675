/**
 * What traces put around the parts of the gateway, and what stands there without any.
 * Limits: it loads nothing of OpenTelemetry, which a start without traces need not wait for.
 */
import type { RequestListener } from 'node:http'
import type { ExchangeId, PeerId, RequestId } from '../exchange/ids.ts'
import type { LegacyWire } from '../exchange/legacy.ts'
import type { Observer } from '../exchange/observer.ts'
import type { ModernWire } from '../exchange/peers.ts'
import type { HttpClient } from '../http/outbound.ts'
import type { Crossing } from '../mapping/crossings.ts'

/** What the composition puts around its parts; each gives back the same kind of part. */
export interface Tracing {
  readonly observer: Observer
  serve(listener: RequestListener): RequestListener
  receiver<Request extends Received, T>(receiver: Receives<Request, T>): Receives<Request, T>
  crossings(crossings: readonly Crossing[]): readonly Crossing[]
  modernWire(wire: ModernWire): ModernWire
  legacyWire(wire: LegacyWire): LegacyWire
  call<Given extends Called, Said extends { readonly verdict: string }>(
    call: (given: Given) => Promise<Said>,
  ): (given: Given) => Promise<Said>
  http(client: HttpClient): HttpClient
  /** Sends what is left. */
  stop(): Promise<void>
}

interface Received {
  readonly exchange: ExchangeId
  readonly peer: PeerId
}
interface Receives<Request, T> {
  receive(request: Request): Promise<T>
}
interface Called {
  readonly peer: PeerId
  readonly message: string
  readonly request: RequestId
}

const nobody = () => undefined

/** Puts nothing around anything. */
export const untraced: Tracing = {
  observer: { exchanged: nobody, attempted: nobody, alarm: nobody },
  serve: (listener) => listener,
  receiver: (receiver) => receiver,
  crossings: (crossings) => crossings,
  modernWire: (wire) => wire,
  legacyWire: (wire) => wire,
  call: (call) => call,
  http: (client) => client,
  stop: async () => undefined,
}
