/** The Markdown of mapping pages: paragraphs, tables, and a real translation with its receipt. */
import type { Outcome } from './outcome.ts'
import type { Receipt } from './run.ts'

/** One real translation: what came, what went out, and what was done. */
export interface Sample {
  /** Its name starts with what it is about: `up`, `down`, `answer-up`, `answer-down`. */
  readonly name: string
  /** Where the reader finds its files, relative to the page. */
  readonly link: string
  readonly input: string
  readonly output: string | undefined
  /** The settings of the link it was translated with, as JSON. */
  readonly settings: string | undefined
  readonly outcomes: readonly Outcome[]
}

export function drawSample({ input, output, settings, outcomes, link }: Sample): string[] {
  return [
    `**Sample** ([its files](${link})).${settings === undefined ? '' : ' Settings of the link:'}`,
    ...(settings === undefined ? [] : [fence(settings)]),
    'Before:',
    fence(input),
    ...(output === undefined ? ['After: nothing is sent.'] : ['After:', fence(output)]),
    ...outcomes.flatMap(drawOutcome),
  ]
}

function drawOutcome(outcome: Outcome): string[] {
  const of = outcome.item === '' ? '' : ` of \`${outcome.item}\``
  if (outcome.outcome === 'refused') return [`Receipt${of}: refused. ${at(outcome.path)}${outcome.reason}`]
  const { fidelity, entries } = outcome.receipt
  if (outcome.outcome === 'held')
    return [
      `Receipt${of}: held for the flow "${outcome.flow}", not sent on. ${at(outcome.path)}${outcome.reason}`,
      drawEntries(entries),
    ]
  if (entries.length === 0) return [`Receipt${of}: ${fidelity}; everything was copied, nothing else was done.`]
  return [`Receipt${of}: ${fidelity}.`, drawEntries(entries)]
}

const at = (path: string) => (path === '' ? '' : `\`${path}\`: `)

function drawEntries(entries: Receipt['entries']): string {
  return table(
    ['What', 'Times', 'Field', 'Reason', 'Fidelity'],
    entries.map((e) => [e.verb, String(e.count), `\`${e.path}\``, e.reason, e.fidelity]),
  )
}

function fence(content: string): string {
  return `\`\`\`${content.startsWith('<') ? 'xml' : 'json'}\n${content.trimEnd()}\n\`\`\``
}

export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return 'There is no field.'
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replace(/\s*\n\s*/g, ' ')).join(' | ')} |`
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n')
}

/** Parts as paragraphs; empty ones are nothing. */
export function joined(parts: readonly string[]): string {
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}
