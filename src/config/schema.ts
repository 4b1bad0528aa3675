/**
 * The shape of the configuration file: every setting with its type, its default, and one line about it.
 * Limits: unknown settings are refused; what needs the whole file to judge is in checks.ts.
 */
import { z } from 'zod'
import { downward } from './downward.ts'
import { limits, listeners, peerTls } from './listening.ts'
import { rateLimit } from './permissions.ts'
import { headers, messageNames, profile } from './profile.ts'
import { redis } from './redis.ts'
import { security } from './security.ts'
import { traces } from './traces.ts'
import { baseUrl, duration, httpUrl, id, lifetime, range, reachable, tokenText, zone } from './values.ts'

const legacyPeer = z.strictObject({
  role: z.enum(['dso', 'csp']).describe('What the party is in OSCP 1.0: grid operator, or charge spot operator.'),
  contract: z.string().default('oscp-1.0').describe('The contract it speaks.'),
  zone: zone.optional().describe('Zone of its times without offset. Default: such times are refused.'),
  heartbeats: z
    .enum(['on', 'none'])
    .default('on')
    .describe('none: it neither sends nor takes heartbeats, and counts as alive while a limit of its link covers now.'),
  heartbeatEvery: duration
    .refine((ms) => ms >= 1000, 'must be at least 1s')
    .default(60_000)
    .describe('Pace of heartbeats to it, and at which it is to be heard of: it is alive for three times as long.'),
  replyTo: z
    .array(reachable)
    .default([])
    .describe('Hosts it may have answers sent to by wsa:ReplyTo and FaultTo. Default: only the HTTP response.'),
  tls: peerTls.optional().describe('How it is called over TLS. Default: verified by the public authorities.'),
  url: httpUrl
    .optional()
    .describe('Where its own service is called, as it is written. Default: it only calls, and is never called.'),
  soapVersion: z
    .enum(['1.1', '1.2'])
    .optional()
    .describe('SOAP version it is called with. Default: 1.1 where its WSDL offers it, else 1.2.'),
  headersOut: headers.default({}).meta({ secret: true }).describe('Headers added to every call, such as an API key.'),
  security: security.describe('How it shows who it is, and how we do.'),
  operations: z.array(z.string()).optional().describe('The operations it may call. Default: all of its contract.'),
  rateLimit: rateLimit.describe('How many messages it may send. Default: no limit.'),
})

const modernPeer = z
  .strictObject({
    role: z
      .enum(['fp', 'cp', 'co'])
      .describe('What the party is in OSCP 2.0: flexibility provider, capacity provider, or capacity optimizer.'),
    contract: z.string().default('oscp-2.0').describe('The contract it speaks.'),
    registration: z
      .enum(['none', 'we start', 'they start'])
      .default('none')
      .describe('Who sends the first Register: nobody (url and tokens are agreed by hand), we with `token`, or they.'),
    url: baseUrl
      .optional()
      .describe(
        'Its base URL, called as it is written; optional when they start. A relative base_url is resolved here.',
      ),
    token: tokenText
      .optional()
      .meta({ secret: true })
      .describe('The token it issued for us; with `we start` the first one.'),
    tokenFile: z.string().optional().describe('File that holds that token.'),
    inboundToken: tokenText
      .optional()
      .meta({ secret: true })
      .describe('With registration none: the token we issued for it. Default: it cannot call us.'),
    inboundTokenFile: z.string().optional().describe('File that holds that token.'),
    tls: peerTls.optional().describe('How it is called over TLS. Default: verified by the public authorities.'),
    messages: z.array(z.enum(messageNames)).optional().describe('The messages it may send. Default: all.'),
    rateLimit: rateLimit.describe('How many messages it may send. Default: no limit.'),
    profile: profile.describe('What is particular about this party.'),
  })
  .superRefine((peer, context) => {
    const report = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    const tokens = [peer.token, peer.tokenFile].filter((given) => given !== undefined).length
    const inbound = [peer.inboundToken, peer.inboundTokenFile].filter((given) => given !== undefined).length
    const { registration } = peer
    // A party that is called without a token, or with one of OAuth, has none to be written down.
    const needsToken =
      registration === 'we start' ||
      (registration === 'none' && /^(?:token|bearer)$/.test(String(peer.profile.authOut)))
    if (tokens > 1 || (needsToken && tokens === 0)) report('token', 'give either token or tokenFile')
    if (registration === 'they start' && tokens > 0)
      report('token', 'has no meaning when they start: theirs comes with Register')
    if (registration !== 'they start' && peer.url === undefined) report('url', 'is needed unless they start')
    if (inbound > 1) report('inboundToken', 'give either inboundToken or inboundTokenFile')
    if (inbound > 0 && registration !== 'none')
      report('inboundToken', 'has no meaning with registration: tokens are exchanged')
  })

export const peer = z.discriminatedUnion('role', [legacyPeer, modernPeer], {
  error: 'must have a role: dso or csp (OSCP 1.0), fp, cp or co (OSCP 2.0)',
})

export const link = z.strictObject({
  legacy: id.describe('The OSCP 1.0 party.'),
  modern: id.describe('The OSCP 2.0 party.'),
  optimizer: id
    .optional()
    .describe(
      'Of a csp: the capacity optimizer that gets its limits, and its usage, and sends an optimum. Default: none.',
    ),
  cspIdentity: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .describe('The cspIdentity of the operator; needed when a party has several links.'),
  groups: z
    .union([z.literal('identity'), z.record(z.string().min(1).max(255), z.string().min(1))])
    .default('identity')
    .describe(
      'Cable id → group id; a table when a 2.0 party has several links. `identity`: every id is the same on both sides.',
    ),
  answerWithin: duration.default(5000).describe("How long a SOAP caller waits for the other side's word."),
  amperePhases: z
    .array(z.enum(['ONE', 'TWO', 'THREE', 'UNKNOWN']))
    .min(1)
    .refine((phases) => new Set(phases).size === phases.length, 'must not name a phase twice')
    .default(['ONE', 'TWO', 'THREE'])
    .describe('Phases that a 1.0 figure in ampere is about.'),
  ampereAllMeans: z.enum(['sum', 'each']).default('sum').describe('What a 2.0 figure in ampere for ALL phases means.'),
  phaseBalance: z
    .enum(['assumed', 'strict'])
    .default('assumed')
    .describe('Whether per-phase power is multiplied up as if loads were balanced, or not.'),
  energyType: z
    .enum(['FLEXIBLE', 'NONFLEXIBLE', 'TOTAL'])
    .optional()
    .describe('What part of the load the usage that an operator reports is about. Default: it is not said.'),
  ...downward.shape,
})

export const schema = z.strictObject({
  publicUrl: baseUrl.optional().describe('URL under which partners reach the SOAP listener. Default: its address.'),
  publicRestUrl: baseUrl
    .optional()
    .describe('URL under which partners reach the REST listener. Default: publicUrl, else its address.'),
  trustProxies: z
    .array(range)
    .default([])
    .describe('Proxies whose X-Forwarded-Proto, -Host, -Port and -Prefix make the WSDL’s address without publicUrl.'),
  listen: listeners.describe('Listeners.'),
  redis: redis.optional().describe('State store. Default: memory, which forgets when the process ends.'),
  tokenKey: z
    .string()
    .min(16)
    .optional()
    .meta({ secret: true })
    .describe('Key that tokens of OSCP 2.0 parties are encrypted with in the state; needed to register with Redis.'),
  tokenKeyFile: z.string().optional().describe('File that holds that key.'),
  dialects: z.string().min(1).optional().describe('Folder of mounted dialects, one folder each. Default: none.'),
  log: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info').describe('Least level that is logged.'),
  bodyLimit: z.int().min(1024).default(1_048_576).describe('Largest request body in bytes.'),
  limits: limits.describe('What callers may do.'),
  offlineAfter: duration.default(180_000).describe('How long after a heartbeat of ours silence means offline.'),
  delivery: z
    .strictObject({
      timeout: duration
        .refine((ms) => ms >= 1, 'must be at least 1ms')
        .default(20_000)
        .describe('Limit of one attempt to deliver a message.'),
      firstRetry: duration.default(1000).describe('Bound of the first pause after a failed attempt; it doubles.'),
      longestRetry: duration.default(60_000).describe('Largest bound of the pause between attempts.'),
      giveUpAfter: lifetime
        .prefault('7d')
        .describe('Age from which on a message that must arrive, not a forecast, is tried no more when it fails.'),
      queueLimit: z
        .int()
        .min(1)
        .default(100_000)
        .describe('How many messages may wait for one party; further ones are refused, with 503 or a fault.'),
    })
    .prefault({})
    .describe('Delivery to the parties.'),
  sidecarOf: z
    .enum(['none', 'soap', 'rest'])
    .default('none')
    .describe('The face that the app beside the gateway calls: it stays open in a stop when the other takes no more.'),
  drain: z
    .strictObject({
      delay: duration
        .default(5000)
        .describe('How long after SIGTERM, and readiness being false, calls from outside are still taken.'),
      total: duration.default(9000).describe('Longest time of a stop; then what still runs is cut.'),
    })
    .prefault({})
    .describe('How the gateway ends on SIGTERM.'),
  deadList: z
    .strictObject({
      keepFor: lifetime.prefault('30d').describe('How long a message that was given up is kept.'),
      limit: z.int().min(1).default(1000).describe('How many are kept of each party; then the oldest is forgotten.'),
    })
    .prefault({})
    .describe('Messages that were given up: `oscp-gateway dead`.'),
  journal: z
    .strictObject({
      perPeer: z.int().min(0).max(100_000).default(1000).describe('Entries kept of each party; 0 keeps none.'),
      keepFor: lifetime.prefault('7d').describe('How long an entry is kept.'),
    })
    .prefault({})
    .describe('What happened lately, for people to look up: ids, outcomes and receipts, never bodies.'),
  traces: traces.optional(),
  console: z
    .strictObject({
      token: z
        .string()
        .min(16)
        .optional()
        .meta({ secret: true })
        .describe('What an operator shows at /console to change anything. Default: the console is read-only.'),
      tokenFile: z.string().optional().describe('File that holds that token.'),
    })
    .refine(({ token, tokenFile }) => token === undefined || tokenFile === undefined, {
      path: ['token'],
      error: 'give either token or tokenFile',
    })
    .prefault({})
    .describe('The console on the admin listener.'),
  peers: z.record(id, peer).describe('The parties, by a name of your choice that is part of their URL.'),
  links: z.record(id, link).describe('Which parties speak through the gateway, by a name of your choice.'),
})

export type Config = z.output<typeof schema>
export type PeerConfig = z.output<typeof peer>
export type LinkConfig = z.output<typeof link>
export type ModernPeerConfig = z.output<typeof modernPeer>
export type ProfileConfig = z.output<typeof profile>

export function isLegacy(peer: PeerConfig): peer is PeerConfig & { role: 'dso' | 'csp' } {
  return peer.role === 'dso' || peer.role === 'csp'
}

/** What is agreed with an OSCP 1.0 party about who is who; nothing with any other. */
export function securityOf({ peers }: Config, id: string): z.output<typeof security> {
  const peer = peers[id]
  return peer && isLegacy(peer) ? peer.security : {}
}
