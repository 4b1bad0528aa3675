/** The parties: who is there, how far registrations are, and the commands that an operator runs about them. */
import type { Overview, Party } from './data.ts'
import { type Html, html, joined } from './html.ts'
import type { Page } from './layout.ts'
import { badge, standingBadge, type TableRow, table } from './marks.ts'
import { name, slug, words } from './names.ts'
import { exchangesLink } from './places.ts'
import { ago, clock, lasting } from './times.ts'

const roles: Readonly<Record<Party['role'], string>> = {
  dso: 'grid operator, OSCP 1.0',
  csp: 'charge spot operator, OSCP 1.0',
  fp: 'flexibility provider, OSCP 2.0',
  cp: 'capacity provider, OSCP 2.0',
  co: 'capacity optimizer, OSCP 2.0',
}

export function peersPage({ parties, at }: Overview): Page {
  const columns = ['Party', 'State', 'Last heard', 'Registration', 'Waits for it', 'Commands'].map((head) => ({ head }))
  const rows = parties.map((party): TableRow => {
    const { peer, role, lastSeen, session } = party
    const away = party.standing === 'away'
    return {
      id: `peer-${slug(peer)}`,
      tone: away ? 'act' : 'good',
      text: `${peer} ${role}`,
      cells: [
        html`<span class="strong">${name(peer)}</span><small>${roles[role]}</small>`,
        stateHtml(party, at),
        lastSeen === undefined ? html`<span class="quiet">never</span>` : ago(lastSeen, at),
        session ? registrationHtml(party, at) : html`<span class="quiet">OSCP 1.0 has none</span>`,
        waitingHtml(party, at),
        commandsHtml(party),
      ],
    }
  })
  const content = html`<h1>Parties <span class="quiet">${parties.length}</span></h1>
<div class="bar"><p class="quiet">Commands run beside the gateway, with its configuration; they need Redis.</p>
<form class="filter" role="search" aria-label="Parties"><label for="filter">Filter</label> <input id="filter" type="search" autocomplete="off" spellcheck="false" data-filters="peer-rows"><span id="filter-count" class="quiet" role="status"></span></form></div>
${table({ caption: 'Parties', id: 'peer-rows', columns, rows, empty: 'No party is configured.' })}`
  return { title: 'Parties', current: 'peers', at, live: true, content }
}

function stateHtml(party: Party, now: number): Html {
  const { session, circuit, circuitSince, lastFailure } = party
  const spared =
    circuit !== 'closed' &&
    html`<small>${badge('look', 'spared')} since ${clock(circuitSince ?? now, now)}: single attempts look for it</small>`
  const failed = lastFailure?.sentence !== undefined && html`<small>${words(lastFailure.sentence)}</small>`
  const deadline =
    session?.offlineAt !== undefined && html`<small>offline ${ago(session.offlineAt, now)} unless heard</small>`
  return html`${standingBadge(party)}${session?.suspect && html` ${badge('act', 'does not know us')}`}${deadline}${spared}${failed}`
}

function registrationHtml({ session }: Party, now: number): Html {
  const { state, since, registration, version, tokenWaitsUntil, owed, lastError } = session!
  const how = { none: 'by hand', 'we start': 'we start', 'they start': 'they start' }[registration] ?? registration
  const facts = [
    html`${state}${since !== undefined && html` since ${clock(since, now)}`}`,
    html`<small>${how}${version !== undefined && `, version ${version}`}</small>`,
    tokenWaitsUntil !== undefined && html`<small>a token waits until ${clock(tokenWaitsUntil, now)}</small>`,
    owed.length > 0 && html`<small>owed: ${owed.join(', ')}</small>`,
    lastError !== undefined && html`<small class="error">${words(lastError)}</small>`,
  ]
  return joined(facts)
}

function waitingHtml({ waiting, waitingSince, agenda, dead }: Party, now: number): Html {
  const since = waitingSince === undefined ? '' : `, the first for ${lasting(Math.max(1000, now - waitingSince))}`
  return html`${waiting === 0 ? 'nothing' : `${waiting} message${waiting === 1 ? '' : 's'}${since}`}<small>agenda ${agenda}${dead > 0 && html`, <a href="/console/dead">${dead} dead</a>`}</small>`
}

/** What an operator may want to do now. */
function commandsHtml({ peer, session, dead }: Party): Html {
  const commands = [
    ...(session?.registration === 'they start' && session.state === 'NEW' ? [`peers token ${peer}`] : []),
    ...(session && session.registration !== 'none' && session.state !== 'NEW'
      ? [`peers rotate ${peer}`, `peers forget ${peer}`]
      : []),
    ...(dead > 0 ? [`dead ${peer}`] : []),
    `journal --peer ${peer}`,
  ]
  return html`<ul class="commands"><li>${exchangesLink(peer)}</li>${commands.map((command) => html`<li><code>oscp-gateway ${command}</code></li>`)}</ul>`
}
