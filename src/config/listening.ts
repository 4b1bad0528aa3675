/**
 * Settings of what listens and what calls: addresses, TLS in and out.
 * Limits: it checks form only; whether the files can be used is found out where they are read, at start and on every change.
 */
import { z } from 'zod'
import { address, duration } from './values.ts'

const path = z.string().min(1, 'must name a file')
const version = z
  .enum(['TLSv1.2', 'TLSv1.3'], { error: 'must be TLSv1.2 or TLSv1.3' })
  .default('TLSv1.2')
  .describe('Oldest version that is spoken.')

const faceTls = z
  .strictObject({
    certFile: path.describe('PEM file of our certificate and its intermediates.'),
    keyFile: path.describe('PEM file of its key, without a passphrase.'),
    clientCaFile: path
      .optional()
      .describe('PEM file of the authorities of client certificates. Default: none, and only fingerprints are known.'),
    clientCertificates: z
      .enum(['none', 'request', 'require'])
      .default('none')
      .describe('Whether callers are asked for a certificate, and turned away without one of clientCaFile.'),
    minVersion: version,
  })
  .superRefine(({ clientCaFile, clientCertificates }, context) => {
    const report = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    if (clientCertificates === 'require' && clientCaFile === undefined)
      report('clientCaFile', 'is needed, because certificates are required')
    if (clientCertificates === 'none' && clientCaFile !== undefined)
      report('clientCertificates', 'must be request or require, or clientCaFile has no meaning')
  })

export const listeners = z
  .strictObject({
    soap: address.default({ host: '127.0.0.1', port: 8080 }).describe('Where OSCP 1.0 parties call.'),
    rest: address.default({ host: '127.0.0.1', port: 8081 }).describe('Where OSCP 2.0 parties call.'),
    admin: address.default({ host: '127.0.0.1', port: 8082 }).describe('Where probes are answered; never public.'),
    soapTls: faceTls.optional().describe('TLS for OSCP 1.0 parties. Default: plain HTTP.'),
    restTls: faceTls.optional().describe('TLS for OSCP 2.0 parties. Default: plain HTTP.'),
  })
  .prefault({})

/** How one party is called over TLS; its certificate is always verified. */
export const peerTls = z
  .strictObject({
    caFile: path.optional().describe('PEM file of the authorities of its certificate. Default: the public ones.'),
    certFile: path.optional().describe('PEM file of the certificate we show it. Default: none is shown.'),
    keyFile: path.optional().describe('PEM file of the key of that certificate, without a passphrase.'),
    serverName: z
      .string()
      .regex(/^[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*$/, 'must be a host name')
      .optional()
      .describe('Name that its certificate must be for. Default: the host of its URL.'),
    minVersion: version,
  })
  .refine(({ certFile, keyFile }) => (certFile === undefined) === (keyFile === undefined), {
    path: ['certFile'],
    error: 'and keyFile belong together: give both or neither',
  })

const someTime = duration.refine((ms) => ms >= 100, 'must be at least 100ms')

/** What callers may do; of the two faces together unless it says otherwise. */
export const limits = z
  .strictObject({
    headerBytes: z
      .int()
      .min(1024)
      .max(1_048_576)
      .default(16_384)
      .describe('Largest request line and headers in bytes.'),
    headers: z.int().min(8).default(100).describe('Most headers of a request.'),
    headersTimeout: someTime
      .default(10_000)
      .describe('From the connection to the last header, and of a TLS handshake; then 408.'),
    requestTimeout: someTime
      .default(30_000)
      .describe('From the first byte of a request to the last of its body; then 408.'),
    keepAliveTimeout: someTime
      .default(65_000)
      .describe('How long a connection may be idle; longer than a proxy before us keeps it.'),
    connections: z.int().min(1).default(4096).describe('Most connections of one face; further ones are closed.'),
    connectionsPerAddress: z
      .int()
      .min(1)
      .default(1024)
      .describe('Most connections of one address, or /64 of IPv6, to one face. A proxy is one address.'),
    blocks: z.int().min(1).default(10_000).describe('Most blocks of a forecast, or measurements of a message.'),
  })
  .prefault({})
  .superRefine(({ headersTimeout, requestTimeout }, context) => {
    if (requestTimeout < headersTimeout)
      context.addIssue({ code: 'custom', path: ['requestTimeout'], message: 'must not be less than headersTimeout' })
  })

export type FaceTlsConfig = z.output<typeof faceTls>
export type PeerTlsConfig = z.output<typeof peerTls>
