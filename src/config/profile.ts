/**
 * What is particular about one OSCP 2.0 party: every quirk of protocol/oscp-2.0.md section 12 that is not a dialect, as a key
 * with a default that is safe with a party that keeps to the protocol.
 * Limits: `ampereAllMeans` is a setting of the link, because the legacy side has a say in it.
 */
import { z } from 'zod'
import { baseUrl, certificateName, duration, httpUrl, reachable, zone } from './values.ts'

const styles = z.array(z.enum(['CONTINUOUS', 'INTERMITTENT']))

const oauth = z
  .strictObject({
    tokenUrl: httpUrl.describe('Where it issues access tokens (OAuth 2 client credentials).'),
    clientId: z.string().min(1).describe('Our client id there.'),
    clientSecret: z.string().min(1).optional().meta({ secret: true }).describe('Our secret there.'),
    clientSecretFile: z.string().optional().describe('File that holds that secret.'),
    scope: z.string().min(1).optional().describe('Scope to ask for. Default: none is asked for.'),
    audience: z.string().min(1).optional().describe('Audience to ask for. Default: none is asked for.'),
  })
  .superRefine((given, context) => {
    if ((given.clientSecret === undefined) === (given.clientSecretFile === undefined))
      context.addIssue({
        code: 'custom',
        path: ['clientSecret'],
        message: 'give either clientSecret or clientSecretFile',
      })
  })

/** Headers that belong to the protocol or to HTTP itself; a static header must not forge them. */
const reserved =
  /^(?:authorization|content-type|content-length|transfer-encoding|connection|host|soapaction|x-request-id|x-correlation-id|x-segment-(?:index|count))$/i

export const headers = z
  .record(
    z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'must be a header name'),
    z.string().regex(/^[\t\x20-\x7e]*$/, 'must be a header value of printable ASCII'),
  )
  .refine(
    (given) => !Object.keys(given).some((name) => reserved.test(name)),
    'must not contain a header of the protocol',
  )

export const messageNames = [
  'Register',
  'Handshake',
  'HandshakeAcknowledge',
  'Heartbeat',
  'UpdateGroupCapacityForecast',
  'AdjustGroupCapacityForecast',
  'GroupCapacityComplianceError',
  'UpdateGroupMeasurements',
  'UpdateAssetMeasurements',
] as const

export const profile = z
  .strictObject({
    strict: z
      .boolean()
      .default(false)
      .describe('Refuse with 400 what is only tolerated: no X-Request-ID, blocks that overlap within a message.'),
    // Out: how it wants to be called.
    authOut: z
      .union([z.enum(['token', 'bearer', 'none']), oauth])
      .default('token')
      .describe('How we identify ourselves: `Token x`, `Bearer x`, nothing, or OAuth 2 client credentials (D-01).'),
    headersOut: headers
      .default({})
      .meta({ secret: true })
      .describe('Headers added to every call, such as an API key (D-40).'),
    baseUrlOverride: baseUrl.optional().describe('Called instead of the base_url it registers (D-08, D-09).'),
    pathOverrides: z
      .partialRecord(
        z.enum(messageNames),
        z.string().regex(/^\/[A-Za-z0-9._~/-]*$/, 'must be a path such as /handshake'),
      )
      .default({})
      .describe('Path below the base URL per message, such as HandshakeAcknowledge: /handshake_acknowledgment (D-10).'),
    acceptStatusesAsSuccess: z
      .array(z.int().min(300).max(599))
      .default([])
      .describe('Statuses that mean success besides 2xx.'),
    segmentOut: z
      .int()
      .min(1)
      .optional()
      .describe('Most blocks or measurements per segment. Default: messages are never cut into segments (D-38).'),
    allowHttp: z.boolean().default(false).describe('Call the http URL it registers; only in a sandbox.'),
    allowAddresses: z
      .array(reachable)
      .default([])
      .describe(
        'Private ranges, addresses or hosts its registered URL may lead to. Default: the public internet only.',
      ),
    // In: what it may do that others may not.
    authInSchemes: z
      .array(z.enum(['token', 'bearer', 'bare']))
      .min(1)
      .default(['token', 'bearer', 'bare'])
      .describe('Forms of Authorization it may use (D-01).'),
    tokenMaxLength: z.int().min(16).max(4096).default(4096).describe('Longest token it may register (D-03).'),
    clientCertificate: z
      .union([certificateName.transform((one) => [one]), z.array(certificateName).min(1)])
      .optional()
      .describe('Certificates one of which it must show besides its token; needs TLS that asks for them.'),
    requireCorrelation: z
      .boolean()
      .default(false)
      .describe('Refuse answers without X-Correlation-ID instead of looking for what they answer (D-15, D-26).'),
    timestampZoneForNaive: zone
      .optional()
      .describe('Zone of its times without offset. Default: such times are refused; a heartbeat degrades (D-18).'),
    segmentsIn: z
      .enum(['join', 'ignore'])
      .default('join')
      .describe('Whether X-Segment headers mean something, or are decoration and every message is whole (D-38).'),
    // The session.
    handshakeInitiator: z
      .enum(['downstream', 'we', 'they', 'none'])
      .default('downstream')
      .describe(
        'Who starts the handshake; downstream: the capacity provider, if it registers; none: online at once (D-16).',
      ),
    handshakeBody: z.enum(['wrapped', 'flat']).default('wrapped').describe('Form of our handshake bodies (D-11).'),
    measurementConfiguration: styles
      .min(1)
      .default(['CONTINUOUS'])
      .describe('Styles of measurement that our handshake asks for (D-12).'),
    ackMeasurementConfiguration: styles.default([]).describe('Styles that our acknowledgement asks for (D-14).'),
    heartbeats: z.enum(['on', 'none']).default('on').describe('none: it neither sends nor takes heartbeats (D-17).'),
    heartbeatInterval: duration
      .refine((ms) => ms >= 10_000, 'must be at least 10s')
      .default(60_000)
      .describe('The pace of heartbeats we ask for; at least a minute from parties that tick once a minute (D-42).'),
    heartbeatBringsOnline: z
      .boolean()
      .default(false)
      .describe('A heartbeat ends offline mode without a new handshake (A-07).'),
    forecastsBeforeHandshake: z
      .enum(['refuse', 'accept'])
      .default('refuse')
      .describe('What becomes of a limit that arrives from a registered party that is not online.'),
    // Forecasts and measurements that the gateway itself originates.
    forecastGrid: duration
      .default(900_000)
      .describe('Edges of blocks that we originate, such as fallbacks, lie on it (D-22).'),
    forecastReplaceMode: z
      .enum(['overlay', 'replace'])
      .default('overlay')
      .describe(
        'Whether its newer forecast covers only its own blocks, or replaces all to come of the same phases (D-23).',
      ),
    whenOffline: z
      .enum(['fallback', 'ride out', 'smaller'])
      .default('fallback')
      .describe(
        'What an operator is held to while it is offline: its fallback at once, its limits until they end, or the smaller (A-06).',
      ),
    measurementRoute: z
      .enum(['group', 'asset'])
      .default('group')
      .describe(
        'Message that usage is reported with, by it or to it: UpdateGroupMeasurements or UpdateAssetMeasurements (D-28).',
      ),
    combinedAssetId: z
      .string()
      .min(1)
      .optional()
      .describe('Asset that stands for a whole group in asset measurements. Default: the group id.'),
    adjustEvery: duration
      .default(0)
      .describe('Shortest time between two requests for other capacities of one group; a sooner one is Rejected.'),
  })
  .prefault({})
