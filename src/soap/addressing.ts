/**
 * WS-Addressing (protocol/oscp-1.0.md section 2): lenient in, complete out, in either of the two namespaces that are in use.
 * Limits: who calls is told by address and credentials, never by what stands here.
 */
import { GatewayError } from '../errors.ts'
import { escapeText, toXmlText } from '../xml.ts'

export type AddressingUri = 'http://www.w3.org/2005/08/addressing' | 'http://schemas.xmlsoap.org/ws/2004/08/addressing'

/** WS-Addressing 1.0, and the submission of 2004 that old stacks still send; with the addresses that mean "here" and "nowhere". */
const years: Record<AddressingUri, { readonly anonymous: string; readonly none: string; readonly fault: string }> = {
  'http://www.w3.org/2005/08/addressing': {
    anonymous: 'http://www.w3.org/2005/08/addressing/anonymous',
    none: 'http://www.w3.org/2005/08/addressing/none',
    fault: 'http://www.w3.org/2005/08/addressing/soap/fault',
  },
  'http://schemas.xmlsoap.org/ws/2004/08/addressing': {
    anonymous: 'http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous',
    // The submission has no such address; what 1.0 says is meant.
    none: 'http://www.w3.org/2005/08/addressing/none',
    fault: 'http://schemas.xmlsoap.org/ws/2004/08/addressing/fault',
  },
}

export function isAddressing(uri: string): uri is AddressingUri {
  return Object.hasOwn(years, uri)
}

/** What a message says of itself. */
export interface Addressing {
  /** The namespace the sender used, to answer in the same. */
  readonly uri: AddressingUri
  readonly messageId?: string
  readonly relatesTo?: string
  readonly action?: string
  readonly replyTo?: string
  readonly faultTo?: string
  /** Reference parameters of these two addresses, as blocks of the header of what is sent there. */
  readonly replyEcho?: string | undefined
  readonly faultEcho?: string | undefined
}

/** Where an answer goes: on the HTTP response, nowhere, or to an address of its own. */
export type ReplyRoute = 'here' | 'nowhere' | { readonly url: string }

export interface ReplyRoutes {
  readonly answer: ReplyRoute
  readonly fault: ReplyRoute
}

export const answeredHere: ReplyRoutes = { answer: 'here', fault: 'here' }

/**
 * Where answer and fault are asked to go. Throws `reply-address-refused` for an address whose host `mayReply` does not allow:
 * else whoever can send us a message could have ours sent to anybody.
 */
export function replyRoutes(addressing: Addressing | undefined, mayReply: (host: string) => boolean): ReplyRoutes {
  if (!addressing) return answeredHere
  const { anonymous, none } = years[addressing.uri]
  const route = (name: 'ReplyTo' | 'FaultTo', address: string | undefined): ReplyRoute => {
    if (address === undefined || address === anonymous) return 'here'
    if (address === none) return 'nowhere'
    const url = URL.canParse(address) ? new URL(address) : undefined
    const isPlain = url && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
    if (isPlain && mayReply(url.hostname.replace(/^\[|\]$/g, ''))) return { url: url.href }
    throw new ReplyAddressRefused(name, addressing.uri)
  }
  const answer = route('ReplyTo', addressing.replyTo)
  return { answer, fault: addressing.faultTo === undefined ? answer : route('FaultTo', addressing.faultTo) }
}

/** Carries what WS-Addressing wants its fault to name. */
export class ReplyAddressRefused extends GatewayError {
  readonly header: 'ReplyTo' | 'FaultTo'
  readonly uri: AddressingUri

  constructor(header: 'ReplyTo' | 'FaultTo', uri: AddressingUri) {
    const sentence = 'must be the anonymous address; no other is allowed for this party'
    super('reply-address-refused', `${header} ${sentence}.`, { problems: [{ path: header, sentence }] })
    this.header = header
    this.uri = uri
  }
}

/** What a message of ours says of itself. */
export interface AddressingOut {
  readonly uri: AddressingUri
  readonly action: string
  readonly messageId: string
  readonly to: string
  readonly relatesTo?: string | undefined
  readonly replyTo?: string | undefined
  readonly from?: string | undefined
}

/** Header blocks, in the order of the specification's own examples. */
export function writeAddressing({ uri, action, messageId, to, relatesTo, replyTo, from }: AddressingOut): string {
  const block = (name: string, content: string | undefined) =>
    content === undefined ? '' : `<wsa:${name} xmlns:wsa="${uri}">${content}</wsa:${name}>`
  const text = (name: string, value: string | undefined) => block(name, value && escapeText(toXmlText(value)))
  const endpoint = (name: string, address: string | undefined) =>
    block(name, address && `<wsa:Address>${escapeText(toXmlText(address))}</wsa:Address>`)
  return (
    text('Action', action) +
    text('MessageID', messageId) +
    text('RelatesTo', relatesTo) +
    text('To', to) +
    endpoint('From', from) +
    endpoint('ReplyTo', replyTo)
  )
}

/** The address that means the HTTP response. */
export function anonymousOf(uri: AddressingUri): string {
  return years[uri].anonymous
}

/** Addressing of an answer or, without an action, of a fault; none where the request had none. */
export function writeAnswerAddressing(
  asked: Addressing | undefined,
  action: string | undefined,
  route: ReplyRoute,
  id: string,
): string {
  if (!asked) return ''
  const { uri, messageId: relatesTo } = asked
  const isFault = action === undefined
  const echo = (isFault && asked.faultTo !== undefined ? asked.faultEcho : asked.replyEcho) ?? ''
  const to = typeof route === 'object' ? route.url : years[uri].anonymous
  const messageId = `urn:uuid:${id}`
  return writeAddressing({ uri, action: action ?? years[uri].fault, messageId, to, relatesTo }) + echo
}
