/**
 * The admin face, as far as a container needs it: `/livez` says the process runs, `/readyz` that it can do its work, `/metrics` how
 * it fares. Limits: liveness never asks the state, so an outage of Redis takes the gateway out of service without restarting it.
 */
import Router from '@koa/router'
import Koa from 'koa'
import type { Metrics } from './metrics.ts'

export interface ProbesOptions {
  readonly isReady: () => Promise<boolean>
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>
}

export function probes({ isReady, metrics }: ProbesOptions): Koa {
  const router = new Router()
  router.get('/livez', (ctx) => {
    ctx.body = { live: true }
  })
  router.get('/readyz', async (ctx) => {
    const ready = await isReady()
    ctx.status = ready ? 200 : 503
    ctx.body = { ready, ...(ready ? {} : { reason: 'the state store cannot be reached' }) }
  })
  router.get('/metrics', async (ctx) => {
    ctx.type = metrics.contentType
    ctx.body = await metrics.text()
  })
  const app = new Koa()
  app.use(router.routes())
  return app
}
