/** A collector of OpenTelemetry on loopback: keeps the spans that are posted to it as OTLP JSON. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

export interface CollectedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly traceState?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
  readonly status: { readonly code: number }
  readonly attributes: Readonly<Record<string, unknown>>
}

export async function startCollector(status = 200) {
  const spans: CollectedSpan[] = []
  const requests: IncomingHttpHeaders[] = []
  const server = createServer(async (request, response) => {
    requests.push(request.headers)
    const body = (await json(request)) as Exported
    for (const { scopeSpans } of body.resourceSpans)
      for (const scope of scopeSpans)
        for (const span of scope.spans) spans.push({ ...span, attributes: plain(span.attributes) })
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`,
    spans,
    requests,
    async stop() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

interface Exported {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly {
      readonly spans: readonly (Omit<CollectedSpan, 'attributes'> & { readonly attributes: readonly Attribute[] })[]
    }[]
  }[]
}
interface Attribute {
  readonly key: string
  readonly value: {
    readonly arrayValue?: { readonly values: readonly Attribute['value'][] }
    readonly [kind: string]: unknown
  }
}

function plain(attributes: readonly Attribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, valueIn(value)]))
}

function valueIn(value: Attribute['value']): unknown {
  return value.arrayValue ? value.arrayValue.values.map(valueIn) : Object.values(value)[0]
}
