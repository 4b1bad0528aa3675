/**
 * The admin face, as far as a container needs it: `/livez` says the process runs, `/readyz` that it can do its work.
 * Limits: liveness never asks the state, so an outage of Redis takes the gateway out of service without restarting it.
 */
import Router from '@koa/router'
import Koa from 'koa'

export function probes(isReady: () => Promise<boolean>): Koa {
  const router = new Router()
  router.get('/livez', (ctx) => {
    ctx.body = { live: true }
  })
  router.get('/readyz', async (ctx) => {
    const ready = await isReady()
    ctx.status = ready ? 200 : 503
    ctx.body = { ready, ...(ready ? {} : { reason: 'the state store cannot be reached' }) }
  })
  const app = new Koa()
  app.use(router.routes())
  return app
}
