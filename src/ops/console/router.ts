/** The console on the admin listener: its pages, its JSON, its files. Limits: it reads through `ConsoleData` alone. */
import Router from '@koa/router'
import type Koa from 'koa'
import type { Context } from 'koa'
import type { Log } from '../log.ts'
import { serveActions } from './actions.ts'
import { findGroup, serveApi } from './api.ts'
import { loadAssets } from './assets.ts'
import type { ConsoleData, Overview } from './data.ts'
import { exchangePage, searchPage } from './exchange-pages.ts'
import { groupPage } from './group-page.ts'
import { guard } from './guard.ts'
import { html } from './html.ts'
import { lastOne } from './last-one.ts'
import { layout, type Page } from './layout.ts'
import { linkPage } from './link-page.ts'
import { Live } from './live.ts'
import { Login } from './login.ts'
import { isSlugOf } from './names.ts'
import { overviewPage } from './overview-page.ts'
import { peersPage } from './peers-page.ts'
import { exchangePath } from './places.ts'
import { placesHtml } from './places-page.ts'
import { answerShared, squeezed } from './squeezed.ts'

export interface ConsoleOptions {
  readonly data: ConsoleData
  readonly log: Log
  /** What an operator shows to change anything; without it nothing can be changed. */
  readonly token?: string | undefined
  readonly now: () => number
}

export interface Console {
  /** Adds it to an application. */
  attach(app: Koa): void
  /** It looks at nothing by itself any more. */
  stop(): void
}

export function openConsole({ data, log, token, now }: ConsoleOptions): Console {
  const assets = loadAssets()
  const router = new Router()
  const login = new Login({ token, now })
  const shown = new WeakMap<Page, { readonly text: string }>()
  const show = (ctx: Context, page: Page) => {
    const access = login.access(ctx)
    const known = access.kind === 'logged in' ? undefined : shown.get(page)
    const answer = known ?? { text: layout({ assets, access, now: now() }, page) }
    if (access.kind !== 'logged in') shown.set(page, answer)
    ctx.type = 'html'
    answerShared(ctx, answer)
  }
  const problem = (ctx: Context, status: number, sentence: string) => {
    ctx.status = status
    if (ctx.path.startsWith('/console/api')) ctx.body = { message: sentence }
    else
      show(ctx, { title: sentence, content: html`<h1>${sentence}</h1><p><a href="/console">To the overview</a></p>` })
    ctx.status = status
  }
  const overviewOf = lastOne((overview: Overview) => overviewPage(overview, ''))
  router.get('/console', async (ctx) => {
    const [overview, filter] = [await data.overview(), textOf(ctx.query.filter)]
    show(ctx, await (filter === '' ? overviewOf(overview) : overviewPage(overview, filter)))
  })
  router.get('/console/links/:link', async (ctx) => {
    const overview = await data.overview()
    const link = overview.links.find((row) => isSlugOf(ctx.params.link!, row.link))
    if (link) show(ctx, linkPage(link, overview))
  })
  router.get('/console/links/:link/groups/:group', async (ctx) => {
    const view = await findGroup(data, ctx.params.link!, ctx.params.group!)
    const { parties } = await data.overview()
    if (view) show(ctx, groupPage(view, parties, Number(textOf(ctx.query.version) || Number.NaN)))
  })
  router.get('/console/search', async (ctx) => {
    const query = textOf(ctx.query.q).trim()
    const entries = await data.search(query)
    const places = placesHtml(await data.overview(), query)
    const [only] = new Set(entries.map(({ exchange, from }) => exchange ?? from?.at(-1)))
    const isOne =
      query !== '' && entries.length > 0 && entries.every(({ exchange, from }) => (exchange ?? from?.at(-1)) === only)
    if (isOne && only !== undefined && places.text === '') ctx.redirect(exchangePath(only))
    else show(ctx, searchPage(query, entries, places, now()))
  })
  router.get('/console/exchanges/:exchange', async (ctx) => {
    const entries = await data.trail(ctx.params.exchange!)
    if (entries.length > 0) show(ctx, exchangePage(ctx.params.exchange!, entries, now()))
    else problem(ctx, 404, 'The journal knows no such exchange: the id is another, or it is too long ago.')
  })
  router.get('/console/peers', async (ctx) => show(ctx, peersPage(await data.overview())))
  router.get('/console/assets/:name', (ctx) => {
    const asset = assets.find(ctx.params.name!)
    if (!asset) return
    ctx.set('cache-control', 'public, max-age=31536000, immutable')
    ctx.type = asset.type
    ctx.body = asset.body
  })
  serveActions(router, { data, login, log, now, show, problem })
  const live = new Live({ data, prepare: overviewOf })
  serveApi(router, data, live)
  return {
    attach(app) {
      app.use(guard(log, problem))
      app.use(squeezed)
      app.use(router.routes())
    },
    stop: () => live.stop(),
  }
}

function textOf(value: string | string[] | undefined): string {
  return (Array.isArray(value) ? value[0] : value) ?? ''
}
