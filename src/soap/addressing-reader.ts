/**
 * Collects the WS-Addressing blocks of one header by their XML events; what a stack leaves out or leaves empty says nothing.
 * Limits: `To` and `From` are accepted and not looked at; of an endpoint only its address and its reference parameters count.
 */
import { GatewayError } from '../errors.ts'
import type { XmlAttribute } from '../xml.ts'
import type { Addressing, AddressingUri } from './addressing.ts'
import { Echo } from './echo.ts'

const fields = {
  MessageID: 'messageId',
  RelatesTo: 'relatesTo',
  Action: 'action',
  ReplyTo: 'replyTo',
  FaultTo: 'faultTo',
} as const
const understood = new Set([...Object.keys(fields), 'To', 'From'])
const parameters = new Set(['ReferenceParameters', 'ReferenceProperties'])
/** Ids are kept as they are, to recognise a repeat by. */
const longest = 1024

type Found = { -readonly [K in keyof Addressing]?: Addressing[K] }

export class AddressingReader {
  private readonly found: Found = {}
  private name = ''
  private uri: AddressingUri = 'http://www.w3.org/2005/08/addressing'
  /** 1 in the block itself, 2 in its children. */
  private depth = 0
  private value = ''
  private isValue = true
  private echo: Echo | undefined
  private isEchoed = false

  understands(local: string): boolean {
    return understood.has(local)
  }

  /** A block of the header begins; its elements and texts come next. */
  begin(uri: AddressingUri, local: string): void {
    this.found.uri ??= uri
    Object.assign(this, { name: local, uri, depth: 1, value: '', isValue: true, echo: undefined, isEchoed: false })
  }

  open(uri: string, local: string, attributes: readonly XmlAttribute[]): void {
    this.depth++
    if (this.depth === 2) {
      this.isValue = uri === this.uri && local === 'Address'
      this.isEchoed = uri === this.uri && parameters.has(local) && /^(?:ReplyTo|FaultTo)$/.test(this.name)
    } else if (this.isEchoed) {
      this.echo ??= new Echo(this.uri)
      this.echo.open(uri, local, attributes)
    }
  }

  text(piece: string): void {
    if (this.depth <= 2 && this.isValue) this.value += piece
    else if (this.depth > 2 && this.isEchoed) this.echo?.text(piece)
  }

  /** An element within the block ends. */
  close(): void {
    if (this.depth > 2 && this.isEchoed) this.echo?.close()
    this.depth--
    if (this.depth === 1) {
      this.isEchoed = false
      this.isValue = false
    }
  }

  /** The block ends. Throws for one that contradicts an earlier one, or is endless. */
  end(): void {
    if (!Object.hasOwn(fields, this.name)) return
    const field = fields[this.name as keyof typeof fields]
    const value = this.value.trim()
    if (value.length > longest) this.refuse(`must not be longer than ${longest} characters`)
    // One message may relate to several others, by kinds of relation that are not ours; the first is what it answers.
    if (this.found[field] === undefined) this.found[field] = value
    else if (field !== 'relatesTo' && this.found[field] !== value)
      this.refuse('must not stand twice with other content')
    if (field === 'replyTo') this.found.replyEcho ??= this.echo?.blocks
    if (field === 'faultTo') this.found.faultEcho ??= this.echo?.blocks
  }

  /** Undefined when the message has no addressing. */
  addressing(): Addressing | undefined {
    const { uri, ...said } = this.found
    return uri && { uri, ...Object.fromEntries(Object.entries(said).filter(([, value]) => value)) }
  }

  private refuse(sentence: string): never {
    throw new GatewayError('invalid-message', `The header ${this.name} ${sentence}.`, {
      problems: [{ path: this.name, sentence }],
    })
  }
}
