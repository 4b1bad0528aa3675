/**
 * Text as numbers of four of its bytes each, so that it is compared in a quarter of the steps.
 * Limits: text in ISO-8859-1, of which what is left over at the end is not looked at.
 */

/** As many as fit into the text. */
export function wordsOf(text: string): number[] {
  const bytes = Buffer.from(text, 'latin1')
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, i) => bytes.readInt32LE(4 * i))
}

/** Whether these stand at this byte; `bytes` must go on for three bytes behind the first that is of none of them. */
export function areAt(bytes: DataView, at: number, words: readonly number[]): boolean {
  for (let i = 0; i < words.length; i++) if (bytes.getInt32(at + 4 * i, true) !== words[i]) return false
  return true
}
