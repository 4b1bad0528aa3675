/**
 * What every answer of the console carries and every request must be: headers that leave a browser no choice, errors without a stack.
 * Limits: nothing from elsewhere is loaded, nothing inline is run, nobody may frame the pages.
 */
import type { Context, Middleware } from 'koa'
import { GatewayError } from '../../errors.ts'
import { type Log, reason } from '../log.ts'

const policy = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

const headers = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
}

/** `show` makes the page that says what went wrong. */
export function guard(log: Log, show: (ctx: Context, status: number, sentence: string) => void): Middleware {
  return async (ctx, next) => {
    if (!/^\/console(?:\/|$)/.test(ctx.path)) return next()
    ctx.set(headers)
    try {
      if (ctx.method !== 'GET' && ctx.method !== 'HEAD' && isForeign(ctx))
        return show(ctx, 403, 'This form was not sent from the console.')
      await next()
      if (ctx.status === 404 && !ctx.body) show(ctx, 404, 'There is no such page.')
      if (ctx.status === 405) show(ctx, 405, 'This address does not take that method.')
    } catch (error) {
      if (error instanceof GatewayError && error.kind === 'state-unavailable')
        return show(ctx, 503, 'The state store cannot be reached. Try again in a moment.')
      log.error(reason(error), 'console')
      show(ctx, 500, 'The console could not make this page; the log says why.')
    }
  }
}

/**
 * Browsers say where a form was sent from; who says nothing is none. `null` is what they say where pages tell no referrer, as ours.
 */
function isForeign(ctx: Context): boolean {
  const site = ctx.get('sec-fetch-site')
  const origin = ctx.get('origin')
  if (site !== '' && site !== 'same-origin' && site !== 'none') return true
  if (origin === '' || origin === 'null') return false
  return !URL.canParse(origin) || new URL(origin).host !== ctx.get('host')
}
