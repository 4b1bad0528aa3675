/**
 * Reads the answer to a call of ours: what the contract says it holds, or a fault of either SOAP version, leniently.
 * Limits: whichever version the peer answers in is read; header blocks of an answer are skipped, whatever they say.
 */
import { GatewayError } from '../errors.ts'
import { readXml, type XmlAttribute, type XmlHandler } from '../xml.ts'
import { ElementDecoder } from './decode.ts'
import type { CompiledElement, Value } from './slots.ts'
import { envelopeUri } from './versions.ts'

/** A fault, by the local names of its codes: old stacks are careless with namespaces. */
export interface ReadFault {
  /** The party's finding that the message itself is at fault, not its own state. */
  readonly isSender: boolean
  /** Every code it names, the outermost first, such as `Sender`, `NotSupported`. */
  readonly codes: readonly string[]
  readonly reason: string
}

export type ReadAnswer = { readonly value: Value } | { readonly fault: ReadFault }

/** Reads one answer. Throws GatewayError for what is no envelope, or whose body is not what the contract says. */
export function readAnswer(document: string, element: CompiledElement): ReadAnswer {
  const handler = new AnswerHandler(element)
  readXml(document, handler)
  return handler.answer()
}

const envelopeUris: readonly string[] = Object.values(envelopeUri)
const longestReason = 500
/** Elements whose text names a code, in either version and in the details that OCPP-like stacks add. */
const codeNames = new Set(['faultcode', 'value', 'code', 'subcode'])
const reasonNames = new Set(['faultstring', 'text'])

class AnswerHandler implements XmlHandler {
  private readonly element: CompiledElement
  /** The local names of the open elements. */
  private readonly open_: string[] = []
  private decoder: ElementDecoder | undefined
  private isFault = false
  private sawBody = false
  private text_ = ''
  private readonly codes: string[] = []
  private reason: string | undefined

  constructor(element: CompiledElement) {
    this.element = element
  }

  open(uri: string, local: string, attributes: readonly XmlAttribute[], from: number): void {
    const depth = this.open_.push(local)
    this.text_ = ''
    if (depth === 1 && (local !== 'Envelope' || !envelopeUris.includes(uri)))
      wrong('The answer is not a SOAP envelope.')
    if (depth === 2 && local === 'Body') this.sawBody = true
    if (this.open_[1] !== 'Body' || depth < 3) return
    if (depth === 3) {
      if (this.isFault || this.decoder) wrong('The answer holds more than one element.')
      if (local === 'Fault' && envelopeUris.includes(uri)) this.isFault = true
      else this.openBody(uri, local)
    }
    // An encodingStyle that some stacks put here says nothing about the message.
    const own = depth === 3 ? attributes.filter((a) => !envelopeUris.includes(a.uri)) : attributes
    this.decoder?.open(uri, local, own, from)
  }

  text(piece: string): void {
    if (this.decoder) this.decoder.text(piece)
    else if (this.isFault) this.text_ += piece
  }

  close(): void {
    const local = this.open_.at(-1)!.toLowerCase()
    if (this.open_[1] === 'Body' && this.open_.length > 2) {
      this.decoder?.close()
      if (this.isFault && codeNames.has(local)) this.addCode(this.text_)
      if (this.isFault && reasonNames.has(local)) this.reason ??= this.text_
    }
    // What follows is not part of the element that just ended.
    this.text_ = ''
    this.open_.pop()
  }

  ahead(xml: string, from: number): number {
    return this.decoder?.ahead(xml, from) ?? from
  }

  answer(): ReadAnswer {
    if (this.isFault) {
      const reason = (this.reason ?? '').replace(/\s+/g, ' ').trim().slice(0, longestReason)
      // SOAP 1.1 says Client where 1.2 says Sender; what is wrong with the envelope is the caller's fault, too.
      const isSender = /^(?:Sender|Client|VersionMismatch|MustUnderstand)$/i.test(this.codes[0] ?? '')
      return { fault: { isSender, codes: this.codes, reason } }
    }
    if (!this.sawBody) wrong('The answer has no Body.')
    if (!this.decoder) wrong('The Body of the answer is empty.')
    return { value: this.decoder!.value() as Value }
  }

  private openBody(uri: string, local: string): void {
    const { name, uri: own } = this.element.root
    if (local !== name || uri !== own) wrong(`The answer holds another element than ${name} of its contract.`)
    this.decoder = new ElementDecoder(this.element)
  }

  /** `soap:Client.NotSupported` is two codes: 1.1 puts what is more precise behind a dot. */
  private addCode(text: string): void {
    const local = text.trim().split(':').at(-1)!
    if (local !== '') this.codes.push(...local.split('.').slice(0, 4))
  }
}

function wrong(sentence: string): never {
  throw new GatewayError('malformed-message', sentence)
}
