/**
 * The JSON beneath the console: what the pages show, for scripts and screens of others. docs/console.md describes every address here.
 * Limits: read only; instants are milliseconds since 1970, UTC. Names are steps of a path as `encodeURIComponent` writes them.
 */
import type Router from '@koa/router'
import type { Context } from 'koa'
import { csvOf } from './csv.ts'
import type { ConsoleData, LinkRow, Overview } from './data.ts'
import { lastOne } from './last-one.ts'
import type { Live } from './live.ts'
import { isSlugOf } from './names.ts'
import { needsOf } from './needs.ts'
import { stateOf } from './overview-page.ts'
import { sentenceText } from './places.ts'

export interface Route {
  readonly path: string
  readonly says: string
  /** Undefined: there is no such thing, 404. Throws `state-unavailable`. */
  readonly answer: (ctx: Context & { readonly params: Record<string, string> }) => Promise<object | undefined>
}

export function apiRoutes(data: ConsoleData): Route[] {
  const overviewOf = lastOne(overviewAnswer)
  return [
    {
      path: '/overview',
      says: 'What needs a person, and how all links, parties and certificates stand.',
      answer: async () => overviewOf(await data.overview()),
    },
    {
      path: '/links/:link',
      says: 'One link with its groups: newest version, whether it is acknowledged, what holds now.',
      answer: async ({ params }) => {
        const { links } = await data.overview()
        return links.find(({ link }) => isSlugOf(params.link!, link))
      },
    },
    {
      path: '/links/:link/groups/:group',
      says: 'One group: blocks received, delivered, of the fallback and the optimum, usage, versions.',
      answer: ({ params }) => findGroup(data, params.link!, params.group!),
    },
    {
      path: '/exchanges',
      says: 'Entries of the journal that have the id `q` in whatever place, or are of the group, cable or party `q`, or all; the newest first.',
      answer: async ({ query }) => ({ entries: await data.search(typeof query.q === 'string' ? query.q : '') }),
    },
    {
      path: '/exchanges/:exchange',
      says: 'One exchange and everything that followed from it, the oldest first.',
      answer: async ({ params }) => {
        const entries = await data.trail(params.exchange!)
        return entries.length > 0 ? { entries } : undefined
      },
    },
    {
      path: '/dead',
      says: 'Messages that were given up, the newest first; never what they said.',
      answer: async () => ({ messages: await data.dead() }),
    },
    {
      path: '/peers',
      says: 'The parties, how they stand, and how far their registration is.',
      answer: async () => {
        const { at, isUp, parties } = await data.overview()
        return { at, isUp, parties }
      },
    },
  ]
}

function overviewAnswer({ links, ...rest }: Overview): object {
  const needs = needsOf({ links, ...rest }).map(({ urgency, link, sentence }) => {
    return { urgency, link, sentence: sentenceText(sentence, rest.at) }
  })
  return { ...rest, needs, links: links.map((link) => summaryOf(link, rest.at)) }
}

/** Everything of a group, found by the steps of its path. */
export async function findGroup(data: ConsoleData, linkStep: string, groupStep: string) {
  const row = (await data.overview()).links.find(({ link }) => isSlugOf(linkStep, link))
  if (!row) return undefined
  const group = row.groups.find((one) => isSlugOf(groupStep, one.group))?.group ?? groupStep
  return data.group(row.link, group)
}

function summaryOf({ groups, problems, ...link }: LinkRow, at: Overview['at']): object {
  const owed = groups.filter(({ attempts }) => attempts !== undefined).length
  const covered = groups.filter(({ now }) => now.length > 0).length
  return {
    ...link,
    state: stateOf({ groups, problems, ...link }, at)[1],
    problems: problems.length,
    groups: groups.length,
    covered,
    owed,
  }
}

/** Puts every address of the interface below `/console/api` into the router. */
export function serveApi(router: Router, data: ConsoleData, live: Live): void {
  const routes = apiRoutes(data)
  router.get('/console/api', (ctx) => {
    const listed = routes.map(({ path, says }) => ({ path: `/console/api${path}`, says }))
    ctx.body = { routes: [...listed, ...otherRoutes] }
  })
  for (const { path, answer } of routes)
    router.get(`/console/api${path}`, async (ctx) => {
      const found = await answer(ctx as unknown as Parameters<Route['answer']>[0])
      ctx.status = found ? 200 : 404
      ctx.body = found ?? { message: 'There is no such thing.' }
    })
  router.get('/console/api/links/:link/groups/:group/blocks.csv', async (ctx) => {
    const group = await findGroup(data, ctx.params.link!, ctx.params.group!)
    ctx.status = group ? 200 : 404
    if (group) {
      ctx.set('content-type', 'text/csv; charset=utf-8; header=present')
      ctx.set('content-disposition', `attachment; filename="blocks.csv"`)
      ctx.body = csvOf(group)
    } else ctx.body = { message: 'There is no such thing.' }
  })
  router.get('/console/api/events', (ctx) => {
    if (live.add(ctx.res)) ctx.respond = false
    else {
      ctx.status = 503
      ctx.set('retry-after', '30')
      ctx.body = { message: 'Too many listen already.' }
    }
  })
}

export const otherRoutes: readonly Omit<Route, 'answer'>[] = [
  { path: '/console/api/links/:link/groups/:group/blocks.csv', says: 'All blocks of a group as CSV.' },
  { path: '/console/api/events', says: 'Server-sent events: `changed`, with what has changed.' },
]
