/** Forecasts that a flexibility provider says it cannot meet: for people, because OSCP 1.0 has no word for it. */
import type { LinkRow, Problem } from './data.ts'
import { type Html, html } from './html.ts'
import { type TableRow, table } from './marks.ts'
import { name, words } from './names.ts'
import { exchangePath, groupPath } from './places.ts'
import { alike, mostAlike, type Need, type Piece, peerPiece } from './sentences.ts'
import { clock, moment } from './times.ts'

const mostShown = 20
/** What named no blocks is news for so long, in milliseconds. */
const newsFor = 24 * 3600_000

/** Nothing where nothing was said. The newest comes first. */
export function problemsHtml({ link, modern }: LinkRow, problems: readonly Problem[], now: number): Html {
  if (problems.length === 0) return html`<div id="problems" data-region></div>`
  const rows = [...problems]
    .reverse()
    .slice(0, mostShown)
    .map(({ at, group, type, until, message, exchange }): TableRow => {
      const about = type === undefined ? 'no forecast of ours' : type.toLowerCase().replaceAll('_', ' ')
      return {
        cells: [
          moment(at, now),
          group === undefined
            ? html`<span class="quiet">unknown</span>`
            : html`<a href="${groupPath(link, group)}">${name(group)}</a>`,
          html`${about}${until !== undefined && html`<small>until ${clock(until, now)}</small>`}`,
          words(message),
          html`<a class="mono" href="${exchangePath(exchange)}">${name(exchange, 18)}</a>`,
        ],
      }
    })
  const columns = ['When', 'Group', 'Forecast', 'What it says', 'Exchange'].map((head) => ({ head }))
  const more = problems.length - rows.length
  return html`<section id="problems" data-region aria-labelledby="problems-head"><h2 id="problems-head">Cannot be met, says ${name(modern)} <span class="quiet">${problems.length}</span></h2>
${table({ caption: 'Forecasts that cannot be met', columns, rows, empty: '' })}${more > 0 && html`<p class="quiet">and ${more} older</p>`}</section>`
}

/** What holds still, and what named no time and is new: somebody has to talk to somebody. */
export function needsOfProblems(links: readonly LinkRow[], now: number): Need[] {
  return links.flatMap((row) => {
    const current = row.problems.filter(({ at, until = at + newsFor }) => until > now)
    const groups = alike(current, ({ group = '' }) => group).map((some) => some.at(-1)!)
    const told = groups.length > mostAlike ? groups.slice(-1) : groups
    return told.map((problem): Need => {
      const others = groups.length - told.length
      const sentence = [
        ...subject(row, problem, others),
        ': ',
        peerPiece(row.modern),
        ' says that it cannot keep to it: ',
      ]
      return { urgency: 'look', link: row.link, sentence: [...sentence, problem.message] }
    })
  })
}

function subject({ link, groups }: LinkRow, { group }: Problem, others: number): Piece[] {
  const to = { page: 'link', link } as const
  if (group === undefined) return ['Link ', { name: link, to }]
  const cable = groups.find((row) => row.group === group)?.cable ?? group
  const named: Piece = { name: cable, to: { page: 'group', link, group } }
  return others > 0 ? [named, ` and ${others} more of link `, { name: link, to }] : [named]
}
