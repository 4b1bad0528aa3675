/**
 * Text as numbers of four of its bytes each, so that it is compared in a quarter of the steps.
 * Limits: text in ISO-8859-1, of at least four characters.
 */

/** The last may hold bytes that the one before it has too. */
export interface Words {
  readonly words: readonly number[]
  readonly last: number
  readonly length: number
}

export function wordsOf(text: string): Words {
  const bytes = Buffer.from(text, 'latin1')
  const words: number[] = []
  for (let at = 0; at + 4 < bytes.length; at += 4) words.push(bytes.readInt32LE(at))
  return { words, last: bytes.readInt32LE(bytes.length - 4), length: bytes.length }
}

/** Whether they stand at this byte; `bytes` must go on for three bytes behind the first that differs. */
export function areAt(bytes: DataView, at: number, { words, last, length }: Words): boolean {
  for (let i = 0; i < words.length; i++) if (bytes.getInt32(at + 4 * i, true) !== words[i]) return false
  return bytes.getInt32(at + length - 4, true) === last
}
