/**
 * Names and ids that come from parties, as HTML: isolated from the text around them, clipped, with the whole within reach.
 * Limits: characters that turn the direction of text are not obeyed but shown by their number.
 */
import { createHash } from 'node:crypto'
import { type Html, html, joined } from './html.ts'

const clippedAt = 48
/** Marks, embeddings, overrides and isolates of the bidirectional algorithm. */
const turning = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
/** Longest name that is written out in an address; any other is known by its hash. */
const longestInUrl = 300

/** The name, or its beginning. Where it may be clipped, the element says the whole of it in its title. */
export function name(value: string, most = clippedAt): Html {
  const characters = value.length <= most ? undefined : [...value.slice(0, most * 2 + 2)]
  if (!characters || characters.length <= most) return html`<bdi class="id">${visible(value)}</bdi>`
  const start = characters.slice(0, most - 1).join('')
  return html`<bdi class="id" title="${plain(value)}">${visible(start)}&hellip;</bdi>`
}

/** The whole name: what is long is folded, and can be opened and copied. */
export function wholeName(value: string, most = 120): Html {
  if (value.length <= most) return html`<bdi class="id">${visible(value)}</bdi>`
  const start = [...value.slice(0, 2 * most)].slice(0, most).join('')
  const count = value.length.toLocaleString('en')
  return html`<details class="long"><summary><bdi class="id">${visible(start)}&hellip;</bdi> <span class="quiet">(all ${count} characters)</span></summary><bdi class="id whole">${visible(value)}</bdi></details>`
}

/** Sentences that a party wrote. */
export function words(text: string): Html {
  return html`<bdi class="words">${visible(text)}</bdi>`
}

/** For attributes and titles, where no element can isolate it. */
export function plain(value: string): string {
  return value.replace(turning, numberOf)
}

function visible(value: string): Html {
  if (value.search(turning) < 0) return html`${value}`
  const kept = value.split(turning)
  const marks = [...value.matchAll(turning)].map(([mark]) => html`<span class="mark">${numberOf(mark)}</span>`)
  return joined(kept.flatMap((text, i) => (i < marks.length ? [text, marks[i]!] : [text])))
}

function numberOf(mark: string): string {
  return `[U+${mark.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}]`
}

/** A name as one step of a path. Long ones, and those that a browser would take for a way up, stand as their hash. */
export function slug(value: string): string {
  const encoded = encode(value)
  const isPlain = encoded !== '' && encoded.length <= longestInUrl && !/^(?:\.|~|%7E)/i.test(encoded)
  return isPlain ? encoded : hashed(value)
}

/** Whether a step of a path, decoded, stands for this name. */
export function isSlugOf(step: string, value: string): boolean {
  return step === value || (step.startsWith('~') && step === hashed(value))
}

/** Empty for half a character, which has no form in an address. */
export function encode(value: string): string {
  try {
    return encodeURIComponent(value)
  } catch {
    return ''
  }
}

function hashed(value: string): string {
  return `~${createHash('sha256').update(value).digest('hex').slice(0, 32)}`
}
