/** How long to wait before a failed attempt is made again. */

export interface RetryTimes {
  /** Bounds of the first and of the longest pause, in milliseconds. */
  readonly firstRetry: number
  readonly longestRetry: number
  /** The longest Retry-After that is honoured, in milliseconds. */
  readonly longestRetryAfter: number
}

/** Full jitter below a doubling bound, `attempts` counting those that failed before; a longer Retry-After is honoured. Milliseconds. */
export function retryPause(
  times: RetryTimes,
  attempts: number,
  retryAfterMs: number | undefined,
  random: number,
): number {
  const bound = Math.min(times.longestRetry, times.firstRetry * 2 ** attempts)
  return Math.max(Math.min(retryAfterMs ?? 0, times.longestRetryAfter), Math.round(random * bound))
}
