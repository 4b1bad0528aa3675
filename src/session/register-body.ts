/**
 * Reads a Register body: the version both speak, where the peer serves it, and the token to call it with.
 * Limits: the URL is judged by its form only; what may be connected to is judged when connecting.
 */
import { GatewayError } from '../errors.ts'
import type { Value } from '../mapping/compile.ts'
import type { SessionPeer } from './api.ts'
import { tokenOf } from './tokens.ts'

/** Spellings of the one version we speak (section 6.6), best first. */
const spoken = ['2.0', '2.0.0', '2']

export interface RegisterBody {
  readonly token: string
  readonly url: string
  readonly version: string
}

/** Throws `invalid-message`, and `version-unsupported` when the versions have none in common with ours. */
export function readRegister(value: Value, peer: SessionPeer): RegisterBody {
  const token = tokenOf(value.token, peer.profile.tokenMaxLength)
  const listed = value.version_url ?? []
  const entries = (Array.isArray(listed) ? listed : [listed]) as unknown[]
  if (entries.length === 0) throw invalid('version_url', 'must have at least 1 item(s)')
  const offers = entries.map((entry, i) => {
    const { version, base_url } = (typeof entry === 'object' && entry !== null ? entry : {}) as Value
    if (typeof version !== 'string') throw invalid(`version_url[${i}].version`, 'is required and must be a string')
    return { version: version.trim(), base_url, path: `version_url[${i}].base_url` }
  })
  const chosen = spoken.flatMap((version) => offers.find((offer) => offer.version === version) ?? [])[0]
  if (!chosen) throw new GatewayError('version-unsupported', 'No common OSCP version; supported: 2.0')
  return { token, version: '2.0', url: readUrl(chosen.base_url, chosen.path, peer) }
}

/** Whether a body is a Register at all: some answer with one inside their 200 (D-06). */
export function isRegister(body: unknown): body is Value {
  return typeof body === 'object' && body !== null && 'token' in body && 'version_url' in body
}

/** Absolute, without a slash at its end; a path alone is below the origin that was configured (D-08). */
function readUrl(text: unknown, path: string, { url: configured, profile }: SessionPeer): string {
  if (typeof text !== 'string' || text.trim() === '') throw invalid(path, 'is required and must be a string')
  if (text.length > 2048) throw invalid(path, 'must have at most 2048 characters')
  let url: URL
  try {
    url = new URL(text.trim(), configured)
  } catch (cause) {
    throw invalid(path, 'must be an absolute URL', cause)
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw invalid(path, 'must be an https URL')
  if (url.username !== '' || url.password !== '') throw invalid(path, 'must not contain a user name or password')
  if (url.search !== '' || url.hash !== '') throw invalid(path, 'must not contain a query or fragment')
  const known = configured !== undefined && new URL(configured).origin === url.origin
  if (url.protocol === 'http:' && !profile.allowHttp && !known) throw invalid(path, 'must be an https URL')
  return url.href.replace(/\/+$/, '')
}

function invalid(path: string, sentence: string, cause?: unknown): GatewayError {
  return new GatewayError('invalid-message', `${path} ${sentence}`, { problems: [{ path, sentence }], cause })
}
