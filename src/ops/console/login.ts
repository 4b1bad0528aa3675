/**
 * Who may act: an operator who has shown the token of the configuration, for an hour, in the browser it was shown in, at every
 * replica that is configured with that token.
 * Limits: a session is what the browser holds, signed, and nothing is kept of it: another token ends all of them. A session that
 * was logged out is refused by this process; a stolen copy of it is good at other replicas until its hour is over. Of one
 * address five wrong tokens a minute are looked at.
 */
import { createHash, createHmac, randomBytes, scryptSync, timingSafeEqual } from 'node:crypto'
import type { Context } from 'koa'
import type { Access } from './layout.ts'

export interface LoginOptions {
  /** Undefined: nobody may act. */
  readonly token: string | undefined
  /** Milliseconds since 1970. */
  readonly now: () => number
}

interface Session {
  /** What the browser holds: when the session ends, a number of its own, and the signature of both. */
  readonly text: string
  readonly csrf: string
  readonly until: number
}

export type Attempt = 'welcome' | 'wrong' | 'too many' | 'no token'

const cookie = 'oscp-gateway-console'
const lifetime = 3600_000
const mostEnded = 1000
const mostWrong = 5
const wrongWithin = 60_000
const mostAddresses = 1000

export class Login {
  private readonly options: LoginOptions
  private readonly key: Buffer | undefined
  /** Sessions that were logged out, by what the browser held, until they would have ended. */
  private readonly ended = new Map<string, number>()
  private readonly wrong = new Map<string, number[]>()

  constructor(options: LoginOptions) {
    this.options = options
    // Slow to make, so that whoever gets hold of a session cannot try tokens against it; the salt is fixed, because replicas
    // must arrive at the same key.
    this.key = options.token === undefined ? undefined : scryptSync(options.token, 'oscp-gateway console session', 32)
  }

  access(ctx: Context): Access {
    if (!this.key) return { kind: 'read-only' }
    const session = this.sessionOf(ctx)
    return session ? { kind: 'logged in', csrf: session.csrf } : { kind: 'logged out' }
  }

  /** Begins a session in this browser if the token is right. */
  enter(ctx: Context, given: string): Attempt {
    const { token, now } = this.options
    if (token === undefined) return 'no token'
    const at = now()
    const recent = (this.wrong.get(ctx.ip) ?? []).filter((when) => at - when < wrongWithin)
    if (recent.length >= mostWrong) return 'too many'
    if (!isSame(given, token)) {
      remember(this.wrong, ctx.ip, [...recent, at], mostAddresses)
      return 'wrong'
    }
    this.wrong.delete(ctx.ip)
    const about = `${at + lifetime}.${randomBytes(16).toString('base64url')}`
    this.set(ctx, `${about}.${this.sign('session', about)}`, lifetime)
    return 'welcome'
  }

  leave(ctx: Context): void {
    const session = this.sessionOf(ctx)
    if (session) {
      const now = this.options.now()
      for (const [text, until] of this.ended) if (until <= now) this.ended.delete(text)
      remember(this.ended, session.text, session.until, mostEnded)
    }
    this.set(ctx, '', 0)
  }

  /** Whether the form was made for this session. */
  isOwn(ctx: Context, csrf: string): boolean {
    const session = this.sessionOf(ctx)
    return session !== undefined && isSame(csrf, session.csrf)
  }

  private sessionOf(ctx: Context): Session | undefined {
    if (!this.key) return undefined
    const text = ctx.cookies.get(cookie) ?? ''
    const [, about = '', until = '', signature = ''] = /^((\d+)\.[\w-]+)\.([\w-]+)$/.exec(text) ?? []
    if (about === '' || !isSame(signature, this.sign('session', about))) return undefined
    if (this.options.now() >= Number(until) || this.ended.has(text)) return undefined
    return { text, csrf: this.sign('form', about), until: Number(until) }
  }

  private sign(what: 'session' | 'form', about: string): string {
    return createHmac('sha256', this.key!).update(`${what} ${about}`).digest('base64url')
  }

  private set(ctx: Context, value: string, maxAge: number): void {
    ctx.cookies.set(cookie, value, { httpOnly: true, sameSite: 'strict', path: '/console', maxAge, overwrite: true })
  }
}

/** Keeps the newest `most`. */
function remember<V>(known: Map<string, V>, name: string, value: V, most: number): void {
  known.delete(name)
  known.set(name, value)
  for (const oldest of known.keys()) if (known.size > most) known.delete(oldest)
}

/** Takes as long whatever is given. */
function isSame(given: string, right: string): boolean {
  const [one, other] = [given, right].map((text) => createHash('sha256').update(text).digest())
  return timingSafeEqual(one!, other!)
}
