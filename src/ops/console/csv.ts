/** The blocks of a group as CSV (RFC 4180). Limits: instants in UTC; a text that a spreadsheet would take for a formula is quoted. */
import type { Block } from '../../exchange/schedule.ts'
import type { GroupView } from './data.ts'

export function csvOf(view: GroupView): string {
  const { link, row, received, isTranslated, delivered, fallback, optimum, usage, versions } = view
  const about = [link.link, row.group]
  const lines = [['link', 'group', 'series', 'version', 'start', 'end', 'capacity', 'unit', 'phase']]
  const add = (series: string, version: string, blocks: readonly Block[]) => {
    for (const { start, end, capacity, unit, phase } of blocks)
      lines.push([...about, series, version, iso(start), iso(end), String(capacity), unit, phase])
  }
  add(isTranslated ? 'translated' : 'received', String(row.version), received)
  add('delivered', String(row.settled), delivered)
  add('fallback', '', fallback)
  add('optimum', '', optimum)
  for (const { version, blocks } of versions) add('message', String(version), blocks)
  for (const { start, end, power } of usage)
    lines.push([...about, 'usage', '', iso(start), iso(end), String(power), 'KW', 'ALL'])
  return lines.map((line) => `${line.map(field).join(',')}\r\n`).join('')
}

function iso(at: number): string {
  return new Date(at).toISOString()
}

function field(text: string): string {
  const safe = /^[=+@\t\r]|^-(?!\d)/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
