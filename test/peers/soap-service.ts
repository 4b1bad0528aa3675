/**
 * A party that hosts a SOAP service, on bare `node:http`, in SOAP 1.1 and 1.2: what it gets it checks by a table of its own and
 * keeps, and it answers by a script. Its XML is read by `fast-xml-parser`, never by the gateway's own reader.
 */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { XMLParser, XMLValidator } from 'fast-xml-parser'

export type SoapVersion = '1.1' | '1.2'

/** An element's children in schema order: `name!` is required, `name*` a list, both may be; an object describes what is inside. */
export interface Shape {
  readonly [name: string]: Shape | null
}

export interface Operation {
  readonly request: string
  readonly response: string
  readonly input: Shape
  readonly soapAction: string
  /** Undefined where the WSDL names none. */
  readonly action: string | undefined
}

export interface ServiceTable {
  readonly namespace: string
  readonly operations: Readonly<Record<string, Operation>>
}

/** What is in an element: text, or its children; lists as lists. */
export interface Content {
  readonly [name: string]: string & Content & readonly Content[]
}

export type Xml = { readonly [name: string]: unknown }

export interface Called {
  /** Undefined where the request is none of the service's. */
  readonly operation: string | undefined
  readonly version: SoapVersion | undefined
  readonly headers: IncomingHttpHeaders
  /** Header blocks by local name, their text, or what is in them. */
  readonly blocks: Record<string, unknown>
  /** The body, names without prefixes, lists as lists, everything else text. */
  readonly value: Content
  readonly raw: string
  /** Arrival in epoch milliseconds. */
  readonly at: number
  /** What the party itself found wrong with the request. */
  readonly wrong: string | undefined
  /** HTTP status of the answer, once there is one. */
  status?: number
  /** Whether the party has taken what it was told; once it has answered. */
  taken?: boolean
}

/** What is left out is as the party would answer by itself. */
export interface Answering {
  /** The response's content, children in schema order. */
  value?: Xml
  fault?: { code: 'Sender' | 'Receiver'; subcode?: string; reason?: string; detail?: string }
  /** The whole body of the HTTP answer. */
  body?: string | Buffer
  status?: number
  contentType?: string
  headers?: Record<string, string>
  delayMs?: number
  /** Never answers. */
  hang?: true
  /** Resets the connection instead of answering. */
  reset?: true
  /** The SOAP version of the answer, where it is not the request's. */
  version?: SoapVersion
}

/** `nth` counts the calls of this operation from 1 since the call of `behave`. */
export type Script = Answering | ((call: Called, nth: number) => Answering | undefined)

export interface ServiceOptions {
  readonly port?: number
  readonly host?: string
  /** Told of every call once it is answered; without a status where it never is. */
  readonly onReceived?: (call: Called) => void
}

const envelopes = {
  '1.1': 'http://schemas.xmlsoap.org/soap/envelope/',
  '1.2': 'http://www.w3.org/2003/05/soap-envelope',
} as const
const types = { '1.1': 'text/xml', '1.2': 'application/soap+xml' } as const

const parser = new XMLParser({
  ignoreAttributes: false,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  isArray: () => true,
})

export type SoapService = Awaited<ReturnType<typeof startSoapService>>

export async function startSoapService(
  table: ServiceTable,
  own: (call: Called) => Xml,
  {
    port: wanted = 0,
    path = '/soap',
    host = '127.0.0.1',
    behaves = {},
    onReceived = () => {},
  }: ServiceOptions & { readonly path?: string; readonly behaves?: Record<string, Script> } = {},
) {
  const received: Called[] = []
  let scripts: Record<string, Script> = behaves
  let counts: Record<string, number> = {}

  const server = createServer(async (message, response) => {
    const raw = await text(message).catch(() => undefined)
    if (raw === undefined) return // the caller went away while it was still sending
    const call = read(table, raw, message.headers, message.method ?? '')
    received.push(call)
    const name = call.operation ?? ''
    const script = scripts[name] ?? scripts['*']
    counts[name] = (counts[name] ?? 0) + 1
    const how = (typeof script === 'function' ? script(call, counts[name]!) : script) ?? {}
    if (how.delayMs !== undefined) await sleep(how.delayMs, undefined, { ref: false })
    if (how.reset) message.socket.resetAndDestroy()
    else if (!how.hang && !message.socket.destroyed) answer(call, how, response)
    onReceived(call)
  })

  function answer(call: Called, how: Answering, response: ServerResponse): void {
    const version = how.version ?? call.version ?? '1.1'
    const refusal = how.fault ?? (how.value || how.body ? undefined : faultFor(call))
    const inner = refusal
      ? faultXml(version, refusal)
      : element(
          table.operations[call.operation ?? '']?.response ?? 'none',
          how.value ?? (how.body === undefined ? own(call) : {}),
          ` xmlns="${table.namespace}"`,
        )
    const status = how.status ?? (refusal ? (version === '1.2' && refusal.code === 'Sender' ? 400 : 500) : 200)
    const body =
      how.body ??
      `<?xml version="1.0" encoding="UTF-8"?><env:Envelope xmlns:env="${envelopes[version]}"><env:Body>${inner}</env:Body></env:Envelope>`
    call.taken = !refusal && status < 300 && how.value?.status !== 'Rejected'
    call.status = status
    response.writeHead(status, {
      'Content-Type': how.contentType ?? `${types[version]}; charset=utf-8`,
      'Content-Length': Buffer.byteLength(body),
      ...how.headers,
    })
    response.end(body)
  }

  const listen = async (port: number) => {
    server.listen(port, host)
    await once(server, 'listening')
  }
  await listen(wanted)
  const { port } = server.address() as AddressInfo

  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}${path}`,
    port,
    /** Every request in order of arrival, bad ones too. */
    received,
    /** The calls of one operation. */
    calls: (operation: string) => received.filter((call) => call.operation === operation),
    /** How calls of this operation (`*`: of any other) are answered from now on; without a script as the party would by itself. */
    behave(operation: string, script?: Script): void {
      const { [operation]: _, ...rest } = scripts
      scripts = script === undefined ? rest : { ...rest, [operation]: script }
      counts = { ...counts, [operation]: 0 }
    },
    /** The nth call of an operation, past or future. */
    async waitFor(operation: string, nth = 1, timeoutMs = 5000): Promise<Called> {
      for (const deadline = Date.now() + timeoutMs; ; await sleep(5)) {
        const found = received.filter((call) => call.operation === operation)[nth - 1]
        if (found?.status !== undefined) return found
        if (Date.now() > deadline)
          throw new Error(
            `${timeoutMs} ms in vain for ${operation} no. ${nth}; there were ${received.map((c) => `${c.operation} ${c.status} ${c.wrong ?? ''}`)}`,
          )
      }
    },
    /** Closes the port and every connection; what was received stays. */
    async stop(): Promise<void> {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
    /** Listens again on the same port. */
    async restart(): Promise<void> {
      if (!server.listening) await listen(port)
    },
  }
}

/** Element nodes as the parser gives them with every element in a list. */
type Node = Record<string, unknown>

function read(table: ServiceTable, raw: string, headers: IncomingHttpHeaders, method: string): Called {
  const about = { headers, raw, at: Date.now() }
  const type = (headers['content-type'] ?? '').split(';')[0]!.trim()
  const version = (['1.1', '1.2'] as const).find((one) => types[one] === type)
  const bad = (wrong: string): Called => ({ ...about, operation: undefined, version, blocks: {}, value: {}, wrong })
  if (method !== 'POST') return bad('not a POST')
  if (version === undefined) return bad(`the media type ${type}`)
  if (headers['content-length'] === undefined) return bad('no Content-Length')
  if (XMLValidator.validate(raw) !== true) return bad('not well-formed')
  const scope = new Map<string, string>()
  const [envelope] = elementsOf(parser.parse(raw) as Node, scope)
  if (envelope?.local !== 'Envelope' || envelope.uri !== envelopes[version])
    return bad(`not an envelope of SOAP ${version}`)
  const parts = elementsOf(envelope.node, envelope.scope)
  const body = parts.find(({ local }) => local === 'Body')
  const [first, ...more] = body ? elementsOf(body.node, body.scope) : []
  if (!first || more.length > 0) return bad('the body must hold one element')
  const header = parts.find(({ local }) => local === 'Header')
  const blocks = Object.fromEntries(
    (header ? elementsOf(header.node, header.scope) : []).map(({ local, node }) => [local, plain(node)]),
  )
  const found = Object.entries(table.operations).find(([, { request }]) => request === first.local)
  if (!found || first.uri !== table.namespace)
    return { ...bad(`no operation has {${first.uri}}${first.local}`), blocks }
  const [operation, about_] = found
  const problems: string[] = []
  const value = checked(first, about_.input, table.namespace, operation, problems)
  if (version === '1.1' && headers.soapaction !== `"${about_.soapAction}"`)
    problems.push(`SOAPAction ${headers.soapaction}`)
  if (blocks.Action !== undefined && about_.action !== undefined && blocks.Action !== about_.action)
    problems.push(`wsa:Action ${String(blocks.Action)}`)
  const wrong = problems.length > 0 ? problems.join('; ') : undefined
  return { ...about, operation, version, blocks, value: value as Content, wrong }
}

interface Element {
  readonly local: string
  readonly uri: string
  readonly node: Node
  readonly scope: ReadonlyMap<string, string>
}

/** The child elements of a node in document order as far as the parser keeps it: those of one name together. */
function elementsOf(node: Node, outer: ReadonlyMap<string, string>): Element[] {
  return Object.entries(node).flatMap(([name, list]) => {
    if (name.startsWith('@_') || name === '#text' || name.startsWith('?')) return []
    return (list as unknown[]).map((content) => {
      const inner: Node = typeof content === 'object' && content !== null ? (content as Node) : { '#text': content }
      const scope = new Map(outer)
      for (const [key, value] of Object.entries(inner))
        if (key === '@_xmlns') scope.set('', String(value))
        else if (key.startsWith('@_xmlns:')) scope.set(key.slice(8), String(value))
      const [prefix, local] = name.includes(':') ? (name.split(':') as [string, string]) : ['', name]
      return { local, uri: scope.get(prefix) ?? '', node: inner, scope }
    })
  })
}

function textOf(node: Node): string {
  const own = node['#text']
  return String((Array.isArray(own) ? own[0] : own) ?? '')
}

function plain(node: Node): unknown {
  const inside = elementsOf(node, new Map())
  return inside.length === 0 ? textOf(node) : Object.fromEntries(inside.map((e) => [e.local, plain(e.node)]))
}

function checked(own: Element, shape: Shape, uri: string, at: string, problems: string[]): Record<string, unknown> {
  const known = Object.entries(shape).map(([key, inner]) => {
    const name = key.replace(/[!*]/g, '')
    return { name, required: key.includes('!'), many: key.includes('*'), inner }
  })
  const children = elementsOf(own.node, own.scope)
  const order = children.map(({ local }) => known.findIndex(({ name }) => name === local))
  if (order.some((position, i) => position < (order[i - 1] ?? 0))) problems.push(`${at}: order of elements`)
  const value: Record<string, unknown> = {}
  for (const { name, required, many, inner } of known) {
    const found = children.filter(({ local }) => local === name)
    if (found.some((child) => child.uri !== uri)) problems.push(`${at}.${name}: namespace`)
    if (required && found.length === 0) problems.push(`${at}.${name}: missing`)
    if (!many && found.length > 1) problems.push(`${at}.${name}: more than once`)
    const values = found.map((child) =>
      inner === null ? textOf(child.node) : checked(child, inner, uri, `${at}.${name}`, problems),
    )
    if (many) value[name] = values
    else if (values.length > 0) value[name] = values[0]
  }
  return value
}

function faultFor({ operation, wrong }: Called): Answering['fault'] {
  if (operation === undefined) return { code: 'Sender', subcode: 'ProtocolError', reason: wrong ?? '' }
  return wrong === undefined ? undefined : { code: 'Sender', subcode: 'ProtocolError', reason: wrong }
}

function faultXml(
  version: SoapVersion,
  { code, subcode, reason = 'no reason', detail }: NonNullable<Answering['fault']>,
): string {
  const own = ' xmlns:own="urn:own-codes"'
  if (version === '1.1') {
    const name = code === 'Sender' ? 'Client' : 'Server'
    const inside = detail ?? (subcode === undefined ? '' : `<own:code${own}>${subcode}</own:code>`)
    return `<env:Fault><faultcode>env:${name}</faultcode><faultstring>${escaped(reason)}</faultstring>${inside && `<detail>${inside}</detail>`}</env:Fault>`
  }
  const sub = subcode === undefined ? '' : `<env:Subcode><env:Value${own}>own:${subcode}</env:Value></env:Subcode>`
  return `<env:Fault><env:Code><env:Value>env:${code}</env:Value>${sub}</env:Code><env:Reason><env:Text xml:lang="en">${escaped(reason)}</env:Text></env:Reason>${detail === undefined ? '' : `<env:Detail>${detail}</env:Detail>`}</env:Fault>`
}

function element(name: string, content: unknown, attributes = ''): string {
  if (Array.isArray(content)) return content.map((item) => element(name, item, attributes)).join('')
  if (content === undefined) return ''
  const inside =
    typeof content === 'object' && content !== null
      ? Object.entries(content)
          .map(([child, value]) => element(child, value))
          .join('')
      : escaped(String(content))
  return `<${name}${attributes}>${inside}</${name}>`
}

function escaped(value: string): string {
  return value.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]!)
}
