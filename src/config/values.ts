/**
 * Kinds of values that settings have: durations in milliseconds, addresses, URLs, names, zones, network ranges.
 * Limits: they check form only; whether a name exists is checked where the whole configuration is known.
 */
import { isIP } from 'node:net'
import { z } from 'zod'

/** Node's timers take no more. */
const longest = 2 ** 31 - 1

export const duration = z
  .string()
  .regex(/^\d+(?:\.\d+)?(?:ms|s|m|h)$/, 'must be a duration such as 500ms, 5s or 2m')
  .transform((text) =>
    // 2.01 * 1000 is not 2010, and timers want whole milliseconds.
    Math.round(Number.parseFloat(text) * { ms: 1, s: 1000, m: 60_000, h: 3600_000 }[/[a-z]+$/.exec(text)![0] as 'ms']),
  )
  .refine((ms) => ms <= longest, 'must be at most 596h')

/** How long something is kept or tried, in milliseconds; no timer waits for it, so it may be long. */
export const lifetime = z
  .string()
  .regex(/^[1-9]\d{0,5}[smhd]$/, 'must be a time such as 90m, 24h or 7d')
  .transform((text) => {
    const unit = { s: 1000, m: 60_000, h: 3600_000, d: 24 * 3600_000 }[text.at(-1) as 'd']
    return Number(text.slice(0, -1)) * unit
  })
  .refine((ms) => ms <= 3650 * 24 * 3600_000, 'must be at most 3650d')

export const address = z
  .string()
  .regex(/^(?:\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, 'must be host:port such as 127.0.0.1:8080')
  .transform((text) => {
    const at = text.lastIndexOf(':')
    return { host: text.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(text.slice(at + 1)) }
  })
  .refine(({ port }) => port <= 65_535, 'must have a port of at most 65535')

export const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' })

/** A URL that paths are put behind. */
export const baseUrl = httpUrl.refine((url) => !/[?#]/.test(url), 'must have no query and no fragment')

/** What fits behind `Authorization: Token`. */
export const tokenText = z
  .string()
  .min(1, 'must not be empty')
  .max(4096)
  .regex(/^(?! )[\x20-\x7e]*(?<! )$/, 'must be printable ASCII on one line, without spaces around it')

export const id = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1 to 64 characters of A-Z a-z 0-9 . _ -')
export const zone = z.string().refine(isZone, 'must be an IANA time zone such as Europe/Amsterdam')

/** What a client certificate may be known by: the forms that src/http/certificates.ts compares. */
export const certificateName = z
  .string()
  .regex(
    /^(?:[0-9A-Fa-f]{64}|[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){31}|(?:DNS|URI|email|IP Address):\S+|[A-Za-z][A-Za-z0-9.]*=.*\S)$/,
    'must be a SHA-256 fingerprint, a subject such as CN=csms,O=Volt, or a name such as DNS:csms.example.net',
  )

/** `10.0.0.0/8`, `192.168.1.7`, `fd00::/8` or `csms.internal`. */
export const reachable = z
  .string()
  .refine(
    isRangeOrHost,
    'must be a range such as 10.0.0.0/8, an address, or a host name without scheme, port and wildcard',
  )

/** `10.0.0.0/8`, `192.168.1.7` or `fd00::/8`. */
export const range = z
  .string()
  .refine(
    (text) => isRangeOrHost(text) && /^[\d.]+(?:\/|$)|:/.test(text),
    'must be an address or a range such as 10.0.0.0/8',
  )

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

function isRangeOrHost(text: string): boolean {
  const [base = '', bits, ...more] = text.split('/')
  const family = isIP(base)
  if (bits !== undefined)
    return more.length === 0 && family > 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)
  // What looks like numbers is meant as an address: 10.0.0 is a mistake, not a host.
  return family > 0 || (/^[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*$/.test(base) && !/^[\d.]+$/.test(base))
}
