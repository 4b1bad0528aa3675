/**
 * Access tokens of OAuth 2 client credentials (RFC 6749 section 4.4): asked for when needed, kept until shortly before they expire.
 * Limits: tokens live in this process only; a client authenticates with HTTP Basic. No secret or token is ever in an error.
 */
import type { HttpClient } from '../http/outbound.ts'

export interface OAuthClient {
  readonly tokenUrl: string
  readonly clientId: string
  readonly clientSecret?: string | undefined
  readonly scope?: string | undefined
  readonly audience?: string | undefined
}

export interface AccessTokens {
  /** Rejects when the token endpoint gives none within the time. */
  get(client: OAuthClient, withinMs: number): Promise<string>
  /** The token was refused by the peer: the next call asks for another. */
  forget(client: OAuthClient): void
}

interface Kept {
  readonly token: Promise<string>
  expires: number
}

/** `now` in milliseconds since 1970. */
export function accessTokens(http: HttpClient, now: () => number): AccessTokens {
  const kept = new Map<OAuthClient, Kept>()
  return {
    get(client, withinMs) {
      const known = kept.get(client)
      if (known && now() < known.expires) return known.token
      // Calls that come while the endpoint is being asked share its answer.
      const entry: Kept = {
        token: ask(client, withinMs, (expires) => (entry.expires = expires)),
        expires: now() + withinMs,
      }
      kept.set(client, entry)
      entry.token.catch(() => {
        if (kept.get(client) === entry) kept.delete(client)
      })
      return entry.token
    },
    forget(client) {
      kept.delete(client)
    },
  }

  async function ask(client: OAuthClient, withinMs: number, keepUntil: (at: number) => void): Promise<string> {
    const form = new URLSearchParams({ grant_type: 'client_credentials' })
    if (client.scope !== undefined) form.set('scope', client.scope)
    if (client.audience !== undefined) form.set('audience', client.audience)
    const answer = await http.send({
      url: client.tokenUrl,
      headers: {
        authorization: `Basic ${basic(client.clientId, client.clientSecret ?? '')}`,
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
      },
      body: form.toString(),
      withinMs,
      needsBody: true,
      reach: { configured: [client.tokenUrl], allowAddresses: [], allowHttp: false },
    })
    const { access_token, expires_in } = parse(answer.body)
    if (answer.status !== 200 || typeof access_token !== 'string' || !/^[\x21-\x7e]+$/.test(access_token))
      throw new Error(`The token endpoint answered ${answer.status} without a usable access token.`)
    const seconds = Number(expires_in)
    const lifetime = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 60_000
    keepUntil(now() + lifetime - Math.min(30_000, lifetime / 2))
    return access_token
  }
}

/** RFC 6749 section 2.3.1: both parts are form-encoded before they are joined. */
function basic(id: string, secret: string): string {
  const encoded = [id, secret].map((part) => new URLSearchParams({ '': part }).toString().slice(1))
  return Buffer.from(encoded.join(':')).toString('base64')
}

function parse(body: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(body)
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
