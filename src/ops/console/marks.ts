/** Small things that all pages show alike: states with a sign and a word, figures, tables. Limits: a state is never told by colour alone. */

import type { Block } from '../../exchange/schedule.ts'
import type { Party } from './data.ts'
import { Html, html, joined, type Part } from './html.ts'

export type Tone = 'good' | 'act' | 'look' | 'idle'

/** ●, ▲, ◆ and ○ by their numbers: a page of nothing but Latin letters takes half the memory. */
const signs: Readonly<Record<Tone, Html>> = {
  good: html`&#9679;`,
  act: html`&#9650;`,
  look: html`&#9670;`,
  idle: html`&#9675;`,
}

export function badge(tone: Tone, words: string): Html {
  return html`<span class="badge ${tone}"><span class="sign" aria-hidden="true">${signs[tone]}</span> ${words}</span>`
}

/** How a party stands, in a word. */
export function standingBadge(party: Party): Html {
  const spared = party.circuit !== 'closed' && html` ${badge('look', 'does not answer')}`
  return html`${ownStanding(party)}${spared}`
}

function ownStanding({ standing, session, heartbeats }: Party): Html {
  if (session) {
    if (standing === 'away') return badge('act', session.unregistered ? 'unregistered' : 'offline')
    if (standing === 'here') return badge('good', 'online')
    return badge(standing === 'coming' ? 'look' : 'idle', standing === 'coming' ? 'handshake open' : 'not registered')
  }
  if (standing === 'here') return badge('good', heartbeats === 'none' ? 'covered' : 'alive')
  return standing === 'away' ? badge('act', 'silent') : badge('idle', 'never heard')
}

export interface Column {
  readonly head: string
  readonly kind?: 'number' | 'wide'
}

export interface TableRow {
  readonly id?: string
  readonly tone?: Tone | 'now'
  /** What a filter looks for. */
  readonly text?: string
  readonly cells: readonly Part[]
}

export interface TableOptions {
  readonly caption: string
  readonly columns: readonly Column[]
  /** Rows, or what was made of them. */
  readonly rows: readonly (TableRow | Html)[]
  readonly id?: string
  readonly empty: string
  /** Said once to eyes too, or only to ears. */
  readonly showCaption?: boolean
  /** Few narrow columns: it stays a table on a phone. */
  readonly isNarrow?: boolean
}

/** Its roles are written out, because on a phone its rows are laid out as cards. The first cell of a row is its head. */
export function table({ caption, columns, rows, id, empty, showCaption, isNarrow }: TableOptions): Html {
  if (rows.length === 0) return html`<p class="empty"${id && html` id="${id}" data-region`}>${empty}</p>`
  const heads = columns.map(({ head, kind }) => html`<th role="columnheader" scope="col"${classOf(kind)}>${head}</th>`)
  return html`<div class="scroll${isNarrow && ' narrow'}" role="region" tabindex="0" aria-label="${caption}"><table role="table"${id && html` id="${id}" data-rows`}>
<caption${!showCaption && classOf('unseen')}>${caption}</caption>
<thead role="rowgroup"><tr role="row">${heads}</tr></thead>
<tbody role="rowgroup">
${joined(
  rows.map((row) => (row instanceof Html ? row : rowHtml(row, columns))),
  '\n',
)}
</tbody></table></div>`
}

function classOf(name: string | undefined): Html | undefined {
  return name === undefined ? undefined : html` class="${name}"`
}

export function rowHtml({ id, tone, text, cells }: TableRow, columns: readonly Column[]): Html {
  const written = cells.map((cell, i) =>
    i === 0
      ? html`<th role="rowheader" scope="row">${cell}</th>`
      : html`<td role="cell"${classOf(columns[i]?.kind)} data-head="${columns[i]?.head}">${cell}</td>`,
  )
  return html`<tr role="row"${id && html` id="${id}"`}${classOf(tone)}${text !== undefined && html` data-text="${text.toLowerCase()}"`}>${written}</tr>`
}

/** `11 kW`, per phase where it is not for all of them. */
export function figure({ capacity, unit, phase }: Block): string {
  return `${capacity} ${unitText(unit)}${phase === 'ALL' || phase === 'UNKNOWN' ? '' : ` on phase ${phase.toLowerCase()}`}`
}

/** What holds at a moment; the same figure for each of three phases is said once. */
export function figures(blocks: readonly Block[]): string {
  const same =
    blocks.length === 3 && blocks.every((b) => b.capacity === blocks[0]!.capacity && b.unit === blocks[0]!.unit)
  if (same) return `${blocks[0]!.capacity} ${unitText(blocks[0]!.unit)} per phase`
  return blocks.map(figure).join(', ')
}

export function unitText(unit: string): string {
  return { KW: 'kW', KWH: 'kWh', WH: 'Wh' }[unit] ?? unit
}
