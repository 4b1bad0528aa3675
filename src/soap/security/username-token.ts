/**
 * Verifies a UsernameToken (OASIS profile 1.0): the password as text, or its digest over nonce and time of creation.
 * Limits: it only says what must be claimed, so that the same token does not count twice; claiming is the caller's.
 */
import { createHash } from 'node:crypto'
import { onlyChild, type XmlNode } from './header.ts'
import { base64Encoding, wsse, wsu } from './names.ts'
import type { InPolicy, User } from './policy.ts'
import { isSameSecret, readBase64, refuse } from './refusal.ts'
import { checkCreated, readInstant, type Times } from './timestamp.ts'

export interface VerifiedUser {
  readonly user: User
  /** What makes this token different from every other; undefined when it has no nonce. */
  readonly once: string | undefined
}

const longestNonce = 256

/** Throws GatewayError: `caller-refused`, or `message-stale` once the password is known to be right. */
export function verifyUsernameToken(
  security: XmlNode | undefined,
  policy: NonNullable<InPolicy['usernameToken']>,
  times: Times,
  now: number,
): VerifiedUser {
  const token = security && onlyChild(security, wsse, 'UsernameToken')
  if (!token) refuse('The message must have a Security header with a UsernameToken.')
  const name = onlyChild(token, wsse, 'Username')
  const password = onlyChild(token, wsse, 'Password')
  if (!name || !password) refuse('The UsernameToken must hold a Username and a Password.')
  const nonce = readNonce(token)
  const created = onlyChild(token, wsu, 'Created')
  const at = created && readInstant(created)
  const kind = passwordKind(password)
  if (policy.passwordType !== 'any' && policy.passwordType !== kind)
    refuse(`The password must be sent as ${policy.passwordType === 'text' ? 'PasswordText' : 'PasswordDigest'}.`)
  if (kind === 'digest' && (!nonce || !created)) refuse('A PasswordDigest needs a Nonce and a time of creation.')
  if (policy.nonce === 'required' && (!nonce || !created))
    refuse('The UsernameToken must hold a Nonce and a time of creation.')

  const expected = (secret: string) =>
    kind === 'text' ? secret : digest(nonce ?? Buffer.alloc(0), created?.text.trim() ?? '', secret)
  const given = kind === 'text' ? password.text : password.text.trim()
  const user = findUser(policy.users, name.text.trim(), (secret) => isSameSecret(expected(secret), given))
  if (!user) refuse('The user is unknown or the password is wrong.')
  if (at !== undefined) checkCreated(at, times, now)
  const once = nonce && JSON.stringify([user.username, created?.text.trim(), nonce.toString('base64')])
  return { user, once }
}

/** The user of this name whose password is the right one. A name may be there twice, so that a password can be changed. */
export function findUser(
  users: readonly User[],
  name: string,
  isRight: (password: string) => boolean,
): User | undefined {
  const named = users.filter(({ username }) => username === name)
  // An unknown name costs as much as a known one.
  if (named.length === 0) isRight('')
  return named.find(({ password }) => password !== undefined && isRight(password))
}

/** Base64 of SHA-1 over nonce, creation time as written, and password. */
export function digest(nonce: Buffer, created: string, password: string): string {
  return createHash('sha1').update(nonce).update(created).update(password).digest('base64')
}

function passwordKind({ attributes }: XmlNode): 'text' | 'digest' {
  const type = attributes.get('Type') ?? ''
  if (type === '' || /(?:^|[#:])PasswordText$/.test(type)) return 'text'
  if (/(?:^|[#:])PasswordDigest$/.test(type)) return 'digest'
  return refuse('The type of the Password must be PasswordText or PasswordDigest.')
}

function readNonce(token: XmlNode): Buffer | undefined {
  const element = onlyChild(token, wsse, 'Nonce')
  if (!element) return undefined
  const encoding = element.attributes.get('EncodingType')
  const bytes = readBase64(element.text)
  if (!bytes || bytes.length > longestNonce || (encoding !== undefined && !/(?:^|[#:])Base64Binary$/.test(encoding)))
    refuse(`The Nonce must be base64 (${base64Encoding.split('#')[1]}) of at most ${longestNonce} bytes.`)
  return bytes
}
