/** Draws what became of a translation: its receipts as tables, and each refusal and hold with its path and reason. */
import type { Outcome } from '../mapping/outcome.ts'
import { drawReceipts } from './demo-receipts.ts'
import type { Terminal } from './terminal.ts'

export function drawOutcomes(terminal: Terminal, name: string, outcomes: readonly Outcome[]): void {
  const title = (item: string) => (item === '' ? name : `${name}, ${item}`)
  const receipted = outcomes.filter((o) => o.outcome !== 'refused')
  if (receipted.length > 0)
    drawReceipts(
      terminal,
      receipted.map((o) => o.receipt),
      receipted.map((o) => title(o.item)),
    )
  for (const o of outcomes) {
    if (o.outcome === 'translated') continue
    const what = o.outcome === 'held' ? `held for the flow "${o.flow}", not sent on` : 'refused'
    terminal.paragraph(`${title(o.item)}: ${what}.`, 'bold')
    terminal.paragraph(`  ${[o.path, o.reason].filter(Boolean).join(': ')}`)
    terminal.print('')
  }
}
