/** Exchanges found by any id, and the page of one: from its first byte to the last answer, with receipts. */
import type { Entry } from './data.ts'
import { type Html, html, joined, type Part } from './html.ts'
import type { Page } from './layout.ts'
import { badge, type TableRow, type Tone, table } from './marks.ts'
import { name, wholeName, words } from './names.ts'
import { exchangePath, groupPath, linkPath } from './places.ts'
import { exact, moment } from './times.ts'

export function searchPage(query: string, entries: readonly Entry[], places: Html, now: number): Page {
  const rows = entries.map((entry) => entryRow(entry, now))
  const columns = ['When', 'Message', 'Party', 'Groups', 'Outcome', 'Exchange'].map((head) => ({ head }))
  const empty = 'No exchange has this id, or is of a group, a cable or a party of this name; or it is too long ago.'
  const isAll = query === ''
  const nothing = isAll ? 'No message has come or gone yet.' : empty
  const list = table({
    caption: isAll ? 'The last ones' : 'What was found',
    id: 'found',
    columns,
    rows,
    empty: nothing,
  })
  const count = entries.length < 100 ? `${entries.length} found` : 'The last 100'
  const found = html`${places}
<h2>Exchanges</h2><p class="quiet">${count} for ${wholeName(query, 60)}</p>
${list}`
  const about = html`<p>The last ones. Look for one by the id that a partner quotes: of the exchange, X-Request-ID, X-Correlation-ID, MessageID or RelatesTo; or for those of a group, a cable or a party.</p>
${list}`
  const content = html`<h1>${isAll ? 'Exchanges' : 'Found'}</h1>
${isAll ? about : found}`
  return { title: 'Exchanges', current: 'search', query, live: isAll, content }
}

function entryRow(entry: Entry, now: number): TableRow {
  const { at, way, message, peer, link, groups, outcome, status, exchange, from = [], attempt, request } = entry
  const known = exchange ?? from.at(-1)
  const cells = [
    moment(at, now),
    html`${message === undefined ? 'no message' : name(message)}<small>${way === 'in' ? 'received' : `sent${attempt !== undefined && attempt > 1 ? `, attempt ${attempt}` : ''}`}</small>`,
    html`${peer === undefined ? html`<span class="quiet">unknown</span>` : name(peer)}${link !== undefined && html`<small>${name(link)}</small>`}`,
    groupNames(entry, 3),
    html`${outcomeBadge(outcome)}${status !== undefined && html` ${status}`}`,
    known === undefined
      ? request !== undefined && html`<span class="mono quiet">X-Request-ID ${name(request)}</span>`
      : html`<a class="mono" href="${exchangePath(known)}">${name(known)}</a>`,
  ]
  return { tone: groups.length >= 0 ? toneOf(outcome) : 'idle', cells }
}

export function exchangePage(exchange: string, entries: readonly Entry[], now: number): Page {
  const first = entries.find((entry) => entry.exchange === exchange) ?? entries[0]!
  const begin = (first.at ?? now) - (first.durationMs ?? 0)
  const end = Math.max(...entries.map(({ at }) => at))
  const facts: [string, Part][] = [
    ['Began', moment(begin, now)],
    ['Lasted', durationText(end - begin)],
    ['Came from', first.peer === undefined ? 'an unknown caller' : name(first.peer)],
    ['Link', first.link === undefined ? 'none' : html`<a href="${linkPath(first.link)}">${name(first.link)}</a>`],
    ['Outcome', outcomeBadge(first.outcome)],
  ]
  const content = html`<p class="trail"><a href="/console">Overview</a> / <a href="/console/search">Exchanges</a></p>
<h1>${first.message === undefined ? 'An exchange' : name(first.message)}</h1>
<p class="mono">${wholeName(exchange)}</p>
<dl class="facts">${facts.map(([term, said]) => html`<div><dt>${term}</dt><dd>${said}</dd></div>`)}</dl>
<section aria-labelledby="timeline"><h2 id="timeline">From the first byte to the last answer</h2>
<ol class="timeline">${joined(
    entries.map((entry) => stepHtml(entry, begin)),
    '\n',
  )}</ol></section>`
  return { title: `Exchange ${exchange}`, current: 'search', content }
}

function stepHtml(entry: Entry, begin: number): Html {
  const { at, way, peer, message, outcome, status, durationMs, error, attempt, retryInMs } = entry
  const who = peer === undefined ? html`an unknown caller` : name(peer)
  const isOperator = message?.startsWith('operator:') ?? false
  const began = at - (durationMs ?? 0)
  const what = isOperator
    ? html`${message}`
    : html`<span class="way">${way === 'in' ? 'Received' : 'Sent'}</span> ${name(message ?? 'no message')} ${way === 'in' ? 'from' : 'to'} ${who}`
  const offset = began <= begin ? '' : html` <span class="quiet">+${durationText(began - begin)}</span>`
  return html`<li class="step ${toneOf(outcome)}"><div class="when">${exact(began)}${offset}</div>
<div class="what"><h3>${what}</h3>
<p>${outcomeBadge(outcome)}${status !== undefined && html` with status ${status}`}${durationMs !== undefined && ` after ${durationText(durationMs)}`}${attempt !== undefined && attempt > 1 && `, attempt ${attempt}`}${retryInMs !== undefined && `, tried again in ${durationText(retryInMs)}`}</p>
${error !== undefined && html`<p class="error">${words(error)}</p>`}
<dl class="ids">${idsHtml(entry)}</dl>
${receiptHtml(entry)}</div></li>`
}

function idsHtml(entry: Entry): Html[] {
  const isSoap = (entry.direction === 'toModern') === (entry.way === 'in')
  const sent = entry.way === 'out' && entry.direction === 'toLegacy'
  const ids: [string, Part][] = [
    ['Exchange', entry.exchange && wholeName(entry.exchange)],
    [
      'Carries on',
      entry.from?.length
        ? joined(
            entry.from.map((id) => html`<a href="${exchangePath(id)}">${name(id)}</a>`),
            ', ',
          )
        : undefined,
    ],
    [sent ? 'MessageID and X-Request-ID' : 'X-Request-ID', entry.request && wholeName(entry.request)],
    [sent ? 'RelatesTo' : 'X-Correlation-ID', entry.correlation && wholeName(entry.correlation)],
    ['MessageID', entry.messageId && wholeName(entry.messageId)],
    ['RelatesTo', entry.relatesTo && wholeName(entry.relatesTo)],
    ['Wire', isSoap ? 'OSCP 1.0, SOAP' : 'OSCP 2.0, JSON'],
    ['Groups', entry.groups.length > 0 ? groupNames(entry, 20) : undefined],
    ['Version', entry.version],
    ['Mappings', entry.mapping && html`<code>${entry.mapping}</code>`],
    ['Explained in', entry.page && html`<code>${entry.page}</code>`],
  ]
  return ids.flatMap(([term, said]) => (said ? [html`<div><dt>${term}</dt><dd>${said}</dd></div>`] : []))
}

function receiptHtml({ receipt }: Entry): Html | undefined {
  if (!receipt) return undefined
  const tones: Readonly<Record<string, Tone>> = { exact: 'good', safe: 'look', approximate: 'look' }
  const head = html`<p>Translated ${badge(tones[receipt.fidelity] ?? 'look', receipt.fidelity)}${receipt.entries.length === 0 && '; nothing was lost or added.'}</p>`
  if (receipt.entries.length === 0) return head
  const rows = receipt.entries.map(({ verb, path, reason, fidelity, count }): TableRow => {
    return {
      cells: [
        html`<code>${path === '' ? 'the message' : path}</code>`,
        html`${verb}${count > 1 && ` × ${count}`}`,
        fidelity,
        reason,
      ],
    }
  })
  const columns = ['Field', 'What was done', 'How exact', 'Why'].map((head) => ({ head }))
  return html`<details class="receipt" open><summary>Receipt: ${receipt.entries.length} remark${receipt.entries.length === 1 ? '' : 's'}</summary>${head}${table({ caption: 'Receipt', columns, rows, empty: '' })}</details>`
}

function groupNames({ groups, link }: Entry, most: number): Html {
  const shown = groups
    .slice(0, most)
    .map((group) => (link === undefined ? name(group) : html`<a href="${groupPath(link, group)}">${name(group)}</a>`))
  const more = groups.length - shown.length
  return html`${joined(shown, ', ')}${more > 0 && ` and ${more} more`}`
}

function outcomeBadge(outcome: string): Html {
  return badge(toneOf(outcome), outcome)
}

function toneOf(outcome: string): Tone {
  if (outcome === 'accepted') return 'good'
  if (outcome === 'repeated') return 'idle'
  return outcome === 'unavailable' || outcome === 'busy' ? 'look' : 'act'
}

function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  return ms < 100_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`
}
