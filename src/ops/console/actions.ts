/**
 * What can be done at the console: logging in and out, sending a dead message again, dropping it.
 * Limits: only with a session and its own form; everything done is written to the log and the journal.
 */
import type Router from '@koa/router'
import type { Context } from 'koa'
import type { Log } from '../log.ts'
import type { ConsoleData } from './data.ts'
import { type Done, deadPage } from './dead-page.ts'
import { readForm } from './form.ts'
import { html, type Part } from './html.ts'
import type { Page } from './layout.ts'
import type { Attempt, Login } from './login.ts'
import { badge } from './marks.ts'

export interface ActionsOptions {
  readonly data: ConsoleData
  readonly login: Login
  readonly log: Log
  readonly now: () => number
  readonly show: (ctx: Context, page: Page) => void
  readonly problem: (ctx: Context, status: number, sentence: string) => void
}

export function serveActions(router: Router, { data, login, log, now, show, problem }: ActionsOptions): void {
  router.get('/console/dead', async (ctx) => show(ctx, deadPage(await data.dead(), login.access(ctx), now())))
  router.get('/console/login', (ctx) => show(ctx, loginPage(login.access(ctx).kind)))
  router.post('/console/login', async (ctx) => {
    const attempt = login.enter(ctx, (await readForm(ctx))?.get('token') ?? '')
    log[attempt === 'welcome' ? 'info' : 'warn']({ from: ctx.ip, attempt }, 'console login')
    if (attempt === 'welcome') return ctx.redirect('/console/dead')
    if (attempt === 'too many') ctx.set('retry-after', '60')
    show(ctx, loginPage(login.access(ctx).kind, attempt))
    ctx.status = { wrong: 403, 'too many': 429, 'no token': 403 }[attempt]
  })
  router.post('/console/logout', async (ctx) => {
    if (!login.isOwn(ctx, (await readForm(ctx))?.get('csrf') ?? '')) return problem(ctx, 403, stale)
    login.leave(ctx)
    ctx.redirect('/console')
  })
  router.post('/console/dead', async (ctx) => {
    const form = await readForm(ctx)
    if (!form || !login.isOwn(ctx, form.get('csrf') ?? '')) return problem(ctx, 403, stale)
    const [peer, id, wanted] = ['peer', 'id', 'do'].map((field) => form.get(field) ?? '')
    if (wanted !== 'retry' && wanted !== 'drop') return problem(ctx, 400, 'There is nothing of this name to be done.')
    const done = await act(data, wanted, peer!, id!)
    show(ctx, deadPage(await data.dead(), login.access(ctx), now(), done))
    ctx.status = done.isDone ? 200 : 409
  })
}

const stale = 'This form is not of your session, or that has ended: log in, and do it again.'

async function act(data: ConsoleData, did: 'retry' | 'drop', peer: string, id: string): Promise<Done> {
  const message = (await data.dead()).find((one) => one.peer === peer && one.id === id)
  const gone = { isDone: false, sentence: 'This message is not in the dead list any more.' }
  if (!message) return gone
  const failed = did === 'retry' ? await retry(data, peer, id) : (await data.drop(peer, id)) ? undefined : gone.sentence
  data.note({ did, message, failed })
  const what = `${message.kind} ${id} to ${peer}`
  if (failed !== undefined) return { isDone: false, sentence: `${what}: ${failed}` }
  return { isDone: true, sentence: `${what} ${did === 'retry' ? 'waits in its queue again.' : 'is forgotten.'}` }
}

/** Why it was not put back; undefined when it was. */
async function retry(data: ConsoleData, peer: string, id: string): Promise<string | undefined> {
  const outcome = await data.retry(peer, id)
  return outcome === 'added'
    ? undefined
    : outcome === 'unknown'
      ? 'it is not in the dead list any more.'
      : `${outcome}.`
}

const refusals: Readonly<Record<Exclude<Attempt, 'welcome'>, string>> = {
  wrong: 'That is not the token.',
  'too many': 'Too many wrong tokens came from your address: wait a minute.',
  'no token': 'No token is configured, so nobody can log in.',
}

function loginPage(kind: string, attempt?: Exclude<Attempt, 'welcome'>): Page {
  const said: Part = attempt && html`<p class="done" role="alert">${badge('act', refusals[attempt])}</p>`
  const form = html`<form class="login" method="post" action="/console/login">
<input type="text" name="username" value="operator" autocomplete="username" hidden>
<label for="token">Token of the console</label>
<input id="token" name="token" type="password" autocomplete="current-password" required maxlength="4096">
<button class="main">Log in</button></form>
<p class="quiet">It is <code>console.token</code> of the configuration. A session lasts an hour, at every replica of this gateway.</p>`
  const none = html`<p>This console is read-only: <code>console.token</code> is not configured.</p>`
  const inside = html`<p>You are logged in. <a href="/console/dead">To the dead list</a></p>`
  const content = html`<h1>Log in to act</h1>${said}${kind === 'read-only' ? none : kind === 'logged in' ? inside : form}`
  return { title: 'Log in', content }
}
