/**
 * Writes mapping pages: per message of a crossing what is done with every field, both ways, and samples, for an auditor.
 * Limits: pure text from rules, contracts and the samples handed in; the same input gives the same bytes.
 */
import { type Complex, type Field, fieldPaths } from '../contract/model.ts'
import type { CompiledMessage, Ends } from './compile.ts'
import { type Crossing, endsOf } from './crossings.ts'
import { omissionsOf, type Row, rowsOf } from './page-rows.ts'
import { drawSample, joined, type Sample, table } from './page-text.ts'
import type { Direction, Rule } from './rules.ts'

/** File name → text, `README.md` first; `samplesOf` gives what there is for a message, in order. */
export function writePages(
  crossings: readonly Crossing[],
  samplesOf: (crossing: string, message: string) => readonly Sample[],
): Map<string, string> {
  const pages = new Map([['README.md', indexPage(crossings)]])
  for (const crossing of crossings)
    for (const compiled of crossing.messages) {
      const { name } = compiled.module
      pages.set(`${crossing.id}/${name}.md`, messagePage(crossing, compiled, samplesOf(crossing.id, name)))
    }
  return pages
}

const generated = '<!-- Written by `oscp-gateway pages` from the mapping modules; changes made here are lost. -->'

function indexPage(crossings: readonly Crossing[]): string {
  return joined([
    generated,
    '# What is done with every field',
    'One page per message says what becomes of each field, in both directions, with the reason, and shows a real message on both wires.',
    '**exact**: the value arrives as it was meant. **safe**: a limit may come out lower, never higher. **approximate**: the figure ' +
      'rests on an assumption that its rule names. These are the worst a rule can do; the receipt of a message says what it did.',
    ...crossings.flatMap((crossing) => [
      `## ${crossing.legacy.title} ↔ ${crossing.modern.title}`,
      noteOf(crossing),
      `Mapping \`${crossing.id}\`, hash \`${crossing.hash}\`.`,
      table(
        ['Message', crossing.legacy.title, crossing.modern.title, 'What it is for'],
        crossing.messages.map(({ module }) => [
          `[${module.name}](${crossing.id}/${module.name}.md)`,
          `\`${module.legacy}\`${module.of === 'response' ? ' (its answer)' : ''}`,
          `\`${module.modern}\``,
          module.why,
        ]),
      ),
      ...(Object.keys(crossing.unsupported).length === 0
        ? []
        : [
            'Not carried:',
            table(
              ['Message', 'Why'],
              Object.entries(crossing.unsupported).map(([n, w]) => [`\`${n}\``, w]),
            ),
          ]),
    ]),
  ])
}

/** What the 1.0 contract says of itself, such as that it is a reconstruction. */
function noteOf(crossing: Crossing): string {
  return [...new Set(crossing.legacy.services.map(({ notice }) => notice))]
    .filter((notice) => notice !== '')
    .map((notice) => `> ${notice}`)
    .join('\n>\n')
}

function messagePage(crossing: Crossing, { module }: CompiledMessage, samples: readonly Sample[]): string {
  const { legacy, modern } = crossing
  const ends = endsOf(module, legacy, modern)
  if (typeof ends === 'string') throw new Error(ends)
  const isAnswered = module.answerAs !== 'none'
  const service = legacy.services.filter((s) => s.operations.some((o) => o.name === module.legacy))
  return joined([
    generated,
    `# ${module.name}`,
    noteOf(crossing),
    module.why,
    [
      `- ${legacy.title}: \`${module.legacy}\`${module.of === 'response' ? ', its answer' : ''} (${service.map((s) => s.name).join(', ')})`,
      `- ${modern.title}: \`${module.modern}\`${modern.internal.has(module.modern) ? ', which never is on a wire: the gateway asks itself' : ''}`,
      `- Mapping \`${crossing.id}\`, hash \`${crossing.hash}\`. The words are explained in the [index](../README.md).`,
    ].join('\n'),
    ...section(`## ${legacy.title} → ${modern.title}`, module.rules, ends.request, 'toModern', 'up', samples),
    ...section(`## ${modern.title} → ${legacy.title}`, module.rules, ends.request, 'toLegacy', 'down', samples),
    ...(isAnswered ? answers(crossing, module, ends.answer, samples) : []),
    ...omissions([...module.rules, ...module.answer]),
    ...furtherCases(samples),
  ])
}

const answeredBy = {
  peer: 'The other party answers, and its answer is translated back.',
  gateway: 'The gateway answers at once; the other party is not asked.',
  state: 'The gateway answers from what is stored.',
}

function answers(
  { legacy, modern }: Crossing,
  module: CompiledMessage['module'],
  ends: Ends,
  samples: readonly Sample[],
): string[] {
  const { answer, answered } = module
  return [
    '## The answer',
    answeredBy[answered],
    ...section(`### Answer, ${modern.title} → ${legacy.title}`, answer, ends, 'toLegacy', 'answer-down', samples),
    ...section(`### Answer, ${legacy.title} → ${modern.title}`, answer, ends, 'toModern', 'answer-up', samples),
  ]
}

function section(
  title: string,
  rules: readonly Rule[],
  ends: Ends,
  direction: Direction,
  prefix: string,
  samples: readonly Sample[],
): string[] {
  const sample = samples.find(({ name }) => name === prefix)
  const [source, target] = direction === 'toModern' ? [ends.legacy, ends.modern] : [ends.modern, ends.legacy]
  const cells = (row: Row) => [
    ...field(source, row.source),
    ...field(target, row.target),
    row.rule,
    row.reason,
    row.fidelity ?? '—',
  ]
  return [
    title,
    table(['From', '', 'To', '', 'Rule', 'Reason', 'Fidelity'], rowsOf(rules, ends, direction).map(cells)),
    ...(sample ? drawSample(sample) : []),
  ]
}

/** A field's path and how often it stands in what holds it. */
function field(type: Complex, path: string | undefined): [string, string] {
  if (path === undefined) return ['—', '']
  const found = [...fieldPaths(type)].find((f) => f.path === path)?.field
  return [`\`${path}\``, found ? cardinality(found) : '']
}

function cardinality({ min, max }: Field): string {
  if (max > 1) return min > 0 ? 'one or more' : 'any number'
  return min > 0 ? 'required' : 'optional'
}

function omissions(rules: readonly Rule[]): string[] {
  return [...omissionsOf(rules)].flatMap(([use, reasons]) => [
    `## What ${use} may leave out`,
    'Each time it does, the receipt counts it with its reason:',
    reasons.map((reason) => `- ${reason}`).join('\n'),
  ])
}

function furtherCases(samples: readonly Sample[]): string[] {
  const plain = ['up', 'down', 'answer-up', 'answer-down']
  const further = samples.filter(({ name }) => !plain.includes(name))
  if (further.length === 0) return []
  return ['## Further cases', further.map(({ name, link }) => `- [${name.replaceAll('-', ' ')}](${link})`).join('\n')]
}
