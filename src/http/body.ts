/**
 * Reads one request body whole, up to a limit of bytes that also holds for what it inflates to.
 * Limits: gzip and deflate are the only content encodings, and only where asked for; of a body over the limit nothing is kept.
 */
import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip, inflate, inflateRaw } from 'node:zlib'
import { GatewayError } from '../errors.ts'

/** Text of a body in strict UTF-8. Throws as `readBytes` does, and `malformed-message` for what is no UTF-8. */
export async function readBody(request: IncomingMessage, limit: number): Promise<string> {
  if (codingOf(request) !== 'identity')
    throw new GatewayError('media-type-unsupported', 'A body with a content encoding is not supported.')
  return decodeUtf8(await readWhole(request, limit))
}

/**
 * The bytes of a body, inflated where it came deflated. Throws `message-too-large`, `media-type-unsupported` for another
 * content encoding, or `malformed-message` when the caller went away or what came does not inflate.
 */
export async function readBytes(request: IncomingMessage, limit: number): Promise<Uint8Array> {
  const coding = codingOf(request)
  const inflater = inflaters[coding]
  if (coding !== 'identity' && !inflater)
    throw new GatewayError('media-type-unsupported', 'Of content encodings only gzip and deflate are supported.')
  const bytes = await readWhole(request, limit)
  if (!inflater) return bytes
  try {
    return await inflater(bytes, limit)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limit)
    throw new GatewayError('malformed-message', `The body is not what its content encoding says, ${coding}.`, { cause })
  }
}

function codingOf(request: IncomingMessage): string {
  return request.headers['content-encoding']?.trim().toLowerCase() || 'identity'
}

type Inflater = (bytes: Buffer, limit: number) => Promise<Buffer>
/** Each stops at the limit, with a buffer of that size and not of what is still to come. */
const bounded = (inflateAll: typeof gunzip | typeof inflate): Inflater => {
  const whole = promisify(inflateAll) as (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>
  return (bytes, limit) => whole(bytes, { maxOutputLength: limit })
}
const [gzipped, wrapped, bare] = [bounded(gunzip), bounded(inflate), bounded(inflateRaw)]
const inflaters: Readonly<Record<string, Inflater>> = Object.assign(Object.create(null), {
  gzip: gzipped,
  'x-gzip': gzipped,
  // RFC 9110 means the zlib format; old stacks send the bare stream that the name suggests.
  deflate: (bytes: Buffer, limit: number) => (hasZlibHeader(bytes) ? wrapped : bare)(bytes, limit),
})

function hasZlibHeader(bytes: Buffer): boolean {
  return bytes.length >= 2 && (bytes[0]! & 0x0f) === 8 && bytes.readUInt16BE(0) % 31 === 0
}

/** By its events: an asynchronous iterator takes three times as long over a body that comes in one piece. */
function readWhole(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const settle = () => request.off('data', take).off('end', end).off('error', fail).off('close', fail)
    const fail = (cause: unknown) => {
      settle()
      // The end of a connection may come as an error as well, which then finds nobody else.
      request.on('error', () => undefined)
      reject(new GatewayError('malformed-message', 'The body did not arrive whole.', { cause }))
    }
    const refuse = () => {
      settle()
      reject(tooLarge(limit))
    }
    const take = (chunk: Buffer) => {
      size += chunk.length
      if (size > limit) refuse()
      else chunks.push(chunk)
    }
    const end = () => {
      settle()
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))
    }
    if (Number(request.headers['content-length'] ?? 0) > limit) refuse()
    else if (request.destroyed) fail(undefined)
    else request.on('data', take).on('end', end).on('error', fail).on('close', fail)
  })
}

const mostDiscarded = 16 * 1_048_576
const longestDiscarding = 2_000

/**
 * Lets the rest of a refused body come in, within bounds. Many callers write all of it before they read anything, and a
 * connection that is closed under their hands loses the answer that says why.
 */
export function discardBody(request: IncomingMessage): Promise<void> {
  if (request.complete || request.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    let size = 0
    const timer = setTimeout(done, longestDiscarding)
    const count = (chunk: Buffer) => {
      size += chunk.length
      if (size >= mostDiscarded) done()
    }
    function done(): void {
      clearTimeout(timer)
      request.off('data', count).off('end', done).off('close', done)
      resolve()
    }
    // An error is followed by close; what it was is of no interest any more.
    request
      .on('data', count)
      .on('end', done)
      .on('close', done)
      .on('error', () => undefined)
    request.resume()
  })
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Text of UTF-8 bytes, a byte order mark left out. */
function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch (cause) {
    throw new GatewayError('malformed-message', 'The body is not UTF-8.', { cause })
  }
}

function tooLarge(limit: number): GatewayError {
  return new GatewayError('message-too-large', `The body is larger than ${limit} bytes.`)
}
