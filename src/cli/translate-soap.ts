/**
 * The SOAP wire of `translate`: what an envelope's body is, its value by the contract, and an envelope around a result.
 * Limits: requests and responses are read as the SOAP face reads requests; headers do not take part.
 */
import type { Contract, Message, Operation } from '../contract/model.ts'
import type { Value } from '../mapping/compile.ts'
import { compileEncoder } from '../soap/encode.ts'
import { compileService, readEnvelope, writeEnvelope } from '../soap/envelope.ts'
import { envelopeUri, type SoapVersion } from '../soap/versions.ts'
import { readXml } from '../xml.ts'
import { exitCodes, InputError } from './exit.ts'

/** The first element of an envelope's body. */
export interface Body {
  readonly version: SoapVersion
  readonly uri: string
  readonly local: string
}

/** Throws InputError for what is no envelope with a message, GatewayError for what is no XML. */
export function peekBody(document: string): Body {
  const path: string[] = []
  let root = ''
  let first: { uri: string; local: string } | undefined
  readXml(document, {
    open(uri, local) {
      path.push(local)
      if (path.length === 1) root = `${uri} ${local}`
      if (path.length === 3 && path[1] === 'Body') first ??= { uri, local }
    },
    text() {},
    close() {
      path.pop()
    },
  })
  const version = (['1.1', '1.2'] as const).find((v) => root === `${envelopeUri[v]} Envelope`)
  if (version === undefined) throw new InputError(exitCodes.data, ['XML, but not a SOAP 1.1 or 1.2 envelope'])
  if (first === undefined) throw new InputError(exitCodes.data, ['the Body is empty'])
  if (first.local === 'Fault' && first.uri === envelopeUri[version])
    throw new InputError(exitCodes.data, ['a SOAP fault is no message; nothing of it is translated'])
  return { version, ...first }
}

/** The value of the body, by the contract's service that has it. Throws GatewayError with every problem. */
export function readBodyOf(document: string, body: Body, contract: Contract): Value {
  const has = (message: Message) => message.name === body.local && message.uri === body.uri
  for (const service of contract.services) {
    // A response is read by the same reader, as the input of an operation whose input it is.
    const turned = { ...service, operations: service.operations.map((o) => ({ ...o, input: o.output, headers: [] })) }
    for (const readable of [service, turned])
      if (readable.operations.some((o) => has(o.input)))
        return readEnvelope(document, body.version, compileService(readable)).value
  }
  throw new Error(`${contract.id} has no element ${body.local}`)
}

/** An envelope of the service that `host` hosts, or of the first that has this operation. */
export function writeBody(
  contract: Contract,
  name: string,
  side: 'input' | 'output',
  value: Value,
  { version, host }: { version: SoapVersion | undefined; host: 'csp' | 'dso' | undefined },
): string {
  const having = contract.services.filter((s) => s.operations.some((o) => o.name === name))
  const service = having.find((s) => s.host === host) ?? having[0]!
  const operation: Operation = service.operations.find((o) => o.name === name)!
  return writeEnvelope(version ?? service.soapVersions[0] ?? '1.1', compileEncoder(operation[side])(value))
}
