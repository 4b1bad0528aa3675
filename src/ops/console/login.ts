/**
 * Who may act: an operator who has shown the token of the configuration, for an hour, in the browser it was shown in.
 * Limits: sessions live in this process's memory, the newest 64 of them; of one address five wrong tokens a minute are looked at.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Context } from 'koa'
import type { Access } from './layout.ts'

export interface LoginOptions {
  /** Undefined: nobody may act. */
  readonly token: string | undefined
  /** Milliseconds since 1970. */
  readonly now: () => number
}

interface Session {
  readonly csrf: string
  readonly until: number
}

export type Attempt = 'welcome' | 'wrong' | 'too many' | 'no token'

const cookie = 'oscp-gateway-console'
const lifetime = 3600_000
const mostSessions = 64
const mostWrong = 5
const wrongWithin = 60_000
const mostAddresses = 1000

export class Login {
  private readonly options: LoginOptions
  /** By the hash of what the browser holds: memory that leaks opens nothing. */
  private readonly sessions = new Map<string, Session>()
  private readonly wrong = new Map<string, number[]>()

  constructor(options: LoginOptions) {
    this.options = options
  }

  access(ctx: Context): Access {
    if (this.options.token === undefined) return { kind: 'read-only' }
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
    if (!timingSafeEqual(digest(given), digest(token))) {
      this.remember(ctx.ip, [...recent, at])
      return 'wrong'
    }
    this.wrong.delete(ctx.ip)
    const key = randomBytes(32).toString('base64url')
    const session = { csrf: randomBytes(32).toString('base64url'), until: at + lifetime }
    this.sessions.set(digest(key).toString('hex'), session)
    for (const [oldest] of this.sessions) {
      if (this.sessions.size <= mostSessions) break
      this.sessions.delete(oldest)
    }
    this.set(ctx, key, lifetime)
    return 'welcome'
  }

  leave(ctx: Context): void {
    this.sessions.delete(nameOf(ctx))
    this.set(ctx, '', 0)
  }

  /** Whether the form was made for this session. */
  isOwn(ctx: Context, csrf: string): boolean {
    const session = this.sessionOf(ctx)
    return session !== undefined && timingSafeEqual(digest(csrf), digest(session.csrf))
  }

  private sessionOf(ctx: Context): Session | undefined {
    const name = nameOf(ctx)
    const session = this.sessions.get(name)
    if (!session || this.options.now() < session.until) return session
    this.sessions.delete(name)
    return undefined
  }

  private set(ctx: Context, value: string, maxAge: number): void {
    ctx.cookies.set(cookie, value, { httpOnly: true, sameSite: 'strict', path: '/console', maxAge, overwrite: true })
  }

  private remember(address: string, times: number[]): void {
    this.wrong.delete(address)
    this.wrong.set(address, times)
    for (const [oldest] of this.wrong) {
      if (this.wrong.size <= mostAddresses) break
      this.wrong.delete(oldest)
    }
  }
}

function nameOf(ctx: Context): string {
  return digest(ctx.cookies.get(cookie) ?? '').toString('hex')
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
