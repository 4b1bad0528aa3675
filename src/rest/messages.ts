/**
 * The messages of OSCP 2.0 on the wire: path, methods, and which of our faces serves each (protocol/oscp-2.0.md section 2).
 * Limits: the gateway is no capacity optimizer; what only such a party hosts is known here, and not served.
 */
import type { Face } from '../exchange/modern.ts'

export type Method = 'POST' | 'PUT' | 'DELETE'

export interface Route {
  /** Below the base URL. */
  readonly path: string
  /** Spellings that peers use as well (D-10, D-28). */
  readonly aliases: readonly string[]
  /** Name in the contract. */
  readonly message: string
  readonly methods: readonly Method[]
  readonly faces: readonly Face[]
  /** It is about the session with the peer, not about a group. */
  readonly session: boolean
}

const both: readonly Face[] = ['cp', 'fp']
const post: readonly Method[] = ['POST']

function route(message: string, faces: readonly Face[], more: Partial<Route> = {}): Route {
  return { path: messagePath(message), aliases: [], message, methods: post, faces, session: false, ...more }
}

export const routes: readonly Route[] = [
  route('Register', both, { methods: ['POST', 'PUT', 'DELETE'], session: true }),
  // Either side may start the handshake (D-16), so either side may be told and answered.
  route('Handshake', both, { session: true }),
  route('HandshakeAcknowledge', both, {
    session: true,
    aliases: ['handshake_acknowledgment', 'handshake_acknowledgement'],
  }),
  route('Heartbeat', both, { session: true }),
  route('UpdateGroupCapacityForecast', ['fp']),
  // To an FP it comes from an optimizer only (D-25).
  route('AdjustGroupCapacityForecast', both),
  route('GroupCapacityComplianceError', ['cp']),
  route('UpdateGroupMeasurements', ['cp']),
  // Meant for an optimizer, and sent to the CP by some (D-28).
  route('UpdateAssetMeasurements', ['cp'], { aliases: ['update_asset_measurement'] }),
]

/** Extensions of some peers (D-39) that are no part of OSCP 2.0. */
const extensions = new Set(['request_capacity_price', 'update_group_capacity_price'])

const byPath = new Map(routes.flatMap((one) => [one.path, ...one.aliases].map((path) => [path, one] as const)))

/** The route of a path segment, on whatever face; 'extension' for what some peers add; undefined for what nobody knows. */
export function findRoute(path: string): Route | 'extension' | undefined {
  return byPath.get(path) ?? (extensions.has(path) ? 'extension' : undefined)
}

/** `UpdateGroupCapacityForecast` → `update_group_capacity_forecast`. */
export function messagePath(message: string): string {
  return message.replace(/(?<=[a-z])[A-Z]/g, (c) => `_${c}`).toLowerCase()
}
