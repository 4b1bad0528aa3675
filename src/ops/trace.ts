/**
 * Three spans per exchange: received, translated, delivered; W3C trace context comes in by HTTP headers and goes out with every call.
 * Limits: without settings nothing here is put around anything. A delivery after the exchange is linked to it as long as
 * this process remembers it (the last 10,000 exchanges); beyond that the exchange id is an attribute of both.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type Attributes,
  type Context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { errorTable } from '../errors.ts'
import type { ExchangeId } from '../exchange/ids.ts'
import type { HttpClient } from '../http/outbound.ts'
import type { Part, Translator } from '../mapping/compile.ts'
import type { Crossing } from '../mapping/crossings.ts'
import { traceExporter } from './trace-export.ts'
import type { Tracing } from './tracing.ts'

export interface TraceOptions {
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  readonly sampling: number
  /** Calls the collector. */
  readonly client: HttpClient
  readonly version: string
  readonly onProblem: (error: Error) => void
}

/** What runs now belongs to this context; `received` is the exchange's first span. */
interface Running {
  readonly context: Context
  readonly received?: Span
}

const remembered = 10_000
const mostLinks = 32

export function openTracing({ client, version, onProblem, ...settings }: TraceOptions): Tracing {
  const exporter = traceExporter({ http: client, onProblem, ...settings })
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'oscp-gateway', 'service.version': version }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(settings.sampling) }),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  })
  const tracer = provider.getTracer('oscp-gateway', version)
  const propagator = new W3CTraceContextPropagator()
  const running = new AsyncLocalStorage<Running>()
  const exchanges = new Map<ExchangeId, SpanContext>()

  return {
    observer: {
      exchanged({ exchange, peer, link, operation, direction, outcome }) {
        const span = running.getStore()?.received
        if (!span) return
        span.updateName(operation === undefined ? 'receive' : `receive ${operation}`)
        span.setAttributes(known({ exchange_id: exchange, peer, link, operation, direction, outcome }))
        if (outcome in errorTable) span.setStatus({ code: SpanStatusCode.ERROR })
      },
      attempted: () => undefined,
      alarm: () => undefined,
    },
    serve: (listener) => (request, response) => {
      if (request.method === 'GET' || request.method === 'HEAD') return listener(request, response)
      const from = propagator.extract(ROOT_CONTEXT, request.headers, defaultTextMapGetter) ?? ROOT_CONTEXT
      const span = tracer.startSpan('receive', { kind: SpanKind.SERVER }, from)
      response.once('close', () => span.end())
      const context = trace.setSpan(from, span)
      running.run({ context, received: span }, () => listener(request, response))
    },
    receiver: (receiver) => ({
      receive(request) {
        const span = running.getStore()?.received
        if (span) remember(request.exchange, span.spanContext())
        return receiver.receive(request)
      },
    }),
    crossings: (crossings) => crossings.map(traced),
    modernWire: (wire) => ({
      send: (peer, message, value, ids, withinMs) =>
        deliver(message, known({ peer: peer.id, request_id: ids.request }), ids.exchanges, () =>
          wire.send(peer, message, value, ids, withinMs),
        ),
    }),
    legacyWire: (wire) => ({
      hosts: (peer, operation) => wire.hosts(peer, operation),
      call: (call) =>
        deliver(call.operation, known({ peer: call.peer.id, request_id: call.request }), call.exchanges, () =>
          wire.call(call),
        ),
    }),
    call: (call) => (given) =>
      deliver(given.message, known({ peer: given.peer, request_id: given.request }), undefined, () => call(given)),
    http: (http) => ({
      send(call) {
        const context = running.getStore()?.context
        if (!context) return http.send(call)
        const headers: Record<string, string> = { ...call.headers }
        propagator.inject(context, headers, defaultTextMapSetter)
        return http.send({ ...call, headers })
      },
      close: () => http.close(),
    }),
    // What could not be told has been said to `onProblem`.
    stop: () => provider.shutdown().catch(() => undefined),
  }

  /** A call of its own exchange is part of it; one that carries on others, later, only points to them. */
  async function deliver<Said extends { readonly verdict: string }>(
    name: string,
    attributes: Attributes,
    carried: readonly ExchangeId[] | undefined,
    work: () => Promise<Said>,
  ): Promise<Said> {
    const now = running.getStore()
    const current = now?.received?.spanContext()
    const origins = (carried ?? []).slice(-mostLinks).flatMap((id) => exchanges.get(id) ?? [])
    const isOwn = carried === undefined || carried.length === 0 || origins.some((one) => one.spanId === current?.spanId)
    const parent = (isOwn ? now?.context : undefined) ?? ROOT_CONTEXT
    const links = origins.filter(({ spanId }) => !isOwn || spanId !== current?.spanId).map((context) => ({ context }))
    const all = carried === undefined ? attributes : { ...attributes, 'oscp.exchange_ids': carried.slice(-mostLinks) }
    const span = tracer.startSpan(`deliver ${name}`, { kind: SpanKind.CLIENT, attributes: all, links }, parent)
    span.setAttribute('oscp.operation', name)
    try {
      const said = await running.run({ context: trace.setSpan(parent, span) }, work)
      span.setAttribute('oscp.outcome', said.verdict)
      if (said.verdict === 'unavailable' || said.verdict === 'refused') span.setStatus({ code: SpanStatusCode.ERROR })
      return said
    } finally {
      span.end()
    }
  }

  function traced(crossing: Crossing): Crossing {
    const messages = new Map(
      crossing.messages.map((message) => {
        const { name } = message.module
        const toModern = spanned(`translate ${name}`, crossing.id, message.toModern)
        return [
          message,
          { ...message, toModern, toLegacy: spanned(`translate ${name}`, crossing.id, message.toLegacy) },
        ]
      }),
    )
    const same = (by: Crossing['byLegacy']) => new Map([...by].map(([name, message]) => [name, messages.get(message)!]))
    const { byLegacy, byModern } = crossing
    return { ...crossing, messages: [...messages.values()], byLegacy: same(byLegacy), byModern: same(byModern) }
  }

  function spanned(name: string, mapping: string, translator: Translator): Translator {
    function* parts(...given: Parameters<Translator['parts']>): Generator<Part, void> {
      const now = running.getStore()
      if (!now) return yield* translator.parts(...given)
      const span = tracer.startSpan(name, { attributes: { 'oscp.mapping': mapping } }, now.context)
      let count = 0
      try {
        for (const part of translator.parts(...given)) {
          count++
          if ('refusal' in part) span.setStatus({ code: SpanStatusCode.ERROR })
          yield part
        }
      } finally {
        span.setAttribute('oscp.parts', count)
        span.end()
      }
    }
    return { parts, translate: (...given) => [...parts(...given)] }
  }

  function remember(exchange: ExchangeId, context: SpanContext): void {
    exchanges.set(exchange, context)
    if (exchanges.size > remembered) exchanges.delete(exchanges.keys().next().value!)
  }
}

function known(given: Readonly<Record<string, string | undefined>>): Attributes {
  const said = Object.entries(given).filter(([, value]) => value !== undefined)
  return Object.fromEntries(said.map(([name, value]) => [`oscp.${name}`, value]))
}
