/** How text goes over HTTP: encodings, media types, compression, headers; mostly right, at times contradicting each other. */
import { type Agent, request } from 'node:http'
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import type { Version } from '../support/soap.ts'
import type { Dice } from './dice.ts'
import { canary } from './values.ts'

export interface Input {
  readonly face: 'soap' | 'rest'
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

const media = { '1.1': 'text/xml', '1.2': 'application/soap+xml' } as const
const charsets = [
  'utf-8',
  'UTF-8',
  '"utf-8"',
  'utf-16',
  'utf-16le',
  'iso-8859-1',
  'windows-1252',
  'us-ascii',
  'utf-7',
  'ebcdic',
  '',
  canary,
]

/** Headers and bytes of a SOAP message. */
export function soapWire(
  text: string,
  version: Version,
  operation: string,
  dice: Dice,
): Pick<Input, 'headers' | 'body'> {
  const [bytes, name] = encoded(text, dice)
  const kind = dice.often(0.985)
    ? media[version]
    : dice.pick([
        'text/xml',
        'application/soap+xml',
        'application/xml',
        'text/plain',
        'multipart/related',
        '',
        '/',
        canary,
      ])
  const charset = dice.often(0.5) ? '' : `; charset=${dice.often(0.95) ? name : dice.pick(charsets)}`
  const action = dice.often(0.97)
    ? dice.pick([`/${operation}`, `"/${operation}"`, `urn:x/${operation}`, '""', ''])
    : dice.pick(['/Other', '"', canary])
  const parameter =
    version === '1.2' && dice.often(0.5) ? `; action=${action.startsWith('"') ? action : `"${action}"`}` : ''
  const headers: Record<string, string> = { 'content-type': kind + charset + parameter }
  if (version === '1.1' && dice.often(0.8)) headers.soapaction = action
  return compressed(bytes, headers, dice)
}

function encoded(text: string, dice: Dice): [Buffer, string] {
  const kind = dice.pick(['utf-8', 'utf-8', 'utf-8', 'utf-8', 'bom', 'utf-16', 'utf-16be', 'latin1'])
  const declared = (name: string) => (dice.often(0.5) ? `<?xml version="1.0" encoding="${name}"?>${text}` : text)
  if (kind === 'bom') return [Buffer.from(`\uFEFF${declared('UTF-8')}`), 'utf-8']
  if (kind === 'utf-16') return [Buffer.from(`\uFEFF${declared('UTF-16')}`, 'utf16le'), 'utf-16']
  if (kind === 'utf-16be') return [Buffer.from(`\uFEFF${declared('UTF-16')}`, 'utf16le').swap16(), 'utf-16']
  if (kind === 'latin1') return [Buffer.from(declared('ISO-8859-1'), 'latin1'), 'iso-8859-1']
  return [Buffer.from(declared('utf-8')), 'utf-8']
}

export function compressed(
  bytes: Buffer,
  headers: Record<string, string>,
  dice: Dice,
): Pick<Input, 'headers' | 'body'> {
  if (dice.often(0.85)) return { headers, body: bytes }
  const [make, name] = dice.pick([
    [gzipSync, 'gzip'],
    [gzipSync, 'x-gzip'],
    [deflateSync, 'deflate'],
    [deflateRawSync, 'deflate'],
    [(plain: Buffer) => plain, 'identity'],
  ] as const)
  const body = make(bytes)
  const said = dice.often(0.8) ? name : dice.pick(['gzip', 'deflate', 'GZIP', 'br', 'gzip, deflate', '', canary])
  const cut = dice.often(0.1) ? body.subarray(0, dice.below(body.length + 1)) : body
  return { headers: { ...headers, 'content-encoding': said }, body: cut }
}

/** Bytes that went wrong on the way: one to four of them. */
export function damaged(bytes: Buffer, dice: Dice): Buffer {
  const copy = Buffer.from(bytes)
  for (let n = 1 + dice.below(4); n > 0 && copy.length > 0; n--) copy[dice.below(copy.length)] = dice.below(256)
  return copy
}

/** Rejects when there is no answer within ten seconds. */
export async function exchange(origin: string, input: Input, agent: Agent): Promise<Answer> {
  try {
    return await once(origin, input, agent)
  } catch (error) {
    // A connection that is kept may be closed by the server at the moment it is used again.
    if (!(error as { reused?: boolean }).reused) throw error
    return once(origin, input, agent)
  }
}

function once(origin: string, { method, path, headers, body }: Input, agent: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = { 'content-length': String(body.length) }
    const call = request(`${origin}${path}`, { method, agent, headers: { ...length, ...headers }, timeout: 10_000 })
    call.once('timeout', () => call.destroy(new Error('no answer within ten seconds')))
    call.once('error', (error) => reject(Object.assign(error, { reused: call.reusedSocket })))
    call.once('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('error', reject)
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      )
    })
    call.end(body)
  })
}
