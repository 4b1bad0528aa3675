/** The habits of known peers, as protocol/oscp-2.0.md section 12 tells of them. */
import { randomBytes } from 'node:crypto'
import type { Habits, Received } from './party.ts'

const exactScheme = ({ headers }: Received) => (/^Token /.test(headers.authorization ?? '') ? undefined : 403)

/** SolarNetwork, an FP: no correlation on its Register, calls back on every one, empty demands, standard base64, no PUT. */
export const sn: Habits = {
  correlates: false,
  takesForNew: 'every',
  token: () => randomBytes(48).toString('base64'),
  acknowledges: () => ({ required_behaviour: {} }),
  lacksMethods: ['PUT', 'DELETE'],
  refuses: (request) => {
    if (request.headers['x-request-id'] === undefined) return 400
    if (!/^application\/json/.test(request.headers['content-type'] ?? '')) return 415
    return exactScheme(request) ?? (String(request.body.token ?? '').length > 64 ? 422 : undefined)
  },
}

/** ELMO, a CP: long tokens, path-only address, no heartbeats, demands correlation, one version and request ids. */
export const elmo: Habits = {
  correlates: false,
  takesForNew: 'every',
  announces: 'path only',
  token: () => randomBytes(128).toString('hex'),
  handshake: { required_behaviour: { measurement_configuration: ['CONTINUOUS'] } },
  acknowledges: () => ({}),
  lacks: ['heartbeat'],
  refuses: (request) => {
    const { headers, name, body } = request
    if (headers['x-request-id'] === undefined) return 403
    if (name === 'register' && (body.version_url as unknown[]).length !== 1) return 400
    if (/^handshake_ack|compliance/.test(name) && headers['x-correlation-id'] === undefined) return 400
    return exactScheme(request)
  },
}

/** Academic Python family: calls back inside the handler, loops without correlation, misspells the ack, short ids. */
export const py: Habits = {
  callsBack: 'inside',
  takesForNew: 'uncorrelated',
  acknowledgePath: 'handshake_acknowledgment',
  requestId: () => randomBytes(8).toString('base64url'),
  acknowledges: (handshake) => {
    const { required_behaviour } = handshake as { required_behaviour: { heartbeat_interval: number } }
    return { required_behaviour: { heartbeat_interval: required_behaviour.heartbeat_interval } }
  },
  refuses: ({ name, body }) =>
    name === 'handshake' &&
    (body.required_behaviour as { heartbeat_interval?: number })?.heartbeat_interval === undefined
      ? 500
      : undefined,
}

/** A client generated from the OpenAPI transcription: Bearer and flat bodies. */
export const sdk: Habits = {
  scheme: 'Bearer ',
  handshake: { heartbeat_interval: 60, measurement_configuration: ['INTERMITTENT'] },
  acknowledges: () => ({ heartbeat_interval: 60, measurement_configuration: [] }),
}
