/** The two SOAP versions as data: namespaces, media types and the words that differ between them. */
export type SoapVersion = '1.1' | '1.2'

export const envelopeUri: Record<SoapVersion, string> = {
  '1.1': 'http://schemas.xmlsoap.org/soap/envelope/',
  '1.2': 'http://www.w3.org/2003/05/soap-envelope',
}

export const mediaType: Record<SoapVersion, string> = { '1.1': 'text/xml', '1.2': 'application/soap+xml' }

/** WS-Addressing 1.0, and the 2004 submission that old stacks still send. */
export const addressingUris = [
  'http://www.w3.org/2005/08/addressing',
  'http://schemas.xmlsoap.org/ws/2004/08/addressing',
] as const

/** The SOAP version a Content-Type announces, or undefined when it is not SOAP's. */
export function versionOf(contentType: string | undefined): SoapVersion | undefined {
  const type = (contentType ?? '').split(';', 1)[0]!.trim().toLowerCase()
  if (type === 'text/xml') return '1.1'
  return type === 'application/soap+xml' ? '1.2' : undefined
}
