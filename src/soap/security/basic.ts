/** HTTP Basic, both ways (RFC 7617): a caller's name and password as the request's Authorization, in UTF-8. */
import { GatewayError } from '../../errors.ts'
import type { User } from './policy.ts'
import { isSameSecret, readBase64 } from './refusal.ts'
import { findUser } from './username-token.ts'

/** What a caller is told to send, with status 401. */
export const basicChallenge = 'Basic realm="OSCP 1.0", charset="UTF-8"'

/** Throws GatewayError `credentials-needed`, which is answered with a challenge. */
export function verifyBasic(authorization: string | undefined, users: readonly User[]): User {
  const [, encoded] = /^Basic +(\S+) *$/i.exec(authorization ?? '') ?? []
  if (encoded === undefined)
    throw new GatewayError('credentials-needed', 'Call with a user name and a password (HTTP Basic).')
  const text = readBase64(encoded)?.toString('utf8') ?? ''
  const colon = text.indexOf(':')
  const given = text.slice(colon + 1)
  const user = findUser(users, text.slice(0, Math.max(colon, 0)), (password) => isSameSecret(password, given))
  if (!user || colon < 0)
    throw new GatewayError('credentials-needed', 'The user is unknown or the password is wrong (HTTP Basic).')
  return user
}

export function basicAuthorization({ username, password = '' }: User): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}
