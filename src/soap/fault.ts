/**
 * Writes a GatewayError as a SOAP fault of either version: its kind, its sentence, the field paths and the exchange id.
 * Limits: the cause, a stack, a host name or a value never reach the partner.
 */
import type { GatewayError } from '../errors.ts'
import { escapeText } from '../xml.ts'
import { writeEnvelope } from './envelope.ts'
import type { SoapVersion } from './versions.ts'

export const faultUri = 'urn:oscp-gateway:fault'

const soap11Codes = {
  Sender: 'Client',
  Receiver: 'Server',
  MustUnderstand: 'MustUnderstand',
  VersionMismatch: 'VersionMismatch',
}

export function writeFault(version: SoapVersion, error: GatewayError, exchange: string): string {
  const { code, subcode } = error.row
  const detail =
    `<gw:problem xmlns:gw="${faultUri}"><gw:code>${subcode}</gw:code><gw:kind>${error.kind}</gw:kind><gw:exchange>${escapeText(exchange)}</gw:exchange>` +
    `${error.problems.map(problem).join('')}</gw:problem>`
  if (version === '1.1')
    return writeEnvelope(
      version,
      `<soap:Fault><faultcode>soap:${soap11Codes[code]}</faultcode><faultstring xml:lang="en">${escapeText(error.message)}</faultstring>` +
        `<detail>${detail}</detail></soap:Fault>`,
    )
  const sub =
    code === 'Sender' || code === 'Receiver'
      ? `<soap:Subcode><soap:Value xmlns:gw="${faultUri}">gw:${subcode}</soap:Value></soap:Subcode>`
      : ''
  return writeEnvelope(
    version,
    `<soap:Fault><soap:Code><soap:Value>soap:${code}</soap:Value>${sub}</soap:Code>` +
      `<soap:Reason><soap:Text xml:lang="en">${escapeText(error.message)}</soap:Text></soap:Reason>` +
      `<soap:Detail>${detail}</soap:Detail></soap:Fault>`,
  )
}

function problem({ path, sentence }: { path: string; sentence: string }): string {
  return `<gw:field path="${path.replace(/[<&"]/g, '')}">${escapeText(sentence)}</gw:field>`
}
