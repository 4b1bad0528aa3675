/**
 * Reads one request body whole, up to a limit of bytes, and decodes it as strict UTF-8.
 * Limits: a content encoding other than identity is refused; a body over the limit is not read to its end.
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
    for await (const chunk of request) {
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
