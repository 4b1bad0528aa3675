/** The kinds of value that settings have, each with the sentence that a wrong one gets. */
import { z } from 'zod'

export const duration = z
  .string()
  .regex(/^\d+(?:\.\d+)?(?:ms|s|m|h)$/, 'must be a duration such as 500ms, 5s or 2m')
  .transform(
    (text) => Number.parseFloat(text) * { ms: 1, s: 1000, m: 60_000, h: 3600_000 }[/[a-z]+$/.exec(text)![0] as 'ms'],
  )

export const address = z
  .string()
  .regex(/^(?:\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, 'must be host:port such as 127.0.0.1:8080')
  .transform((text) => {
    const at = text.lastIndexOf(':')
    return { host: text.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(text.slice(at + 1)) }
  })
  .refine(({ port }) => port <= 65_535, 'must have a port of at most 65535')

export const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' })
export const id = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1 to 64 characters of A-Z a-z 0-9 . _ -')
export const zone = z.string().refine(isZone, 'must be an IANA time zone such as Europe/Amsterdam')

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
