/**
 * What two peers ask of each other in Handshake and acknowledgement, read liberally and written strictly (section 7.1).
 * Limits: an interval that is no number of at least 1 is refused; one of more than a day counts as a day.
 */
import { GatewayError } from '../errors.ts'
import type { Value } from '../mapping/compile.ts'
import type { SessionPeer } from './api.ts'

export interface Demands {
  /** Milliseconds between heartbeats; absent for none. */
  readonly heartbeat?: number
  readonly measurements: readonly string[]
}

const day = 24 * 3600_000
const styles = ['CONTINUOUS', 'INTERMITTENT']

/** Wrapped, flat, empty, misspelled, with numeric strings and unknown styles (D-11 to D-14). Throws `invalid-message`. */
export function readDemands(value: Value): Demands {
  const wrapped = value.required_behaviour ?? value.required_behavior
  const flat = wrapped === undefined || wrapped === null
  const given = flat ? value : (wrapped as Value)
  const interval = given.heartbeat_interval ?? undefined
  const listed = given.measurement_configuration ?? []
  const measurements = [...new Set(Array.isArray(listed) ? listed : [listed])].filter((style) => styles.includes(style))
  if (interval === undefined) return { measurements }
  const seconds = typeof interval === 'string' && interval.trim() !== '' ? Number(interval) : interval
  if (typeof seconds !== 'number' || Number.isNaN(seconds) || seconds < 1) {
    const path = `${flat ? '' : 'required_behaviour.'}heartbeat_interval`
    const sentence = 'must be a number of at least 1'
    throw new GatewayError('invalid-message', `${path} ${sentence}`, { problems: [{ path, sentence }] })
  }
  return { heartbeat: Math.min(day, seconds * 1000), measurements }
}

/** The body of our Handshake or HandshakeAcknowledge. */
export function writeDemands({ profile }: SessionPeer, kind: 'handshake' | 'acknowledge'): Value {
  const measurements = kind === 'handshake' ? profile.measurementConfiguration : profile.ackMeasurementConfiguration
  const asks = profile.heartbeats === 'on'
  if (kind === 'acknowledge' && !asks && measurements.length === 0) return {}
  const behaviour: Value = {
    ...(asks ? { heartbeat_interval: Math.round(profile.heartbeatInterval / 1000) } : {}),
    measurement_configuration: [...measurements],
  }
  return profile.handshakeBody === 'flat' ? behaviour : { required_behaviour: behaviour }
}

/** How far ahead each heartbeat of this pace promises, in milliseconds (section 7.3). */
export function horizon(interval: number): number {
  return Math.max(3 * interval, interval + 60_000)
}

/**
 * From when the sender of a heartbeat may be taken for offline: literally, unless that is past, absurdly far or unreadable.
 * `interval` is what it was asked for, in milliseconds.
 */
export function readOfflineAt(text: unknown, now: number, interval: number): number {
  // Without an offset it would be read in the zone of this machine, which says nothing about the sender's.
  const at = typeof text === 'string' && /(?:z|[+-]\d\d:?\d\d)$/i.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(at) || at <= now) return now + 2 * interval
  return Math.min(at, now + day)
}
