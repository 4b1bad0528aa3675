/** Draws a day's limits as a bar chart in plain text; where several quarter hours share a column, the lowest is drawn. */
import type { Style, Terminal } from './terminal.ts'

export interface Day {
  /** Milliseconds since 1970, UTC; a quarter hour. */
  readonly from: number
  /** One figure per quarter hour. */
  readonly limits: readonly number[]
  /** A span of time to point at. */
  readonly mark?: { readonly from: number; readonly to: number; readonly label: string }
}

export const quarter = 15 * 60_000
const eighths = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
const rows = 4

export function drawDay(terminal: Terminal, title: string, { from, limits, mark }: Day): void {
  const lowest = Math.min(...limits)
  const highest = Math.max(...limits)
  const when = (limit: number) => clock(from + limits.indexOf(limit) * quarter)
  const facts = `${lowest} kW (${when(lowest)}) to ${highest} kW (${when(highest)}), times in UTC`
  terminal.print(` ${terminal.style('bold', title)}   ${terminal.style('dim', facts)}`)

  const perColumn = Math.ceil(limits.length / (terminal.width - 2))
  const columns = Array.from({ length: Math.ceil(limits.length / perColumn) }, (_, i) =>
    Math.min(...limits.slice(i * perColumn, (i + 1) * perColumn)),
  )
  const columnOf = (time: number) => Math.floor((time - from) / quarter / perColumn)
  const [hot, cold] = mark ? [columnOf(mark.from), columnOf(mark.to)] : [columns.length, columns.length]
  for (let row = rows - 1; row >= 0; row--) {
    const line = columns.map((limit) => {
      const level = highest > 0 ? Math.round((limit / highest) * rows * 8) : 0
      return eighths[Math.max(0, Math.min(8, level - row * 8))]
    })
    const part = (start: number, end: number, colour: Style) => terminal.style(colour, line.slice(start, end).join(''))
    terminal.print(` ${part(0, hot, 'green')}${part(hot, cold, 'red')}${part(cold, line.length, 'green')}`)
  }
  terminal.print(terminal.style('dim', ` ${hours(from, columns.length, columnOf)}`))
  if (mark) {
    const brace = `╰${'─'.repeat(Math.max(0, cold - hot - 2))}╯`
    terminal.print(terminal.style('red', ` ${' '.repeat(hot)}${brace} ${mark.label}`))
  }
  terminal.print('')
}

/** A label at every third hour. */
function hours(from: number, width: number, columnOf: (time: number) => number): string {
  const step = 3 * 3600_000
  let line = ''
  for (let time = Math.ceil(from / step) * step; columnOf(time) + 5 <= width; time += step)
    line = line.padEnd(columnOf(time)) + clock(time)
  return line
}

export function clock(time: number): string {
  return new Date(time).toISOString().slice(11, 16)
}
