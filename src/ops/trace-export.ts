/**
 * Posts finished spans to a collector as OTLP over HTTP in JSON (opentelemetry.io/docs/specs/otlp), over the gateway's own client.
 * Limits: one attempt per batch; what does not arrive is lost, and `onProblem` hears of it.
 */
import type { Attributes, AttributeValue, HrTime, Link } from '@opentelemetry/api'
import { type ExportResult, ExportResultCode } from '@opentelemetry/core'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace'
import type { HttpClient } from '../http/outbound.ts'

export interface TraceExportOptions {
  readonly http: HttpClient
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  readonly onProblem: (error: Error) => void
}

const withinMs = 3_000

export function traceExporter({ http, endpoint, headers, onProblem }: TraceExportOptions): SpanExporter {
  const running = new Set<Promise<unknown>>()
  return {
    export(spans, done) {
      const sending = post(spans)
        .catch((error: Error): ExportResult => {
          onProblem(error)
          return { code: ExportResultCode.FAILED, error }
        })
        .then(done)
        .finally(() => running.delete(sending))
      running.add(sending)
    },
    async shutdown() {
      await Promise.allSettled(running)
    },
  }

  async function post(spans: readonly ReadableSpan[]): Promise<ExportResult> {
    const { status } = await http.send({
      url: endpoint,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(otlp(spans)),
      withinMs,
      reach: { configured: [endpoint], allowAddresses: [], allowHttp: false },
    })
    if (status < 200 || status > 299) throw new Error(`The collector answered ${status}.`)
    return { code: ExportResultCode.SUCCESS }
  }
}

/** One resource and one scope: all spans are the gateway's own. */
function otlp(spans: readonly ReadableSpan[]): object {
  const [first] = spans
  const scope = first && { name: first.instrumentationScope.name, version: first.instrumentationScope.version }
  const resource = { attributes: attributes(first?.resource.attributes ?? {}) }
  return { resourceSpans: [{ resource, scopeSpans: [{ scope, spans: spans.map(spanOf) }] }] }
}

function spanOf(span: ReadableSpan): object {
  const { traceId, spanId, traceState } = span.spanContext()
  return {
    traceId,
    spanId,
    ...(traceState ? { traceState: traceState.serialize() } : {}),
    ...(span.parentSpanContext ? { parentSpanId: span.parentSpanContext.spanId } : {}),
    name: span.name,
    // The wire counts from 1, because 0 is none.
    kind: span.kind + 1,
    startTimeUnixNano: nanoseconds(span.startTime),
    endTimeUnixNano: nanoseconds(span.endTime),
    attributes: attributes(span.attributes),
    links: span.links.map(linkOf),
    status: { code: span.status.code },
  }
}

function linkOf({ context: { traceId, spanId }, attributes: given = {} }: Link): object {
  return { traceId, spanId, attributes: attributes(given) }
}

function nanoseconds([seconds, rest]: HrTime): string {
  return String(BigInt(seconds) * 1_000_000_000n + BigInt(rest))
}

function attributes(given: Attributes): object[] {
  return Object.entries(given).flatMap(([key, value]) => (value === undefined ? [] : [{ key, value: anyValue(value) }]))
}

function anyValue(value: AttributeValue): object {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  return {
    arrayValue: { values: value.flatMap((item) => (item === null || item === undefined ? [] : [anyValue(item)])) },
  }
}
