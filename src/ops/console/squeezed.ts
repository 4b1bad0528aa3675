/**
 * Answers of the console take less room on the way for whoever understands gzip: a page of hundreds of links a tenth.
 * Limits: it is done beside the event loop, fast rather than well; events, which have no end, stay as they are.
 */
import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import type { Middleware } from 'koa'

/** What is smaller is not worth it, in bytes. */
const least = 2048
const squeeze = promisify(gzip)

export const squeezed: Middleware = async (ctx, next) => {
  await next()
  const { body } = ctx
  if (!/^\/console(?:\/|$)/.test(ctx.path) || ctx.respond === false) return
  ctx.vary('Accept-Encoding')
  if (ctx.acceptsEncodings('gzip', 'identity') !== 'gzip') return
  const isJson = typeof body === 'object' && body !== null && !Buffer.isBuffer(body)
  const plain = isJson ? JSON.stringify(body) : (body as string | Buffer | undefined)
  if (plain === undefined || plain === null || plain.length < least) return
  if (isJson) ctx.type = 'json'
  ctx.body = await squeeze(plain, { level: constants.Z_BEST_SPEED })
  ctx.set('content-encoding', 'gzip')
}
