/**
 * A plot of limits over time as SVG, drawn by the server; a text says the same, and the table below it says everything.
 * Limits: no style of its own: classes say what a line is, and each kind of line differs by its stroke, not by colour alone.
 */
import type { GroupView, Version } from './data.ts'
import { type Html, html, joined, type Part } from './html.ts'
import type { Drawing, Line, SeriesName } from './series.ts'
import { clockText } from './times.ts'

const [width, height] = [1100, 360]
const [left, right, top, bottom] = [72, 14, 14, 30]
const hour = 3600_000

export type SeriesWords = Readonly<Record<SeriesName, string>>

/** What each series of a group is called; with a version, that stands for what was received. */
export function wordsOf({ isTranslated }: Pick<GroupView, 'isTranslated'>, shown?: Version): SeriesWords {
  const all = isTranslated ? 'Limit as translated' : 'Limit as received'
  return {
    received: shown ? `Limit of v${shown.version} as translated` : all,
    delivered: 'Limit as delivered',
    fallback: 'Fallback',
    optimum: 'Optimum',
    usage: 'Reported usage',
  }
}

/** Drawn first what lies behind. */
const layers: readonly SeriesName[] = ['usage', 'delivered', 'received', 'fallback', 'optimum']

export function plotHtml(drawing: Drawing, now: number, summary: string): Html {
  const { from, to, unit, lines } = drawing
  const [low, high, tick] = rangeOf(lines)
  const x = (at: number) => round(left + ((at - from) / (to - from)) * (width - left - right))
  const y = (value: number) => round(top + ((high - value) / (high - low)) * (height - top - bottom))
  const ticks = Array.from({ length: Math.round((high - low) / tick) + 1 }, (_, i) => low + i * tick)
  const rows = ticks.map(
    (value, i) =>
      html`<line class="grid" x1="${left}" x2="${width - right}" y1="${y(value)}" y2="${y(value)}"/><text class="axis end" x="${left - 8}" y="${y(value) + 4}">${Number(value.toFixed(6))}${i === ticks.length - 1 && ` ${unit}`}</text>`,
  )
  const every = 3 * hour
  const marks: Html[] = []
  for (let at = Math.ceil(from / every) * every; at <= to; at += every)
    marks.push(
      html`<line class="grid" x1="${x(at)}" x2="${x(at)}" y1="${top}" y2="${height - bottom}"/><text class="axis ${x(at) > width - right - 20 ? 'end' : 'middle'}" x="${x(at)}" y="${height - 10}" data-at="${at}">${new Date(at).toISOString().slice(11, 16)}</text>`,
    )
  const drawn = layers.flatMap((layer) =>
    lines.filter(({ series }) => series === layer).map((line) => lineHtml(line, x, y)),
  )
  return html`<svg class="plot" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="plot-title plot-text" data-from="${from}" data-to="${to}" data-left="${left}" data-right="${width - right}" data-width="${width}">
<title id="plot-title">Limits from ${clockText(from, now)} to ${clockText(to, now)}, in ${unit}</title>
<desc id="plot-text">${summary}</desc>
<g aria-hidden="true">${rows}${marks}${drawn}
<line class="now" x1="${x(now)}" x2="${x(now)}" y1="${top}" y2="${height - bottom}"/><text class="now-word" x="${x(now) + 5}" y="${top + 11}">now</text>
<rect class="cursor" x="0" y="${top}" width="0" height="${height - top - bottom}"/></g></svg>`
}

function lineHtml({ series, phase, steps }: Line, x: (at: number) => number, y: (value: number) => number): Html {
  if (series === 'usage')
    return joined(
      steps.map(({ start, end, value }) => {
        const [one, other] = [y(value), y(0)]
        return html`<rect class="usage" x="${x(start)}" y="${Math.min(one, other)}" width="${round(Math.max(0.5, x(end) - x(start)))}" height="${round(Math.abs(other - one))}"/>`
      }),
    )
  const path = steps.map(({ start, end, value }, i) => {
    const follows = i > 0 && steps[i - 1]!.end === start
    return `${follows ? 'V' : `M${x(start)} `}${y(value)}H${x(end)}`
  })
  const last = steps.at(-1)
  const word: Part =
    phase === undefined || !last
      ? ''
      : html`<text class="axis end" x="${x(last.end)}" y="${y(last.value) - 4}">${phase.toLowerCase()}</text>`
  return html`<path class="line ${series}" d="${path.join('')}"/>${word}`
}

/** From, to, and the distance of lines: round figures around all that is drawn, zero included. */
function rangeOf(lines: readonly Line[]): [number, number, number] {
  const values = lines.flatMap(({ steps }) => steps.map(({ value }) => value))
  const most = values.reduce((a, b) => Math.max(a, b), 0)
  const least = values.reduce((a, b) => Math.min(a, b), 0)
  const rough = (most - least || 1) / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  const tick = [1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough)! * power
  const high = Math.ceil((most + tick * 0.05) / tick) * tick
  return [Math.floor(least / tick) * tick, high, tick]
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

/** The series that are drawn, each with a piece of its line. */
export function legendHtml({ lines }: Drawing, words: SeriesWords): Html {
  const shown = [...new Set(lines.map(({ series }) => series))]
  const items = shown.map((series) => {
    const sample =
      series === 'usage'
        ? html`<rect class="usage" x="2" y="3" width="24" height="10"/>`
        : html`<path class="line ${series}" d="M1 8H27"/>`
    return html`<li><svg viewBox="0 0 28 16" width="28" height="16" aria-hidden="true">${sample}</svg> ${words[series]}</li>`
  })
  return html`<ul class="legend">${items}</ul>`
}
