/**
 * Answers of the console take less room on the way for whoever understands gzip: a page of hundreds of links a tenth.
 * Limits: it is done beside the event loop, fast rather than well; events, which have no end, stay as they are.
 */
import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import type { Context, Middleware } from 'koa'

/** What is smaller is not worth it, in bytes. */
const least = 2048
const squeeze = promisify(gzip)

/** Answers that are the same for many are squeezed once. */
const done = new WeakMap<object, Promise<Buffer>>()

/** The answer is `text`, and will be for whoever else is answered with the same object. */
export function answerShared(ctx: Context, answer: { readonly text: string }): void {
  ctx.body = answer.text
  ctx.state.shared = answer
}

export const squeezed: Middleware = async (ctx, next) => {
  await next()
  const { body } = ctx
  if (!/^\/console(?:\/|$)/.test(ctx.path) || ctx.respond === false) return
  ctx.vary('Accept-Encoding')
  if (ctx.acceptsEncodings('gzip', 'identity') !== 'gzip') return
  const isJson = typeof body === 'object' && body !== null && !Buffer.isBuffer(body)
  const key = isJson ? body : (ctx.state.shared as object | undefined)
  const known = key && done.get(key)
  const plain = known ? undefined : isJson ? JSON.stringify(body) : (body as string | Buffer | undefined | null)
  if (!known && (!plain || plain.length < least)) return
  const work = known ?? squeeze(plain!, { level: constants.Z_BEST_SPEED })
  if (key && !known) done.set(key, work)
  if (isJson) ctx.type = 'json'
  ctx.body = await work
  ctx.set('content-encoding', 'gzip')
}
