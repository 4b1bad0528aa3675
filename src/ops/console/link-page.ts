/** The page of one link: its two parties, and a row for each of its groups. */
import type { GroupRow, LinkRow, Overview, Party } from './data.ts'
import { type Html, html } from './html.ts'
import type { Page } from './layout.ts'
import { badge, figures, standingBadge, type TableRow, type Tone, table } from './marks.ts'
import { name, slug, wholeName, words } from './names.ts'
import { isBare, isLate } from './needs.ts'
import { arrivalHtml, stateOf } from './overview-page.ts'
import { groupPath } from './places.ts'
import { problemsHtml } from './problems.ts'
import { ago, clock } from './times.ts'

export function linkPage(link: LinkRow, { at, parties }: Overview): Page {
  const partyNamed = (peer: string) => parties.find((party) => party.peer === peer)
  const [tone, word] = stateOf(link, at)
  const columns = ['Group', 'Limit now', 'Ends', 'Version', 'Arrival'].map((head) => ({ head }))
  const rows = link.groups.map((group) => groupRow(link, group, at))
  const content = html`<p class="trail"><a href="/console">Overview</a> / link</p>
<h1>${wholeName(link.link)} <span id="link-state" data-region>${badge(tone, word)}</span></h1>
<dl class="facts" id="sides" data-region>
${side('OSCP 1.0 party', link.legacy, partyNamed(link.legacy), at)}
${side('OSCP 2.0 party', link.modern, partyNamed(link.modern), at)}
${link.optimizer !== undefined && side('Optimizer', link.optimizer, partyNamed(link.optimizer), at)}
<div><dt>Limits go to</dt><dd>${name(link.receiver)}</dd></div>
</dl>
<section aria-labelledby="groups"><h2 id="groups">Groups <span class="quiet">${link.groups.length}</span></h2>
${table({ caption: 'Groups', id: 'group-rows', columns, rows, empty: 'No limit has come on this link yet.' })}</section>
${problemsHtml(link, link.problems, at)}`
  return { title: link.link, at, live: true, content }
}

function side(term: string, peer: string, party: Party | undefined, now: number): Html {
  const seen = party?.lastSeen
  return html`<div><dt>${term}</dt><dd>${name(peer)} ${party && standingBadge(party)}${seen !== undefined && html` <small>heard ${ago(seen, now)}</small>`}</dd></div>`
}

function groupRow({ link }: LinkRow, group: GroupRow, now: number): TableRow {
  const { cable, version, at, until } = group
  const tone: Tone = isLate(group, now) || isBare(group, now) || group.refused !== undefined ? 'act' : 'good'
  const cells = [
    html`<a class="strong" href="${groupPath(link, group.group)}">${name(group.group)}</a>${cable !== undefined && html`<small>cable ${name(cable)}</small>`}`,
    group.now.length > 0
      ? figures(group.now)
      : isBare(group, now)
        ? badge('act', 'none')
        : html`<span class="quiet">none</span>`,
    until === undefined ? '' : clock(until, now),
    html`${version > 0 && `v${version}`}${at !== undefined && html` <small>of ${clock(at, now)}</small>`}`,
    html`${arrivalHtml(group, now)}${group.refused !== undefined && html`<small>${words(group.refused)}</small>`}`,
  ]
  return { id: `group-${slug(group.group)}`, tone, cells }
}
