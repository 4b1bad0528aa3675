/** What the OSCP 2.0 wire hands in, and what it needs of those who know what a message means. */
import type { Value } from '../mapping/compile.ts'
import type { ExchangeId, PeerId, RequestId } from './ids.ts'

/** The role we play towards the caller, which is part of the URL: `/oscp/cp/2.0/…` or `/oscp/fp/2.0/…`. */
export type Face = 'cp' | 'fp'

export interface ModernRequest {
  readonly exchange: ExchangeId
  readonly peer: PeerId
  readonly face: Face
  /** Name in the contract, such as `UpdateGroupMeasurements`. */
  readonly message: string
  readonly value: Value
  readonly request: RequestId
  readonly correlation: RequestId | undefined
  /** Which of the tokens we issued it came with, as the session's `authenticate` said; opaque. */
  readonly credential?: string
}

/** Work that must not start before the answer is on the wire, such as posting a counter-message; it never rejects. */
export type AfterAnswer = () => Promise<void>

export interface ModernReceiver {
  /** Resolves when the message may be answered with 204. Throws GatewayError; then nothing was stored. */
  receive(request: ModernRequest): Promise<AfterAnswer | undefined>
}
