/** Where each page of the console stands, and sentences whose names lead there. */

import { type Html, html, joined } from './html.ts'
import { encode, name, slug, words } from './names.ts'
import type { Piece, Place } from './sentences.ts'
import { clock, clockText } from './times.ts'

export function linkPath(link: string): string {
  return `/console/links/${slug(link)}`
}

export function groupPath(link: string, group: string): string {
  return `${linkPath(link)}/groups/${slug(group)}`
}

export function exchangePath(exchange: string): string {
  return `/console/exchanges/${slug(exchange)}`
}

/** Where the last exchanges of a group or a party are; nothing for a name that is too long for an address. */
export function exchangesLink(of: string): Html {
  const query = encode(of)
  const isShort = query !== '' && query.length < 2000
  return html`${isShort && html`<a href="/console/search?q=${query}">Its last exchanges</a>`}`
}

export function pathOf({ page, link = '', group = '' }: Place): string {
  if (page === 'link') return linkPath(link)
  if (page === 'group') return groupPath(link, group)
  return `/console/${page}`
}

export function sentenceHtml(pieces: readonly Piece[], now: number): Html {
  return joined(
    pieces.map((piece) => {
      if (typeof piece === 'string') return words(piece)
      if ('at' in piece) return clock(piece.at, now)
      return piece.to ? html`<a href="${pathOf(piece.to)}">${name(piece.name)}</a>` : name(piece.name)
    }),
  )
}

export function sentenceText(pieces: readonly Piece[], now: number): string {
  return pieces
    .map((piece) => (typeof piece === 'string' ? piece : 'at' in piece ? clockText(piece.at, now) : piece.name))
    .join('')
}
