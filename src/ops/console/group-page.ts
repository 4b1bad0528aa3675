/** The page of one group: its limits over the next day as a plot and as a table, and its versions to step through. */
import type { GroupView, Party, Version } from './data.ts'
import { type Html, html, joined } from './html.ts'
import type { Page } from './layout.ts'
import { badge, figures, standingBadge, type TableRow, table } from './marks.ts'
import { name, wholeName, words } from './names.ts'
import { isLate, whyLate } from './needs.ts'
import { arrivalHtml } from './overview-page.ts'
import { exchangesLink, groupPath, linkPath } from './places.ts'
import { legendHtml, plotHtml, type SeriesWords, wordsOf } from './plot.ts'
import { problemsHtml } from './problems.ts'
import { type Drawing, drawingOf, type SeriesName, type Span, seriesNames, seriesOf, spansOf } from './series.ts'
import { clock, clockText } from './times.ts'

/** `wanted` is a version to be looked at; any that is not kept is none. */
export function groupPage(view: GroupView, parties: readonly Party[], wanted: number | undefined): Page {
  const receiver = parties.find(({ peer }) => peer === view.link.receiver)
  const { at, link, row } = view
  const version = view.versions.find((one) => one.version === wanted)
  const series = seriesOf(view, version)
  const drawing = drawingOf(series, at)
  const spans = spansOf(series, drawing)
  const called = wordsOf(view, version)
  const here = groupPath(link.link, row.group)
  const content = html`<p class="trail"><a href="/console">Overview</a> / link <a href="${linkPath(link.link)}">${name(link.link)}</a> / group</p>
<h1>${wholeName(row.group)}</h1>
<dl class="facts" id="facts" data-region>
${row.cable !== undefined && html`<div><dt>Cable</dt><dd>${wholeName(row.cable)}</dd></div>`}
<div><dt>Limit now at ${name(link.receiver)} ${receiver && standingBadge(receiver)}</dt><dd class="strong">${row.now.length > 0 ? figures(row.now) : 'none'}</dd></div>
<div><dt>Newest limit</dt><dd>${row.version > 0 && `v${row.version}`}${row.at !== undefined && html` of ${clock(row.at, at)}`} <small>${arrivalHtml(row, at)}${isLate(row, at) && `; ${whyLate(receiver, row)}`}</small></dd></div>
${row.until !== undefined && html`<div><dt>Last limit ends</dt><dd>${clock(row.until, at)}</dd></div>`}
${view.mode !== undefined && html`<div><dt>In force</dt><dd>${view.mode === 'regular' ? 'ordinary limits' : badge('act', 'fallback: the capacity provider is offline')}</dd></div>`}
${row.refused !== undefined && html`<div><dt>Refused with</dt><dd>${words(row.refused)}</dd></div>`}
<div><dt>Exchanges</dt><dd>${exchangesLink(row.group)}</dd></div>
</dl>
${problemsHtml(link, view.problems, at)}
${versionsHtml(view, version, here)}
<section aria-labelledby="plot-head" id="plot" ${version === undefined && html`data-region`}><div class="bar"><h2 id="plot-head">The next 24 hours</h2>${legendHtml(drawing, called)}</div>
${spans.length === 0 ? html`<p class="empty">No limit is known for the next 24 hours.</p>` : plotSection(drawing, spans, view, called)}
${(view.isTranslated || version) && html`<p class="quiet">As translated: what was received, in the words of OSCP 2.0; where its blocks overlapped, the smallest of them.</p>`}
</section>
<section aria-labelledby="table-head"><div class="bar"><h2 id="table-head">The same as a table</h2><a href="/console/api${here.slice('/console'.length)}/blocks.csv" download>All blocks as CSV</a></div>
${spansTable(spans, at, called)}</section>`
  return { title: row.group.slice(0, 80), live: true, script: 'plot.js', content }
}

function plotSection(drawing: Drawing, spans: readonly Span[], { at }: GroupView, called: SeriesWords): Html {
  const current = Math.max(
    0,
    spans.findIndex(({ start, end }) => start <= at && at < end),
  )
  const left =
    drawing.leftOut.length > 0 &&
    html`<p class="quiet">Limits in ${drawing.leftOut.join(' and ')} are in the table only.</p>`
  return html`<div class="plot-frame"><div class="scroll plain" role="region" tabindex="0" aria-label="Plot">${plotHtml(drawing, at, summaryOf(spans, at, called))}</div>
<div class="reader"><label for="reader">Block</label><input id="reader" type="range" min="0" max="${spans.length - 1}" value="${current}" step="1" disabled><output id="reading" for="reader">${reading(spans[current]!, at, called)}</output></div></div>${left}`
}

/** The plot in words. */
function summaryOf(spans: readonly Span[], now: number, called: SeriesWords): string {
  const ofNow = spans.find(({ start, end }) => start <= now && now < end)
  const words = ofNow ? `Now: ${readingText(ofNow, called)}.` : 'For now nothing is known.'
  const limits = spans.flatMap(({ blocks }) => blocks.received ?? [])
  const [first] = limits
  if (!first) return words
  const values = limits.filter(({ unit }) => unit === first.unit).map(({ capacity }) => capacity)
  const until = clockText(spans.at(-1)!.end, now)
  return `${words} Until ${until} the ${called.received.toLowerCase()} lies between ${Math.min(...values)} and ${Math.max(...values)} ${figures([{ ...first, capacity: 0, phase: 'ALL' }]).slice(2)}. The table below says everything.`
}

function reading(span: Span, now: number, called: SeriesWords): Html {
  return html`${clock(span.start, now)} to ${clock(span.end, now)}: ${readingText(span, called)}`
}

function readingText({ blocks }: Span, called: SeriesWords): string {
  return seriesNames
    .flatMap((series) => (blocks[series] ? [`${called[series].toLowerCase()} ${figures(blocks[series])}`] : []))
    .join('; ')
}

function spansTable(spans: readonly Span[], now: number, called: SeriesWords): Html {
  const shown = seriesNames.filter((series) => spans.some(({ blocks }) => blocks[series] !== undefined))
  const columns = ['From', 'To', ...shown.map((series: SeriesName) => called[series])].map((head) => ({ head }))
  const rows = spans.map((span): TableRow => {
    const { start, end, blocks } = span
    const isNow = start <= now && now < end
    const values = shown.map((series) => (blocks[series] ? figures(blocks[series]) : ''))
    return {
      id: `span-${start}`,
      ...(isNow ? { tone: 'now' as const } : {}),
      cells: [
        html`${clock(start, now)}${isNow && html` <span class="badge idle">now</span>`}`,
        clock(end, now),
        ...values,
      ],
    }
  })
  return table({
    caption: 'Blocks of the next 24 hours',
    id: 'span-rows',
    columns,
    rows,
    empty: 'Nothing.',
    isNarrow: true,
  })
}

function versionsHtml({ versions, row }: GroupView, shown: Version | undefined, here: string): Html {
  const newest = versions.at(-1)?.version ?? 0
  if (newest === 0 && row.version === 0) return html`<div id="versions" data-region></div>`
  const items = versions.map(
    ({ version, at }) =>
      html`<li><a href="${here}?version=${version}"${version === shown?.version && html` aria-current="true"`}>v${version} <small>${clock(at, at)}</small></a></li>`,
  )
  const all = html`<li><a href="${here}"${!shown && html` aria-current="true"`}>all together</a></li>`
  const list = versions.length > 0 && html`<ul>${joined([all, ...items])}</ul>`
  const what = shown && `What message v${shown.version} said stands as it was translated. `
  const elsewhere = `v${row.version} came to another replica, or before this process started; versions can be stepped through where they came. `
  const whole = shown && html`<a href="${here}">Show all of them laid over each other</a>`
  return html`<nav class="versions" id="versions" data-region aria-label="Versions as they came"><h2>Versions <span class="quiet">of this process</span></h2>${list}<p class="quiet">${what}${row.version > newest && elsewhere}${whole}</p></nav>`
}
