/**
 * Keeps a caller's reference parameters to be written into the header of its answer, each with all namespaces it needs.
 * Limits: at most 4096 characters for one address; prefixes are ours, so a value that uses one of the caller's means nothing.
 */
import { GatewayError } from '../errors.ts'
import { escapeAttribute, escapeText, type XmlAttribute, xmlnsUri } from '../xml.ts'
import { type AddressingUri, isAddressing } from './addressing.ts'
import { envelopeUri } from './versions.ts'

const longest = 4096
const xml = 'http://www.w3.org/XML/1998/namespace'

export class Echo {
  private written = ''
  private readonly names: string[] = []
  private readonly year: AddressingUri

  constructor(year: AddressingUri) {
    this.year = year
  }

  /** What is between the parameters is nobody's. */
  text(piece: string): void {
    if (this.names.length > 0) this.write(escapeText(piece))
  }

  open(uri: string, local: string, attributes: readonly XmlAttribute[]): void {
    // In a header of ours these would say something, and it would be we who say it.
    if (this.names.length === 0 && (isAddressing(uri) || Object.values(envelopeUri).includes(uri)))
      refuse('must not hold blocks of SOAP or of WS-Addressing')
    const [name, declaration] = uri === '' ? [local, 'xmlns=""'] : [`p:${local}`, `xmlns:p="${escapeAttribute(uri)}"`]
    const marked = this.names.length === 0 && this.year === 'http://www.w3.org/2005/08/addressing'
    this.names.push(name)
    this.write(`<${name} ${declaration}${marked ? ` xmlns:wsa="${this.year}" wsa:IsReferenceParameter="true"` : ''}`)
    for (const [i, attribute] of attributes.filter((a) => a.uri !== xmlnsUri && !isAddressing(a.uri)).entries()) {
      const prefix = attribute.uri === '' ? '' : attribute.uri === xml ? 'xml:' : `a${i}:`
      if (/^a\d/.test(prefix)) this.write(` xmlns:${prefix.slice(0, -1)}="${escapeAttribute(attribute.uri)}"`)
      this.write(` ${prefix}${attribute.local}="${escapeAttribute(attribute.value)}"`)
    }
    this.write('>')
  }

  close(): void {
    this.write(`</${this.names.pop()}>`)
  }

  get blocks(): string {
    return this.written
  }

  private write(piece: string): void {
    this.written += piece
    if (this.written.length > longest) refuse(`must not be longer than ${longest} characters`)
  }
}

function refuse(sentence: string): never {
  throw new GatewayError('invalid-message', `The reference parameters of an address ${sentence}.`, {
    problems: [{ path: 'ReferenceParameters', sentence }],
  })
}
