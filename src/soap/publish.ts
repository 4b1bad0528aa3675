/**
 * Publishes a service's WSDL as received, except that every SOAP address becomes the public one of the peer that asks.
 * Limits: one self-contained file; nothing of the document is rewritten but the location attributes.
 */
import { readFileSync } from 'node:fs'
import { escapeAttribute } from '../xml.ts'

export function publishWsdl(file: string): (address: string) => string {
  const document = readFileSync(file, 'utf8')
  return (address) =>
    document.replace(
      /(<(?:[\w.-]+:)?address\b[^>]*?\blocation=)(?:"[^"]*"|'[^']*')/g,
      `$1"${escapeAttribute(address).replace(/\$/g, '$$$$')}"`,
    )
}
