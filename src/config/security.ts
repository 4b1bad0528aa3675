/**
 * Settings of one OSCP 1.0 party about who is who: what its calls must show us (`in`), and what ours show it (`out`).
 * Limits: secrets and certificates may be given in place or by the name of their file; files are read when all is well-formed.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { z } from 'zod'
import { duration } from './values.ts'

const name = z
  .string()
  .min(1)
  .max(255)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is forbidden
  .regex(/^(?! )[^\u0000-\u001f]*(?<! )$/, 'must have no control characters and no spaces around it')
const password = z
  .string()
  .min(1, 'must not be empty')
  .max(1024)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML cannot carry them
  .regex(/^[^\u0000-\u001f]*$/, 'must be one line')
  .optional()
  .meta({ secret: true })
const pem = z.string().refine(isCertificates, 'must be one or more certificates in PEM').optional()
const cspIdentity = z
  .string()
  .min(1)
  .max(255)
  .optional()
  .describe('The one operator whose messages it may send. Default: any of the party.')

const secret = {
  password: password.describe('Its password.'),
  passwordFile: z.string().optional().describe('File that holds that password.'),
}
const user = z
  .strictObject({ username: name.describe('Its name.'), ...secret, cspIdentity })
  .superRefine(one('password'))
const users = z.array(user).min(1)

const certificate = z
  .strictObject({
    certificate: pem.describe('The certificate itself, in PEM.'),
    certificateFile: z.string().optional().describe('File that holds it.'),
    fingerprint: z
      .string()
      .regex(/^(?:[0-9A-Fa-f]{2}:?){32}$/, 'must be a SHA-256 fingerprint in hexadecimal')
      .optional()
      .describe('Its SHA-256 fingerprint; a message must then carry the certificate.'),
    subject: z.string().min(3).optional().describe('Parts its subject must have, such as `CN=grid.example, O=Grid`.'),
    san: z
      .string()
      .regex(/^(?:DNS|URI|email|IP Address):[^",\s]+$/, 'must be a name such as DNS:grid.example')
      .optional()
      .describe('A subject alternative name it must have.'),
    cspIdentity,
  })
  .superRefine((given, context) => {
    const exact = [given.certificate, given.certificateFile, given.fingerprint].filter((v) => v !== undefined).length
    const named = given.subject !== undefined || given.san !== undefined
    if (exact > 1 || (exact === 1) === named)
      context.addIssue({
        code: 'custom',
        message: 'give certificate, certificateFile or fingerprint, or else subject or san',
      })
  })

const certificates = {
  certificates: z.array(certificate).default([]).describe('Certificates that may be used.'),
  ca: pem.describe('Authorities that issue them, in PEM; needed for subject and san.'),
  caFile: z.string().optional().describe('File that holds these.'),
}

/** At least one certificate or one authority, and no narrowing of authorities that are not there. */
function checkTrust(issuedElsewhere: boolean) {
  return (
    given: {
      certificates: readonly { subject?: string | undefined; san?: string | undefined }[]
      ca?: string | undefined
      caFile?: string | undefined
    },
    context: z.RefinementCtx,
  ) => {
    const authorities = [given.ca, given.caFile].filter((v) => v !== undefined).length
    const report = (message: string) => context.addIssue({ code: 'custom', path: ['ca'], message })
    if (authorities > 1) report('give either ca or caFile')
    if (authorities > 0) return
    if (given.certificates.length === 0) report('give certificates, ca or caFile')
    if (!issuedElsewhere && given.certificates.some(({ subject, san }) => (subject ?? san) !== undefined))
      report('is needed, because a subject or san says nothing without it')
  }
}

const incoming = z
  .strictObject({
    skew: duration.default(300_000).describe('How far its clock may be off.'),
    window: duration.default(300_000).describe('How long after its creation a message is good at most.'),
    timestamp: z
      .enum(['required', 'optional'])
      .default('optional')
      .describe(
        'Whether its messages must have a Timestamp; one that is there is checked, if WS-Security is read at all.',
      ),
    usernameToken: z
      .strictObject({
        users: users.describe('Who may call.'),
        passwordType: z.enum(['any', 'text', 'digest']).default('any').describe('Form of the password.'),
        nonce: z
          .enum(['required', 'optional'])
          .default('optional')
          .describe('Whether a password sent as text needs nonce and time of creation too; a digest always does.'),
      })
      .optional()
      .describe('A UsernameToken of WS-Security.'),
    signature: z
      .strictObject({
        ...certificates,
        sha1: z.boolean().default(false).describe('Take SHA-1 too, of stacks that know nothing better.'),
      })
      .superRefine(checkTrust(false))
      .optional()
      .describe('An X.509 signature over Body, Timestamp and addressing.'),
    basic: z
      .strictObject({ users: users.describe('Who may call.') })
      .optional()
      .describe('User name and password in HTTP (Basic).'),
    clientCertificate: z
      .strictObject(certificates)
      .superRefine(checkTrust(true))
      .optional()
      .describe('A client certificate in TLS; without `ca`, subject and san need one that the listener could verify.'),
  })
  .refine(
    ({ usernameToken, signature, basic, clientCertificate }) =>
      usernameToken ?? signature ?? basic ?? clientCertificate,
    'must ask for something: usernameToken, signature, basic or clientCertificate',
  )

const outgoing = z
  .strictObject({
    basic: z
      .strictObject({ username: name.describe('Our name there.'), ...secret })
      .superRefine(one('password'))
      .optional()
      .describe('User name and password in HTTP (Basic).'),
    usernameToken: z
      .strictObject({
        username: name.describe('Our name there.'),
        ...secret,
        passwordType: z.enum(['digest', 'text']).default('digest').describe('Form of the password.'),
      })
      .superRefine(one('password'))
      .optional()
      .describe('A UsernameToken of WS-Security, with nonce and time of creation.'),
    timestamp: duration
      .refine((ms) => ms >= 1000, 'must be at least 1s')
      .optional()
      .describe('How long a call is good by its Timestamp. Default: none, or 5m in a signed one.'),
    signature: z
      .strictObject({
        certificate: pem.describe('Our certificate, in PEM; it is sent along.'),
        certificateFile: z.string().optional().describe('File that holds it.'),
        key: z
          .string()
          .refine(isRsaKey, 'must be a private RSA key in PEM, without a passphrase')
          .optional()
          .meta({ secret: true })
          .describe('The key of that certificate, in PEM.'),
        keyFile: z.string().optional().describe('File that holds that key.'),
        algorithm: z
          .enum(['rsa-sha256', 'rsa-sha384', 'rsa-sha512'])
          .default('rsa-sha256')
          .describe('How it is signed.'),
      })
      .superRefine(one('certificate'))
      .superRefine(one('key'))
      .optional()
      .describe('An X.509 signature over Body, Timestamp, UsernameToken and all other headers.'),
  })
  .optional()
  .describe('What our calls show. Default: nothing.')

export const security = z
  .strictObject({
    out: outgoing,
    in: incoming
      .optional()
      .describe('What its calls must show, all of it. Default: nothing, whoever calls is the party.'),
  })
  .prefault({})

/** Exactly one of a setting and of its file. */
function one(setting: string) {
  return (given: object, context: z.RefinementCtx) => {
    const values = given as Record<string, unknown>
    if ((values[setting] === undefined) === (values[`${setting}File`] === undefined))
      context.addIssue({ code: 'custom', path: [setting], message: `give either ${setting} or ${setting}File` })
  }
}

export function isCertificates(text: string): boolean {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  try {
    for (const block of blocks) new X509Certificate(block)
    return blocks.length > 0
  } catch {
    return false
  }
}

function isRsaKey(text: string): boolean {
  try {
    return createPrivateKey(text).asymmetricKeyType === 'rsa'
  } catch {
    return false
  }
}

/** What a file may hold, by the setting that it stands for. */
const contents: Record<string, { readonly isRight: (text: string) => boolean; readonly sentence: string }> = {
  password: {
    isRight: (text) => password.safeParse(text).success,
    sentence: 'names a file that holds no password: one line',
  },
  certificate: { isRight: isCertificates, sentence: 'names a file that holds no certificate in PEM' },
  key: { isRight: isRsaKey, sentence: 'names a file that holds no private RSA key in PEM' },
  ca: { isRight: isCertificates, sentence: 'names a file that holds no certificate in PEM' },
}

type Report = (rule: string, sentence: string) => void

/** The same settings with the content of every file in its place; what is wrong with a file is reported. */
export function fillSecurity<T>(
  settings: T,
  rule: string,
  read: (path: string) => string | undefined,
  report: Report,
): T {
  if (Array.isArray(settings)) return settings.map((one, i) => fillSecurity(one, `${rule}.${i}`, read, report)) as T
  if (typeof settings !== 'object' || settings === null) return settings
  const filled: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(settings)) {
    const [, setting] = /^(\w+)File$/.exec(name) ?? []
    if (setting === undefined || typeof value !== 'string') {
      filled[name] = fillSecurity(value, `${rule}.${name}`, read, report)
      continue
    }
    const text = read(value)
    const { isRight, sentence } = contents[setting]!
    if (text === undefined) report(`${rule}.${name}`, 'names a file that cannot be read')
    else if (!isRight(text)) report(`${rule}.${name}`, sentence)
    filled[setting] = text
  }
  return filled as T
}

/** A key that is not that of its certificate makes signatures that nobody can verify. */
export function checkOwnKey({ out }: z.output<typeof security>, rule: string, report: Report): void {
  const { certificate: own, key } = out?.signature ?? {}
  if (own === undefined || key === undefined || !isCertificates(own) || !isRsaKey(key)) return
  if (!new X509Certificate(own).checkPrivateKey(createPrivateKey(key)))
    report(`${rule}.out.signature.key`, 'is not the key of the certificate')
}
