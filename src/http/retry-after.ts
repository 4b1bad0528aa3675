/** Reads Retry-After, in seconds or as a date, as milliseconds from now; undefined when it is neither. */
export function parseRetryAfter(text: string | undefined, now = Date.now()): number | undefined {
  if (text === undefined) return undefined
  if (/^\d+$/.test(text.trim())) return Number(text) * 1000
  // Date.parse makes a date of almost anything, such as -5; one with a time of day has a colon.
  const at = text.includes(':') ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}
