/** Links, groups, cables and parties whose names contain what somebody looks for: whoever is called at night knows a name, no id. */
import type { LinkRow, Overview } from './data.ts'
import { type Html, html } from './html.ts'
import { name } from './names.ts'
import { groupPath, linkPath } from './places.ts'

const most = 12

/** Those that are called exactly so come first; capitals do not matter. */
export function placesHtml({ links, parties }: Pick<Overview, 'links' | 'parties'>, query: string): Html {
  const wanted = query.toLowerCase()
  if (wanted === '') return html``
  const found = [
    ...links.flatMap((row) => row.groups.map((group) => ofGroup(row, group))),
    ...links.map(({ link }) => ({
      names: [link],
      what: html`Link <a href="${linkPath(link)}">${name(link)}</a>`,
    })),
    ...parties.map(({ peer }) => ({
      names: [peer],
      what: html`Party <a href="/console/peers">${name(peer)}</a>`,
    })),
  ]
  const matching = found.filter(({ names }) => names.some((one) => one.toLowerCase().includes(wanted)))
  const isExact = ({ names }: Place) => (names.some((one) => one.toLowerCase() === wanted) ? 0 : 1)
  const sorted = matching.sort((a, b) => isExact(a) - isExact(b))
  if (sorted.length === 0) return html``
  const more = sorted.length - most
  return html`<section aria-labelledby="places"><h2 id="places">Called so</h2><ul class="places">${sorted.slice(0, most).map(({ what }) => html`<li>${what}</li>`)}</ul>${more > 0 && html`<p class="quiet">and ${more} more; the filter of the overview shows all of them</p>`}</section>`
}

interface Place {
  readonly names: readonly string[]
  readonly what: Html
}

function ofGroup({ link }: LinkRow, { group, cable }: LinkRow['groups'][number]): Place {
  const called = cable === undefined ? '' : html`, cable ${name(cable)},`
  return {
    names: cable === undefined ? [group] : [group, cable],
    what: html`Group <a href="${groupPath(link, group)}">${name(group)}</a>${called} of link <a href="${linkPath(link)}">${name(link)}</a>`,
  }
}
