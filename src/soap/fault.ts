/**
 * Writes a GatewayError as a SOAP fault of either version: its kind, its sentence, the field paths and the exchange id.
 * Limits: the cause, a stack, a host name or a value never reach the partner.
 */
import type { GatewayError } from '../errors.ts'
import { escapeAttribute, escapeText, isXmlText } from '../xml.ts'
import { ReplyAddressRefused } from './addressing.ts'
import { HeadersNotUnderstood, writeEnvelope } from './envelope.ts'
import { envelopeUri, type SoapVersion, VersionMismatch } from './versions.ts'

export const faultUri = 'urn:oscp-gateway:fault'

const soap11Codes = {
  Sender: 'Client',
  Receiver: 'Server',
  MustUnderstand: 'MustUnderstand',
  VersionMismatch: 'VersionMismatch',
}

/** `header` holds what else stands in the fault's header, such as its addressing. */
export function writeFault(version: SoapVersion, error: GatewayError, exchange: string, header = ''): string {
  const { code, subcode } = error.row
  const detail =
    `<gw:problem xmlns:gw="${faultUri}"><gw:code>${subcode}</gw:code><gw:kind>${error.kind}</gw:kind><gw:exchange>${escapeText(exchange)}</gw:exchange>` +
    `${error.problems.map(problem).join('')}</gw:problem>${problemHeader(error)}`
  const head = header + headerOf(version, error)
  if (version === '1.1')
    return writeEnvelope(
      version,
      `<soap:Fault><faultcode>soap:${soap11Codes[code]}</faultcode><faultstring xml:lang="en">${escapeText(error.message)}</faultstring>` +
        `<detail>${detail}</detail></soap:Fault>`,
      head,
    )
  const subcodes =
    error instanceof ReplyAddressRefused
      ? qualified(
          'wsa',
          error.uri,
          'InvalidAddressingHeader',
          qualified('wsa', error.uri, 'OnlyAnonymousAddressSupported'),
        )
      : qualified('gw', faultUri, subcode)
  return writeEnvelope(
    version,
    `<soap:Fault><soap:Code><soap:Value>soap:${code}</soap:Value>${code === 'Sender' || code === 'Receiver' ? subcodes : ''}</soap:Code>` +
      `<soap:Reason><soap:Text xml:lang="en">${escapeText(error.message)}</soap:Text></soap:Reason>` +
      `<soap:Detail>${detail}</soap:Detail></soap:Fault>`,
    head,
  )
}

/** A SOAP 1.2 subcode, with a further one inside it. */
function qualified(prefix: string, uri: string, name: string, within = ''): string {
  return `<soap:Subcode><soap:Value xmlns:${prefix}="${uri}">${prefix}:${name}</soap:Value>${within}</soap:Subcode>`
}

/** What WS-Addressing wants to stand in the detail of its own faults. */
function problemHeader(error: GatewayError): string {
  if (!(error instanceof ReplyAddressRefused)) return ''
  return `<wsa:ProblemHeaderQName xmlns:wsa="${error.uri}">wsa:${error.header}</wsa:ProblemHeaderQName>`
}

/** SOAP 1.2 sections 5.4.7 and 5.4.8: which envelopes we take, and which header blocks we did not. */
function headerOf(version: SoapVersion, error: GatewayError): string {
  if (error instanceof VersionMismatch) return upgrade(error.served)
  if (version === '1.1' || !(error instanceof HeadersNotUnderstood)) return ''
  return error.blocks
    .filter(({ uri, local }) => uri.length <= 256 && local.length <= 64 && isXmlText(uri))
    .map(({ uri, local }) => {
      const [name, declaration] = uri === '' ? [local, ''] : [`h:${local}`, ` xmlns:h="${escapeAttribute(uri)}"`]
      return `<soap:NotUnderstood qname="${escapeAttribute(name)}"${declaration}/>`
    })
    .join('')
}

/** In the namespace of SOAP 1.2 also in an envelope of SOAP 1.1, as SOAP 1.2 appendix A has it. */
function upgrade(served: readonly SoapVersion[]): string {
  const envelopes = served.map((v) => `<up:SupportedEnvelope qname="e:Envelope" xmlns:e="${envelopeUri[v]}"/>`)
  return `<up:Upgrade xmlns:up="${envelopeUri['1.2']}">${envelopes.join('')}</up:Upgrade>`
}

function problem({ path, sentence }: { path: string; sentence: string }): string {
  return `<gw:field path="${path.replace(/[<&"]/g, '')}">${escapeText(sentence)}</gw:field>`
}
