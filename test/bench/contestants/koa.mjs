/** Koa with @koa/router: takes the body in without looking at it and answers a constant. */
import { once } from 'node:events'
import Router from '@koa/router'
import Koa from 'koa'
import { accepted } from './answer.mjs'

const router = new Router().post('/oscp/1.0/:peer', async (ctx) => {
  await once(ctx.req.resume(), 'end')
  ctx.type = 'text/xml; charset=utf-8'
  ctx.body = accepted
})
new Koa().use(router.routes()).listen(Number(process.argv[2]), '127.0.0.1')
