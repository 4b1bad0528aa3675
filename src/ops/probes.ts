/**
 * The admin face, as far as a container needs it: `/livez`, `/startupz`, `/readyz`, each with its reasons, and `/metrics`.
 * Limits: liveness never asks the state, so an outage of Redis takes the gateway out of service without restarting it; and a
 * state that stays away lets the start end, for an orchestrator restarts what does not start.
 */
import Router from '@koa/router'
import Koa from 'koa'
import type { Console } from './console/router.ts'
import type { Metrics } from './metrics.ts'

/** Every one of them must be true. */
export interface Readiness {
  readonly mappings: boolean
  readonly listeners: boolean
  /** The state was written and read just now. */
  readonly state: boolean
  /** What is to begin with each OSCP 2.0 party has begun, or is on the agenda. */
  readonly sessions: boolean
  /** The gateway was not told to stop. */
  readonly accepting: boolean
}

export interface Startup {
  readonly configuration: boolean
  readonly mappings: boolean
  readonly listeners: boolean
  /** `late`: it was not there in time; readiness goes on waiting for it. */
  readonly state: 'awaited' | 'late' | 'reached'
}

export interface ProbesOptions {
  readonly readiness: () => Promise<Readiness>
  readonly startup: () => Startup
  /** How each party stands, for people: none of it makes the gateway less ready. */
  readonly parties: () => Promise<Readonly<Record<string, unknown>>>
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>
  /** Adds the console for people. */
  readonly console?: Console['attach']
}

const sentences: Readonly<Record<keyof Readiness, string>> = {
  mappings: 'the mappings are not loaded',
  listeners: 'the listeners are not open',
  state: 'the state store cannot be reached',
  sessions: 'the sessions with OSCP 2.0 parties have not begun',
  accepting: 'the gateway is stopping',
}

export function probes({ readiness, startup, parties, metrics, console }: ProbesOptions): Koa {
  const router = new Router()
  router.get('/livez', (ctx) => {
    ctx.body = { live: true }
  })
  router.get('/startupz', (ctx) => {
    const steps = startup()
    const started = steps.configuration && steps.mappings && steps.listeners && steps.state !== 'awaited'
    ctx.status = started ? 200 : 503
    ctx.body = { started, ...steps }
  })
  router.get('/readyz', async (ctx) => {
    const reasons = await readiness()
    const missing = (Object.keys(sentences) as (keyof Readiness)[]).filter((name) => !reasons[name])
    const ready = missing.length === 0
    ctx.status = ready ? 200 : 503
    ctx.body = {
      ready,
      reasons,
      ...(ready ? {} : { because: missing.map((name) => sentences[name]) }),
      ...(ctx.query.verbose === undefined ? {} : { parties: await parties() }),
    }
  })
  router.get('/metrics', async (ctx) => {
    ctx.type = metrics.contentType
    ctx.body = await metrics.text()
  })
  const app = new Koa()
  app.use(async (ctx, next) => {
    // Nobody between may remember how the gateway was.
    ctx.set('Cache-Control', 'no-store')
    await next()
  })
  app.use(router.routes())
  console?.(app)
  return app
}
