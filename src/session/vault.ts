/**
 * Keeps the tokens we call peers with: sealed with AES-256-GCM, so that what is in the state store is not a credential.
 * Limits: what was sealed for one peer opens for that peer only. The first key seals; a second one only opens, so that a key
 * is changed by putting the new one before the old one, and dropping the old one once everything was sealed again.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes, scryptSync } from 'node:crypto'
import type { PeerId } from '../exchange/ids.ts'

/** `<key id>.<base64url of nonce, tag and ciphertext>`. */
export type Sealed = string

interface Key {
  readonly id: string
  readonly bytes: Buffer
}

const keyLength = 32
const nonceLength = 12
const tagLength = 16

export class Vault {
  private readonly keys: readonly Key[]

  /** `secrets` are the lines of the key file, at least one: each any text with enough randomness in it, or the bytes of a key. */
  constructor(secrets: readonly (string | Buffer)[]) {
    this.keys = secrets.map((secret) => {
      // The salt is fixed: replicas must arrive at the same key, and the file holds a key, not a password to be guessed.
      const bytes = typeof secret === 'string' ? scryptSync(secret, 'oscp-gateway token key', keyLength) : secret
      return { id: createHash('sha256').update(bytes).digest('hex').slice(0, 8), bytes }
    })
    if (this.keys.length === 0) throw new TypeError('a vault needs a key')
  }

  /** For state that ends with the process: so does the key. */
  static ephemeral(): Vault {
    return new Vault([randomBytes(keyLength)])
  }

  seal(peer: PeerId, token: string): Sealed {
    const { id, bytes } = this.keys[0]!
    const nonce = randomBytes(nonceLength)
    const cipher = createCipheriv('aes-256-gcm', bytes, nonce).setAAD(Buffer.from(peer))
    const text = Buffer.concat([cipher.update(token, 'utf8'), cipher.final()])
    return `${id}.${Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64url')}`
  }

  /** The token; undefined when no key opens it, or it was sealed for somebody else, or changed. */
  open(peer: PeerId, sealed: Sealed): string | undefined {
    const [id, text = ''] = sealed.split('.', 2)
    const key = this.keys.find((one) => one.id === id)
    if (!key) return undefined
    const bytes = Buffer.from(text, 'base64url')
    try {
      const decipher = createDecipheriv('aes-256-gcm', key.bytes, bytes.subarray(0, nonceLength), {
        authTagLength: tagLength,
      })
        .setAAD(Buffer.from(peer))
        .setAuthTag(bytes.subarray(nonceLength, nonceLength + tagLength))
      return Buffer.concat([decipher.update(bytes.subarray(nonceLength + tagLength)), decipher.final()]).toString(
        'utf8',
      )
    } catch {
      return undefined
    }
  }

  /** The same token under the first key; unchanged when it already is, or when it cannot be opened. */
  renew(peer: PeerId, sealed: Sealed): Sealed {
    if (sealed.startsWith(`${this.keys[0]!.id}.`)) return sealed
    const token = this.open(peer, sealed)
    return token === undefined ? sealed : this.seal(peer, token)
  }
}
