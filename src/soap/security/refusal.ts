/**
 * How a caller is refused, and how secrets are compared.
 * Limits: a sentence names elements and rules, never a value; a wrong name and a wrong password read the same.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { GatewayError } from '../../errors.ts'

export function refuse(sentence: string, cause?: unknown): never {
  throw new GatewayError('caller-refused', sentence, { cause })
}

/** Whether two texts are equal, in a time that does not depend on where they differ. */
export function isSameSecret(one: string, other: string): boolean {
  return timingSafeEqual(sha256(one), sha256(other))
}

/** The bytes of strict base64, white space apart; undefined when it is anything else, or nothing. */
export function readBase64(text: string): Buffer | undefined {
  const packed = text.replace(/[ \t\r\n]+/g, '')
  const bytes = Buffer.from(packed, 'base64')
  return bytes.length > 0 && bytes.toString('base64') === packed ? bytes : undefined
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
