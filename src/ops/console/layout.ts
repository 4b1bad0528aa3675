/** The frame of every page of the console: landmarks, navigation, search, and who is logged in. Limits: no inline script or style. */
import type { AssetName, Assets } from './assets.ts'
import { type Html, html, type Part } from './html.ts'
import { plain } from './names.ts'
import { moment } from './times.ts'

export interface Frame {
  readonly assets: Assets
  /** What may be done, and by whom. */
  readonly access: Access
  /** Milliseconds since 1970. */
  readonly now: number
}

export type Access =
  /** No token is configured: nobody may. */
  | { readonly kind: 'read-only' }
  | { readonly kind: 'logged out' }
  | { readonly kind: 'logged in'; readonly csrf: string }

export interface Page {
  readonly title: string
  readonly current?: 'overview' | 'search' | 'dead' | 'peers' | undefined
  /** Shown in the search field. */
  readonly query?: string
  /** When what it shows was so, in milliseconds since 1970; now where that is not said. */
  readonly at?: number
  /** Whether the page follows what happens. */
  readonly live?: boolean
  /** A script of its own, besides the one of all pages. */
  readonly script?: AssetName
  readonly content: Part
}

const pages = [
  ['overview', '/console', 'Overview'],
  ['search', '/console/search', 'Exchanges'],
  ['dead', '/console/dead', 'Dead list'],
  ['peers', '/console/peers', 'Parties'],
] as const

export function layout(
  { assets, access, now }: Frame,
  { title, current, query = '', at = now, live, script, content }: Page,
): string {
  const navigation = pages.map(
    ([page, path, label]) =>
      html`<li><a href="${path}"${page === current && html` aria-current="page"`}>${label}</a></li>`,
  )
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${plain(title)} &middot; OSCP gateway</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${assets.path('console.css')}">
<script type="module" src="${assets.path('console.js')}"></script>${script && html`<script type="module" src="${assets.path(script)}"></script>`}
</head>
<body${live && html` data-live="/console/api/events"`}>
<a class="skip" href="#content">Skip to the content</a>
<header class="top">
<a class="brand" href="/console"><span class="brand-mark" aria-hidden="true">&#8644;</span> OSCP gateway</a>
<nav aria-label="Console"><ul>${navigation}</ul></nav>
<form class="search" role="search" action="/console/search">
<label class="unseen" for="q">Find by any id, group, cable or party</label>
<input id="q" name="q" type="search" value="${query}" placeholder="Any id, group, cable or party" autocomplete="off" spellcheck="false">
<button>Find</button>
</form>
<div class="who">${accessHtml(access)}</div>
<p class="moment"><span id="asof" data-region>As of ${moment(at, now)}<span id="live-state"></span></span> <span id="zone">Times are UTC.</span></p>
</header>
<main id="content" tabindex="-1">
${content}
</main>
<p id="announced" class="unseen" role="status" aria-live="polite"></p>
</body>
</html>
`.text
}

function accessHtml(access: Access): Html {
  if (access.kind === 'read-only')
    return html`<span class="quiet" title="Nothing can be changed here: console.token is not configured.">Read-only</span>`
  if (access.kind === 'logged out') return html`<a href="/console/login">Log in to act</a>`
  return html`<form method="post" action="/console/logout"><input type="hidden" name="csrf" value="${access.csrf}"><button class="plain">Log out</button></form>`
}
