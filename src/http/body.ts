/**
 * Reads one request body whole, up to a limit of bytes, and decodes it as strict UTF-8.
 * Limits: a content encoding other than identity is refused; of a body over the limit nothing is kept.
 */
import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../errors.ts'

/** Throws `message-too-large`, `media-type-unsupported`, or `malformed-message` when the caller went away or sent no UTF-8. */
export async function readBody(request: IncomingMessage, limit: number): Promise<string> {
  const encoding = request.headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity')
    throw new GatewayError('media-type-unsupported', 'A body with a content encoding is not supported.')
  if (Number(request.headers['content-length'] ?? 0) > limit) tooLarge(limit)
  const chunks: Buffer[] = []
  let size = 0
  try {
    // The request must outlive this loop: without it there is no connection to answer on.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      size += (chunk as Buffer).length
      if (size > limit) tooLarge(limit)
      chunks.push(chunk as Buffer)
    }
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    throw new GatewayError('malformed-message', 'The body did not arrive whole.', { cause })
  }
  return decodeUtf8(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))
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

function tooLarge(limit: number): never {
  throw new GatewayError('message-too-large', `The body is larger than ${limit} bytes.`)
}
