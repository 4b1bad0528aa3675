/** Draws receipts: everything a translation did beyond copying exactly, how often, how faithfully, and why. */
import type { Receipt } from '../mapping/run.ts'
import type { Terminal } from './terminal.ts'

/** One receipt per title, in the order of the exchange: its messages as they were sent on, then the answer. */
export function drawReceipts(terminal: Terminal, receipts: readonly Receipt[], titles: readonly string[]): void {
  const longest = Math.max(...receipts.flatMap(({ entries }) => entries.map(({ path }) => path.length)))
  const row = (verb: string, times: string, path: string, fidelity: string) =>
    `${verb.padEnd(9)} ${times.padStart(5)}  ${path.padEnd(longest)}  ${fidelity}`
  for (const [i, { fidelity, entries }] of receipts.entries()) {
    const more = entries.length === 0 ? ' Everything was copied, nothing else was done.' : ' Beyond copying:'
    terminal.paragraph(`Receipt of ${titles[i] ?? 'a message'}: ${fidelity}.${more}`, 'bold')
    if (entries.length > 0) terminal.paragraph(`  ${row('what', 'times', 'field', 'fidelity')}`, 'dim')
    for (const { verb, count, path, fidelity, reason } of entries) {
      terminal.paragraph(`  ${row(verb, `${count} ×`, path, fidelity)}`)
      terminal.paragraph(`${' '.repeat(19)}${reason}`, 'dim')
    }
    terminal.print('')
  }
}
