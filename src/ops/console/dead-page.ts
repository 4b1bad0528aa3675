/** Messages that were given up, why, and what may be done about each. */
import type { DeadMessage } from './data.ts'
import { type Html, html } from './html.ts'
import type { Access, Page } from './layout.ts'
import { badge, type TableRow, table } from './marks.ts'
import { name, words } from './names.ts'
import { exchangePath, groupPath, linkPath } from './places.ts'
import { clock } from './times.ts'

/** What was done just now, to be said. */
export interface Done {
  readonly sentence: string
  readonly isDone: boolean
}

export function deadPage(messages: readonly DeadMessage[], access: Access, now: number, done?: Done): Page {
  const mayAct = access.kind === 'logged in'
  const heads = ['Given up', 'Message', 'Party', 'Link and group', 'Reason', 'Tries', ...(mayAct ? ['Act'] : [])]
  const columns = heads.map((head) => (head === 'Tries' ? { head, kind: 'number' as const } : { head }))
  const rows = messages.map((message): TableRow => {
    const { peer, id, kind, link, group, exchange, reason, at, attempts } = message
    const cells = [
      clock(at, now),
      html`${name(kind)}<small>${exchange === undefined ? '' : html`<a class="mono" href="${exchangePath(exchange)}">${name(exchange, 18)}</a>`}</small>`,
      name(peer),
      html`<a href="${linkPath(link)}">${name(link)}</a>${group !== undefined && html`<small><a href="${groupPath(link, group)}">${name(group)}</a></small>`}`,
      words(reason),
      attempts,
      ...(mayAct ? [actions(message, access.csrf)] : []),
    ]
    return { id: `dead-${peer}-${id}`, tone: 'look', cells }
  })
  const content = html`<h1>Dead list <span class="quiet">${messages.length}</span></h1>
${done && html`<p class="done" role="status">${badge(done.isDone ? 'good' : 'act', done.sentence)}</p>`}
<p>Messages that the other side refused, that expired or were tried too long, and limits that a grid operator believes delivered. ${howToAct(access)}</p>
${table({ caption: 'Messages that were given up', id: 'dead-rows', columns, rows, empty: 'Nothing was given up.' })}`
  return { title: 'Dead list', current: 'dead', live: true, content }
}

function howToAct({ kind }: Access): Html {
  if (kind === 'logged in') return html`Sending again puts a message at the end of its party's queue.`
  if (kind === 'logged out') return html`<a href="/console/login">Log in</a> to send one again or to drop it.`
  return html`This console is read-only, because <code>console.token</code> is not configured; <code>oscp-gateway dead</code> sends again and drops.`
}

function actions({ peer, id, kind, canRetry }: DeadMessage, csrf: string): Html {
  const fields = html`<input type="hidden" name="csrf" value="${csrf}"><input type="hidden" name="peer" value="${peer}"><input type="hidden" name="id" value="${id}">`
  const which = `${kind} ${id} to ${peer}`
  const retry = html`<button name="do" value="retry" aria-label="Send again ${which}">Send again</button>`
  return html`<form class="acts" method="post" action="/console/dead">${fields}${canRetry ? retry : html`<span class="quiet">only its sender can send it anew</span>`} <details><summary aria-label="Drop ${which}?">Drop&hellip;</summary><button class="danger" name="do" value="drop" aria-label="Drop ${which} for good">Drop for good</button></details></form>`
}
