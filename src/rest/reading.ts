/**
 * Makes a message in the contract's form out of the text of a body: parsed, read liberally, checked by contract and by sense.
 * Limits: a heartbeat is the one message whose time may be missing or unusable; the session then says when it ends (D-18).
 */
import type { JsonContract } from '../contract/model.ts'
import { GatewayError } from '../errors.ts'
import type { Value } from '../mapping/compile.ts'
import { asObject, parseJson } from './json.ts'
import { readLiberally } from './liberal.ts'
import { checkSense } from './sensible.ts'

/** What is particular about a peer's messages: keys of its profile, same names as in src/config/profile.ts. */
export interface ReadingProfile {
  readonly strict: boolean
  readonly timestampZoneForNaive?: string | undefined
}

const token = /^[\x21-\x7e]+$/

/** Throws `malformed-message` or `invalid-message`, each problem with its path. */
export function readMessage(
  contract: JsonContract,
  message: string,
  text: string,
  profile: ReadingProfile,
  { now, mostItems }: { readonly now: number; readonly mostItems: number },
): Value {
  const json = readLiberally(message, parseJson(text, mostItems, contract.names), {
    zone: profile.timestampZoneForNaive,
  })
  const members = asObject(json)
  if (!members) refuse('', 'must be a JSON object')
  if (message === 'Heartbeat') return readHeartbeat(contract, members)
  if (isWithoutUsage(message, members)) return { group_id: groupOf(contract, members), measurements: [] }
  const value = contract.accept(message, members)
  if (message === 'Register' && !token.test(String(value.token)))
    refuse('token', 'must be printable ASCII without blanks')
  // A heartbeat that came with a handshake is no part of its contract (section 7.2).
  if (/^Handshake/.test(message) && typeof members.offline_mode_at === 'string')
    return { ...value, offline_mode_at: members.offline_mode_at }
  checkSense(value, { now, strict: profile.strict })
  return value
}

/** The time in the contract's form, or nothing: declaring a peer offline for how it writes times would be worse. */
function readHeartbeat(contract: JsonContract, members: Value): Value {
  try {
    return contract.accept('Heartbeat', members)
  } catch {
    return {}
  }
}

/** D-29: no measurements at all say that nothing was used. */
function isWithoutUsage(message: string, { measurements }: Value): boolean {
  const none = measurements === null || (Array.isArray(measurements) && measurements.length === 0)
  return none && /^Update(?:Group|Asset)Measurements$/.test(message)
}

function groupOf(contract: JsonContract, { group_id }: Value): unknown {
  const time = new Date(0).toISOString()
  const one = { value: 0, phase: 'ALL', unit: 'KWH', direction: 'IMPORT', measure_time: time }
  return contract.accept('UpdateGroupMeasurements', { group_id, measurements: [one] }).group_id
}

function refuse(path: string, sentence: string): never {
  throw new GatewayError('invalid-message', `${path || 'the body'} ${sentence}`, { problems: [{ path, sentence }] })
}
