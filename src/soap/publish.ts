/**
 * Publishes a service's WSDL as received, except that every SOAP address becomes the public one of the peer that asks, that
 * every file it imports is found at that address with `?xsd=<file>`, and that it is UTF-8 and says so.
 * Limits: nothing else of the documents is rewritten; only files the contract was read from are served.
 */
import { readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { decodeDocument } from '../charset.ts'
import type { Service } from '../contract/model.ts'
import { escapeAttribute } from '../xml.ts'

/** The document at this address: the WSDL itself, or the imported file of this name; undefined where there is none. */
export type Publisher = (address: string, name: string) => string | undefined

export function publishWsdl({ file, files }: Service): Publisher {
  const folder = dirname(file)
  const nameOf = (path: string) => relative(folder, path).replaceAll('\\', '/')
  const documents = new Map(
    files.map((path) => [path === file ? '' : nameOf(path), { path, text: asUtf8(readFileSync(path)) }]),
  )
  return (address, name) => {
    const found = documents.get(name)
    if (!found) return undefined
    const imported = (location: string): string => {
      const path = resolve(dirname(found.path), location)
      return files.includes(path) ? `${address}?xsd=${encodeURIComponent(nameOf(path))}` : location
    }
    return found.text
      .replace(addresses, (_, before: string) => `${before}"${escapeAttribute(address)}"`)
      .replace(
        imports,
        (_, before: string, location: string) => `${before}"${escapeAttribute(imported(location.slice(1, -1)))}"`,
      )
  }
}

const addresses = /(<(?:[\w.-]+:)?address\b[^>]*?\blocation\s*=\s*)(?:"[^"]*"|'[^']*')/g
const imports = /(<(?:[\w.-]+:)?(?:import|include)\b[^>]*?\b(?:schemaLocation|location)\s*=\s*)("[^"]*"|'[^']*')/g

/** Read in whatever encoding the file has; it leaves as UTF-8. */
function asUtf8(bytes: Buffer): string {
  return decodeDocument(bytes, undefined).replace(/^(<\?xml\s[^>]*?\sencoding\s*=\s*["'])[^"']*/, '$1UTF-8')
}
