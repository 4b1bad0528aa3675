/** The first page: what needs a person, in words, and below it a row for each link. */
import { breather } from './breath.ts'
import type { GroupRow, LinkRow, Overview, Party } from './data.ts'
import { type Html, html, joined } from './html.ts'
import type { Page } from './layout.ts'
import { badge, type Column, rowHtml, standingBadge, type TableRow, type Tone, table } from './marks.ts'
import { name, slug, words } from './names.ts'
import { isBare, isLate, needsOf } from './needs.ts'
import { groupPath, linkPath, sentenceHtml } from './places.ts'
import { ago, clock, dayOf } from './times.ts'

const mostNeeds = 40
const mostAlarms = 12

/** Rows as they were made last; what they were made of stays the same object as long as it says the same. */
const made = new WeakMap<LinkRow, { readonly of: readonly unknown[]; readonly text: string; readonly row: Html }>()

const columns: readonly Column[] = [
  ...['Link', 'OSCP 1.0 party', 'OSCP 2.0 party', 'Groups', 'Newest limit'].map((head) => ({ head })),
  ...['Agenda', 'Dead'].map((head) => ({ head, kind: 'number' as const })),
]

export async function overviewPage(overview: Overview, filter: string): Promise<Page> {
  const { at, links, parties } = overview
  const known = new Map(parties.map((party) => [party.peer, party]))
  const wanted = filter.toLowerCase()
  const breath = breather()
  const rows: Html[] = []
  for (const link of links) {
    const { text, row } = linkRow(link, known, at)
    if (text.includes(wanted)) rows.push(row)
    await breath()
  }
  const content = html`<h1>Has every limit arrived?</h1>
${needsHtml(overview)}
<section aria-labelledby="links">
<div class="bar"><h2 id="links">Links <span class="quiet">${links.length}</span></h2>
<form class="filter" action="/console" role="search" aria-label="Links"><label for="filter">Filter</label> <input id="filter" name="filter" type="search" value="${filter}" autocomplete="off" spellcheck="false" data-filters="link-rows"><span id="filter-count" class="quiet" role="status"></span></form></div>
${table({ caption: 'Links', id: 'link-rows', columns, rows, empty: links.length > 0 ? 'No link is called so.' : 'No link is configured.' })}
</section>
${alarmsHtml(overview)}`
  return { title: 'Overview', current: 'overview', at, live: true, content }
}

function needsHtml(overview: Overview): Html {
  const needs = needsOf(overview)
  if (needs.length === 0)
    return html`<section class="needs calm" id="needs" data-region aria-labelledby="needs-head"><h2 id="needs-head">${badge('good', restful(overview))}</h2></section>`
  const items = needs
    .slice(0, mostNeeds)
    .map(
      ({ urgency, sentence }) =>
        html`<li class="${urgency}">${badge(urgency, urgency === 'act' ? 'Act' : 'Look')} <p>${sentenceHtml(sentence, overview.at)}</p></li>`,
    )
  const more = needs.length - items.length
  return html`<section class="needs" id="needs" data-region data-count="${needs.length}" aria-labelledby="needs-head"><h2 id="needs-head">Needs a person <span class="quiet">${needs.length}</span></h2>
<ul>${joined(items, '\n')}</ul>${more > 0 && html`<p class="quiet">and ${more} more</p>`}</section>`
}

function restful({ links }: Overview): string {
  const groups = links.reduce((sum, link) => sum + link.groups.length, 0)
  if (groups === 0) return 'No limit has come yet, and nothing needs a person.'
  return groups === 1 ? 'The limit has arrived.' : `All ${groups} limits have arrived.`
}

function alarmsHtml({ alarms, at }: Overview): Html {
  if (alarms.length === 0) return html``
  const rows = alarms.slice(0, mostAlarms).map(({ at: when, alarm, peer, link, group, error }): TableRow => {
    const about = [link, peer].flatMap((one) => (one === undefined ? [] : [name(one)]))
    const of =
      link !== undefined && group !== undefined ? html`<a href="${groupPath(link, group)}">${name(group)}</a>` : ''
    return {
      cells: [
        ago(when, at),
        html`<strong>${alarm}</strong>`,
        joined(about, ' · '),
        of,
        error === undefined ? '' : words(error),
      ],
    }
  })
  const isSaid = rows.some(({ cells }) => cells.at(-1) !== '')
  const heads = ['When', 'Alarm', 'Link and party', 'Group', ...(isSaid ? ['Words'] : [])]
  const columns = heads.map((head) => ({ head }))
  return html`<section aria-labelledby="alarms-head"><h2 id="alarms-head">Alarms of late <span class="quiet">of this process</span></h2>
${table({ caption: 'Alarms of late', id: 'alarms', columns, rows: isSaid ? rows : rows.map(({ cells }) => ({ cells: cells.slice(0, -1) })), empty: '' })}</section>`
}

/** The row of a link, and in small letters what a filter looks for. */
function linkRow(link: LinkRow, parties: ReadonlyMap<string, Party>, now: number) {
  const sides = [link.legacy, link.modern, link.receiver].map((peer) => parties.get(peer))
  const newest = newestOf(link)
  // Besides the time of day nothing of a row changes by itself.
  const of = [...sides, stateOf(link, now)[1], newest && isLate(newest, now), dayOf(now)]
  const known = made.get(link)
  if (known && of.every((part, i) => part === known.of[i])) return known
  const row = tableRow(link, sides, newest, now)
  const next = { of, text: row.text, row: rowHtml(row, columns) }
  made.set(link, next)
  return next
}

function tableRow(
  row: LinkRow,
  [legacy, modern, receiver]: readonly (Party | undefined)[],
  newest: GroupRow | undefined,
  now: number,
): TableRow & { readonly text: string } {
  const [tone, word] = stateOf(row, now)
  const owed = row.groups.filter(({ attempts }) => attempts !== undefined).length
  const covered = row.groups.filter(({ now: holding }) => holding.length > 0).length
  const cells = [
    html`<a class="strong" href="${linkPath(row.link)}">${name(row.link, 32)}</a><small>${badge(tone, word)}</small>`,
    html`${name(row.legacy, 32)} ${legacy && standingBadge(legacy)}<small>${heard(legacy, now)}</small>`,
    html`${name(row.modern, 32)} ${modern && standingBadge(modern)}<small>${deadline(modern, now)}</small>`,
    html`${row.groups.length}<small>${row.groups.length === 0 ? '' : `${covered} with a limit now`}</small>`,
    newestHtml(row, newest, now),
    html`${receiver?.agenda ?? 0}${owed > 0 && html`<small>${owed} limit${owed === 1 ? '' : 's'} owed</small>`}`,
    row.dead > 0 ? html`<a href="/console/dead">${row.dead}</a>` : '0',
  ]
  const names = [row.link, row.legacy, row.modern, word, ...row.groups.flatMap((g) => [g.group, g.cable ?? ''])]
  return { id: `link-${slug(row.link)}`, tone, text: names.join(' ').toLowerCase(), cells }
}

export function stateOf({ groups, dead }: LinkRow, now: number): [Tone, string] {
  if (groups.some((group) => isLate(group, now))) return ['act', 'not arrived']
  if (groups.some(({ refused }) => refused !== undefined)) return ['act', 'refused']
  if (groups.some((group) => isBare(group, now))) return ['act', 'no limit now']
  if (dead > 0) return ['look', 'given up']
  if (groups.some(({ attempts }) => attempts !== undefined)) return ['look', 'on its way']
  return groups.length === 0 ? ['idle', 'nothing yet'] : ['good', 'arrived']
}

function heard(party: Party | undefined, now: number): Html {
  if (party?.lastSeen === undefined) return html`${party?.heartbeats === 'none' && 'sends no heartbeats'}`
  return html`heard ${ago(party.lastSeen, now)}`
}

function deadline(party: Party | undefined, now: number): Html {
  if (party?.session?.offlineAt !== undefined) return html`offline ${ago(party.session.offlineAt, now)} unless heard`
  return party?.standing === 'here' ? html`no deadline` : heard(party, now)
}

/** The group whose limit came last. */
function newestOf({ groups }: LinkRow): GroupRow | undefined {
  return groups.reduce<GroupRow | undefined>(
    (last, group) => ((group.at ?? 0) >= (last?.at ?? 0) ? group : last),
    undefined,
  )
}

function newestHtml({ link }: LinkRow, newest: GroupRow | undefined, now: number): Html {
  if (!newest) return html`<span class="quiet">none</span>`
  const { group, cable, version, at } = newest
  const came = at === undefined ? '' : html` of ${clock(at, now)}`
  return html`<a href="${groupPath(link, group)}">${name(cable ?? group, 32)}</a>${version > 0 && html` <span class="quiet">v${version}</span>`}${came}<small>${arrivalHtml(newest, now)}</small>`
}

/** Whether the newest limit of a group has arrived, in words. */
export function arrivalHtml(row: GroupRow, now: number): Html {
  const { attempts, refused, settledAt, asks, owedSince } = row
  if (asks) return badge('idle', 'told when it asks')
  if (attempts !== undefined) {
    const tries = attempts === 0 ? 'on its way' : `not arrived, ${attempts} attempt${attempts === 1 ? '' : 's'} failed`
    return html`${badge(isLate(row, now) ? 'act' : 'look', tries)}${owedSince !== undefined && html` since ${clock(owedSince, now)}`}`
  }
  if (refused !== undefined) return badge('act', 'refused')
  return html`${badge('good', 'acknowledged')}${settledAt !== undefined && html` ${clock(settledAt, now)}`}`
}
