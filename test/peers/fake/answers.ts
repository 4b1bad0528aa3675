/** Which of a script's answers a message gets: the first that fits its name, the time since the start, and how often it came. */
import type { Answer } from './script.ts'

/** `elapsed`: milliseconds since the fake started. The result may be asked once for each message. */
export function answersOf(answers: readonly Answer[], elapsed: () => number): (message: string) => Answer | undefined {
  const counts = new Map<string, number>()
  return (message) => {
    const nth = (counts.get(message) ?? 0) + 1
    counts.set(message, nth)
    const since = elapsed()
    return answers.find(
      ({ to, from, for: long, nth: only }) =>
        (to === '*' || to === message) &&
        since >= from &&
        (long === undefined || since < from + long) &&
        (only === undefined || only.includes(nth)),
    )
  }
}

/** What both wires have in common. */
export function plainAnswer({ delay, status, html, retryAfter, drop, silence }: Answer) {
  return {
    ...(delay === undefined ? {} : { delayMs: delay }),
    ...(drop ? { reset: true as const } : {}),
    ...(silence ? { hang: true as const } : {}),
    ...(retryAfter === undefined ? {} : { headers: { 'retry-after': String(retryAfter) } }),
    ...(status === undefined && retryAfter === undefined ? {} : { status: status ?? 503, body: '' }),
    ...(html ? { status: status ?? 502, contentType: 'text/html', body: page } : {}),
  }
}

const page = '<!doctype html><title>Bad gateway</title><h1>The server is busy</h1>'
