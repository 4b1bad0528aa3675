/**
 * Makes text of the bytes of an XML document by the rules of RFC 7303: a byte order mark is believed before the charset of the
 * media type, that before the XML declaration; without any of them it is UTF-8. Bytes that are not of that encoding are refused.
 * Limits: UTF-8, UTF-16, ISO-8859-1, Windows-1252 and US-ASCII; no other encoding.
 */
import { GatewayError } from './errors.ts'

type Decode = (bytes: Uint8Array) => string

const strictly = (label: string): Decode => {
  const decoder = new TextDecoder(label, { fatal: true })
  return (bytes) => decoder.decode(bytes)
}
const latin1: Decode = (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
const [utf8, utf16le, utf16be] = ['utf-8', 'utf-16le', 'utf-16be'].map(strictly)

/** What Windows-1252 has at 0x80 to 0x9F; a blank where it has nothing. Node's own decoder takes it for ISO-8859-1. */
const windows = '€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ'
const windows1252: Decode = (bytes) =>
  latin1(bytes).replace(/[\x80-\x9f]/g, (byte) => without(/ /, windows[byte.charCodeAt(0) - 0x80]!))

const decoders: Readonly<Record<string, Decode>> = Object.assign(Object.create(null), {
  'utf-8': utf8,
  utf8,
  'utf-16le': utf16le,
  'utf-16be': utf16be,
  'utf-16': (bytes: Uint8Array) => (startsWith(bytes, 0x3c, 0x00) ? utf16le : utf16be)!(bytes),
  'iso-8859-1': latin1,
  'iso_8859-1': latin1,
  latin1,
  'windows-1252': windows1252,
  cp1252: windows1252,
  'us-ascii': (bytes: Uint8Array) => without(/[\x80-\xff]/, latin1(bytes)),
  ascii: (bytes: Uint8Array) => without(/[\x80-\xff]/, latin1(bytes)),
})

/**
 * The document as text, a byte order mark left out. `charset` is what the media type says.
 * Throws `media-type-unsupported` for another encoding, `malformed-message` for bytes that are not of theirs.
 */
export function decodeDocument(bytes: Uint8Array, charset: string | undefined): string {
  const name = markOf(bytes) ?? charset?.toLowerCase() ?? declaredIn(bytes) ?? 'utf-8'
  const decode = decoders[name]
  if (!decode)
    throw new GatewayError(
      'media-type-unsupported',
      'Send XML as UTF-8, UTF-16, ISO-8859-1, Windows-1252 or US-ASCII; no other encoding is supported.',
    )
  try {
    return decode(bytes)
  } catch (cause) {
    throw new GatewayError('malformed-message', 'The body is not in the encoding it is sent as.', { cause })
  }
}

function markOf(bytes: Uint8Array): string | undefined {
  if (startsWith(bytes, 0xef, 0xbb, 0xbf)) return 'utf-8'
  // The mark of UTF-32 begins with that of UTF-16.
  if (startsWith(bytes, 0xff, 0xfe, 0x00, 0x00)) return 'utf-32'
  if (startsWith(bytes, 0xff, 0xfe)) return 'utf-16le'
  return startsWith(bytes, 0xfe, 0xff) ? 'utf-16be' : undefined
}

/** What the document itself shows: a first `<` of two bytes, or its declaration. */
function declaredIn(bytes: Uint8Array): string | undefined {
  if (startsWith(bytes, 0x3c, 0x00) || startsWith(bytes, 0x00, 0x3c)) return 'utf-16'
  const name = /^<\?xml\s[^>]*?\sencoding\s*=\s*["']([^"']*)["']/.exec(latin1(bytes.subarray(0, 256)))?.[1]
  // Whoever can read this declaration byte by byte knows that it is not UTF-16: .NET writes it into strings it then sends as UTF-8.
  return name && /^utf-?16$/i.test(name) ? 'utf-8' : name?.toLowerCase()
}

function startsWith(bytes: Uint8Array, ...start: readonly number[]): boolean {
  return bytes.length >= start.length && start.every((byte, i) => bytes[i] === byte)
}

function without(forbidden: RegExp, text: string): string {
  if (forbidden.test(text)) throw new Error('a byte that has no meaning in this encoding')
  return text
}
