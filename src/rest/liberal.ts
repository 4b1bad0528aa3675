/**
 * What single messages look like from real peers (protocol/oscp-2.0.md section 12), brought into the form of the contract.
 * Limits: only other spellings of the same meaning; what is wrong is left as it is, for the contract to refuse with its path.
 */
import { parseInstant, printInstant } from '../mapping/codecs/instant.ts'
import { asObject } from './json.ts'

export interface Reading {
  /** Zone of times without offset; undefined when they are refused. */
  readonly zone: string | undefined
}

type Members = Record<string, unknown>
type Reader = (message: Members, reading: Reading) => unknown

const readers: Readonly<Record<string, Reader>> = {
  Register: readRegister,
  Handshake: readDemands,
  HandshakeAcknowledge: readDemands,
  Heartbeat: (message) => message,
  UpdateGroupCapacityForecast: readForecast,
  AdjustGroupCapacityForecast: readForecast,
  GroupCapacityComplianceError: readCompliance,
}

/** Messages without a member that is required: an empty body, or `null`, says the same as `{}` (section 7.2). */
const mayBeEmpty = new Set(['Handshake', 'HandshakeAcknowledge', 'Heartbeat'])

/** The parsed body in the contract's form as far as its meaning is clear; `undefined` in stands for no body. */
export function readLiberally(message: string, json: unknown, reading: Reading): unknown {
  const given = (json === undefined || json === null) && mayBeEmpty.has(message) ? {} : json
  const members = asObject(given)
  if (!members) return given
  const timed = reading.zone === undefined ? members : (withOffsets(members, reading.zone) as Members)
  return readers[message]?.(timed, reading) ?? timed
}

/** D-02, D-07: a token with its scheme before it, one version instead of a list, and `url` instead of any. */
function readRegister(message: Members): Members {
  const token =
    typeof message.token === 'string' ? message.token.trim().replace(/^(?:token|bearer)\s+/i, '') : message.token
  const listed = message.version_url ?? message.url
  const versions = (Array.isArray(listed) ? listed : listed === undefined || listed === null ? [] : [listed]).map(
    readVersion,
  )
  return { ...message, token, version_url: versions }
}

/** Section 6.6: `2`, `2.0.0` and the number are 2.0; a URL alone is of the version that we speak. */
function readVersion(entry: unknown): unknown {
  if (typeof entry === 'string') return { version: '2.0', base_url: entry.trim() }
  const members = asObject(entry)
  if (!members) return entry
  const version = typeof members.version === 'number' ? String(members.version) : members.version
  const trimmed = typeof version === 'string' ? version.trim() : version
  const url = typeof members.base_url === 'string' ? members.base_url.trim() : members.base_url
  const isOurs = typeof trimmed === 'string' && /^2(?:\.0){0,2}$/.test(trimmed)
  return { ...members, version: isOurs ? '2.0' : trimmed, base_url: url }
}

/** D-11 to D-14: wrapped, flat or misspelled; wrapped wins. Unknown styles and repetitions are dropped. */
function readDemands(message: Members): Members {
  const wrapped = message.required_behaviour ?? message.required_behavior
  const flat = message.heartbeat_interval ?? message.measurement_configuration
  // A heartbeat that came along (section 7.2) stays for the session to see.
  const { offline_mode_at } = message
  const rest: Members = offline_mode_at === undefined ? {} : { offline_mode_at }
  const demands = wrapped ?? (flat === undefined ? undefined : message)
  if (demands === undefined || demands === null) return rest
  const members = asObject(demands)
  if (!members) return { ...rest, required_behaviour: demands }
  const styles = members.measurement_configuration ?? []
  const known = [...new Set(Array.isArray(styles) ? styles : [styles])].filter(
    (style) => typeof style !== 'string' || ['CONTINUOUS', 'INTERMITTENT'].includes(style),
  )
  return {
    ...rest,
    required_behaviour: { heartbeat_interval: members.heartbeat_interval, measurement_configuration: known },
  }
}

/**
 * Section 8.2: generation is a magnitude, whatever sign it comes with; an optimum below zero wishes for export, so for no import.
 * A limit of consumption below zero is nonsense, and left to be refused.
 */
function readForecast(message: Members): Members {
  const { type } = message
  const read = typeof type === 'string' ? readCapacity[type.replace(/^FALLBACK_(?=GENERATION$)/, '')] : undefined
  if (!read || !Array.isArray(message.forecasted_blocks)) return message
  const forecasted_blocks = message.forecasted_blocks.map((block) => {
    const members = asObject(block)
    return members ? { ...members, capacity: read(members.capacity) } : block
  })
  return { ...message, forecasted_blocks }
}

const readCapacity: Readonly<Record<string, (capacity: unknown) => unknown>> = Object.assign(Object.create(null), {
  GENERATION: (capacity: unknown) => {
    if (typeof capacity === 'number') return Math.abs(capacity)
    return typeof capacity === 'string' ? capacity.trim().replace(/^-/, '') : capacity
  },
  OPTIMUM: (capacity: unknown) => {
    if (typeof capacity === 'number') return Math.max(0, capacity)
    return typeof capacity === 'string' && /^-\d+(?:\.\d+)?$/.test(capacity.trim()) ? '0' : capacity
  },
})

/** Section 9.2: no blocks may be said as an empty list. */
function readCompliance(message: Members): Members {
  const { forecasted_blocks, ...rest } = message
  const none = forecasted_blocks === null || (Array.isArray(forecasted_blocks) && forecasted_blocks.length === 0)
  return none ? rest : message
}

/** The same JSON with every time that has no offset understood in this zone. */
function withOffsets(json: unknown, zone: string): unknown {
  if (Array.isArray(json)) return json.map((item) => withOffsets(item, zone))
  const members = asObject(json)
  if (!members) return json
  return Object.fromEntries(
    Object.entries(members).map(([name, value]) => {
      if (!/(?:_time|_mode_at)$/.test(name) || typeof value !== 'string') return [name, withOffsets(value, zone)]
      const instant = parseInstant(value, zone)
      return [name, typeof instant === 'number' ? printInstant(instant) : value]
    }),
  )
}
