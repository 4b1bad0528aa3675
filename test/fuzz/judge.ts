/**
 * What is wrong with an answer, whatever the request was: an answer is a message of its wire, a refusal of a known kind with the
 * status of that kind, and nothing of the gateway's insides, its host or the partner's values is in it.
 */
import { hostname } from 'node:os'
import { SaxesParser } from 'saxes'
import { type ErrorKind, errorTable } from '../../src/errors.ts'
import { soapUri, type Version } from '../support/soap.ts'
import { canary } from './values.ts'
import type { Answer, Input } from './wire.ts'

/** A host may be named with an ordinary word. */
const host = /\d/.test(hostname()) && hostname().length > 6 ? hostname() : undefined

const kinds = new Map(Object.entries(errorTable))
const internals =
  /\bat \S+ ?\(|node:|node_modules|\.[cm]?[jt]s\b|(?:Type|Range|Reference|Syntax)Error|\/work|\/src\/|\/home\/|127\.0\.0\.1|localhost|ECONN|undefined|\[object|-----BEGIN/

export function judge(input: Input, answer: Answer): string | undefined {
  const text = answer.body.toString('utf8')
  if (Buffer.from(text, 'utf8').compare(answer.body) !== 0) return 'the answer is not UTF-8'
  const exchange = answer.headers['x-exchange-id']
  if (typeof exchange !== 'string' || exchange === '') return 'no X-Exchange-ID'
  const wrong = input.face === 'soap' ? judgeSoap(input, answer, text, exchange) : judgeJson(input, answer, text)
  if (wrong !== undefined || answer.status < 400) return wrong
  // A header gives back what WS-Addressing wants given back: the id of the message, reference parameters.
  const said = text.replace(/<soap:Header>.*<\/soap:Header>/s, '')
  const leak =
    internals.exec(said)?.[0] ?? [canary, host].find((secret) => secret !== undefined && said.includes(secret))
  return leak === undefined ? undefined : `the answer holds ${JSON.stringify(leak)}`
}

interface Fault {
  readonly code: string
  readonly kind: string
  readonly exchange: string
}

function judgeSoap(input: Input, { status, headers }: Answer, text: string, exchange: string): string | undefined {
  if (status === 202) return text === '' ? undefined : '202 with a body'
  const version: Version = /^\s*application\/soap\+xml\s*(?:;|$)/i.test(input.headers['content-type'] ?? '')
    ? '1.2'
    : '1.1'
  const read = readAnswer(text)
  if (typeof read === 'string') return read
  const own = read.envelope === soapUri['1.2'] ? '1.2' : '1.1'
  const type = own === '1.2' ? 'application/soap+xml; charset=utf-8' : 'text/xml; charset=utf-8'
  if (headers['content-type'] !== type) return `an envelope of SOAP ${own} goes as ${headers['content-type']}`
  if (headers['content-length'] === undefined) return 'no Content-Length'
  const { fault } = read
  if (own !== version && fault?.kind !== 'version-mismatch') return `SOAP ${version} was answered in SOAP ${own}`
  if (!fault) return status === 200 ? undefined : `no fault, but ${status}`
  const row = kinds.get(fault.kind)
  if (!row || (fault.kind as ErrorKind) === 'internal') return `a fault of the kind ${fault.kind || 'none'}`
  if (fault.exchange !== exchange) return 'the exchange in the fault is not the one in the header'
  const codes = {
    Sender: 'Client',
    Receiver: 'Server',
    MustUnderstand: 'MustUnderstand',
    VersionMismatch: 'VersionMismatch',
  }
  if (fault.code !== `soap:${own === '1.1' ? codes[row.code] : row.code}`)
    return `${fault.kind} has the code ${fault.code}`
  const right = own === '1.1' ? row.soap11 : row.soap12
  return status === right ? undefined : `${fault.kind} came with ${status} instead of ${right}`
}

/** A sentence when it is no envelope. */
function readAnswer(text: string): { envelope: string; fault: Fault | undefined } | string {
  const parser = new SaxesParser({ xmlns: true })
  const path: string[] = []
  const found: Record<string, string> = {}
  let envelope = ''
  let problem: string | undefined
  parser.on('error', ({ message }) => {
    problem ??= message
  })
  parser.on('opentag', ({ local, uri }) => {
    if (path.length === 0) envelope = `${local} ${uri}`
    path.push(local)
    if (path[2] === 'Fault' && uri === envelope.slice(9)) found.Fault ??= ''
  })
  parser.on('text', (piece) => {
    const key = path.slice(2).join('/')
    found[key] = (found[key] ?? '') + piece
  })
  parser.on('closetag', () => void path.pop())
  parser.write(text).close()
  if (problem !== undefined) return `the answer is not well-formed: ${problem}`
  if (!envelope.startsWith('Envelope ')) return `the answer is ${envelope || 'empty'}`
  const detail = (name: string) => found[`Fault/detail/problem/${name}`] ?? found[`Fault/Detail/problem/${name}`] ?? ''
  const code = found['Fault/faultcode'] ?? found['Fault/Code/Value'] ?? ''
  const fault = 'Fault' in found ? { code, kind: detail('kind'), exchange: detail('exchange') } : undefined
  return { envelope: envelope.slice(9), fault }
}

const statuses: ReadonlySet<number> = new Set(
  Object.entries(errorTable).flatMap(([kind, { json }]) => (kind === 'internal' ? [] : [json])),
)

function judgeJson({ method }: Input, { status, headers }: Answer, text: string): string | undefined {
  if (status === 204) return text === '' ? undefined : '204 with a body'
  if (!statuses.has(status)) return `status ${status}`
  if (!/^application\/json; charset=utf-8$/.test(headers['content-type'] as string))
    return `a refusal as ${headers['content-type']}`
  if (method === 'HEAD') return text === '' ? undefined : 'HEAD with a body'
  try {
    const { message, ...more } = JSON.parse(text) as { message?: unknown }
    if (typeof message !== 'string' || message === '') return 'a refusal without a message'
    return Object.keys(more).length === 0 ? undefined : 'a refusal with other members than message'
  } catch {
    return 'a refusal that is no JSON'
  }
}
