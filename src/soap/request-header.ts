/**
 * The header blocks of a request of ours: WS-Addressing 1.0, and the operator's identity where the contract has a place for it.
 * Limits: none is marked mustUnderstand, because old stacks refuse what they could as well ignore.
 */
import type { Operation } from '../contract/model.ts'
import type { LegacyCall } from '../exchange/legacy.ts'
import { escapeAttribute, escapeText } from '../xml.ts'
import { type AddressingUri, anonymousOf, writeAddressing } from './addressing.ts'

const uri: AddressingUri = 'http://www.w3.org/2005/08/addressing'
const anonymous = anonymousOf(uri)

/** `identity` is the name of the header that names the operator, if the contract has one. */
export function requestHeader(
  call: LegacyCall,
  operation: Operation,
  identity: string | undefined,
  to: string,
): string {
  const { request, correlation, cspIdentity } = call
  const field = operation.headers.find(({ name }) => name === identity)
  const own =
    field && cspIdentity !== undefined
      ? `<id:${field.name} xmlns:id="${escapeAttribute(field.uri)}">${escapeText(cspIdentity)}</id:${field.name}>`
      : ''
  const addressing = writeAddressing({
    uri,
    action: operation.inputAction,
    messageId: asUri(request),
    to,
    relatesTo: correlation && asUri(correlation),
    from: anonymous,
    replyTo: anonymous,
  })
  return own + addressing
}

/** Addressing wants an IRI. What is none already (a UUID is not) becomes a URN. */
function asUri(id: string): string {
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) return `urn:uuid:${id}`
  return id
}
