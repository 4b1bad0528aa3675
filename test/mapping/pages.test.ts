import { expect } from 'chai'
import { shippedCrossings } from '../../src/app.ts'
import { type Complex, fieldPaths } from '../../src/contract/model.ts'
import type { Ends } from '../../src/mapping/compile.ts'
import { type Crossing, endsOf } from '../../src/mapping/crossings.ts'
import {
  always,
  constant,
  decimal,
  drop,
  each,
  fill,
  hold,
  keep,
  oneOf,
  refuse,
  same,
  split,
  toLegacy,
  toModern,
  until,
  via,
} from '../../src/mapping/define.ts'
import { rowsOf } from '../../src/mapping/page-rows.ts'
import type { Sample } from '../../src/mapping/page-text.ts'
import { writePages } from '../../src/mapping/pages.ts'
import type { Rule } from '../../src/mapping/rules.ts'

const text = { kind: 'scalar', type: 'text' } as const
const number = { kind: 'scalar', type: 'decimal' } as const
const field = (name: string, type: Complex | typeof text | typeof number, min = 1, max = 1) => ({
  name,
  type,
  min,
  max,
  uri: '',
  nillable: false,
  attribute: false,
  doc: '',
})
const complex = (name: string, ...fields: ReturnType<typeof field>[]): Complex => ({ kind: 'complex', name, fields })

const ends: Ends = {
  legacy: complex(
    'Old',
    field(
      'order',
      complex(
        'Order',
        field('id', text),
        field('note', text, 0),
        field('line', complex('Line', field('amount', number)), 1, Number.POSITIVE_INFINITY),
      ),
      1,
      Number.POSITIVE_INFINITY,
    ),
  ),
  modern: complex(
    'New',
    field('kind', text),
    field('id', text),
    field(
      'lines',
      complex('NewLine', field('value', number), field('extra', complex('Extra', field('a', text)), 0)),
      1,
      Number.POSITIVE_INFINITY,
    ),
  ),
}
const rules: Rule[] = [
  split('order', 'id', 'All or none.'),
  same('id', 'id'),
  keep('note', until('last block + 7 days'), 'Needed later.'),
  toModern(fill('kind', constant('ORDER'), 'There is one kind.')),
  toLegacy(hold('kind', oneOf('OFFER'), 'shown', 'No home.')),
  toLegacy(refuse('kind', oneOf('JOKE'), 'untranslatable', 'Not funny.')),
  each('line', 'lines', [via('amount', 'value', decimal), toLegacy(drop('extra', 'Nobody reads it.'))]),
]
const lines = (direction: 'toModern' | 'toLegacy') =>
  rowsOf(rules, ends, direction).map((r) =>
    [r.source, r.target, r.rule, r.reason, r.fidelity].map((c) => c ?? '—').join(' | '),
  )

describe('The rows of a mapping page', () => {
  it('say what becomes of every field upwards', () => {
    expect(lines('toModern')).to.deep.equal([
      'order[] | — | split: each item becomes a message of its own | All or none. | —',
      'order[].id | id | copied |  | exact',
      'order[].note | — | kept until last block + 7 days | Needed later. | —',
      'order[].line[] | lines[] | item by item |  | exact',
      'order[].line[].amount | lines[].value | same number |  | exact',
      '— | kind | always ORDER | There is one kind. | exact',
      '— | lines[].extra | left out | Nobody reads it. | —',
      '— | lines[].extra.a | goes with `lines[].extra` |  | —',
    ])
  })

  it('say what becomes of every field downwards', () => {
    expect(lines('toLegacy')).to.deep.equal([
      'kind | — | held for the flow "shown" when it is OFFER | No home. | —',
      'kind | — | refused (untranslatable) when it is JOKE | Not funny. | —',
      'kind | — | otherwise the message goes on without it | That the other message is sent at all says it. | —',
      'id | order[].id | copied |  | exact',
      'lines[] | order[].line[] | item by item |  | exact',
      'lines[].value | order[].line[].amount | same number |  | exact',
      'lines[].extra | — | dropped, and counted | Nobody reads it. | —',
      'lines[].extra.a | — | goes with `lines[].extra` |  | —',
      '— | order[] | the message becomes the one item | All or none. | exact',
      '— | order[].note | restored from what was kept | Needed later. | exact',
    ])
  })

  it('do not promise that a field goes on which is always held', () => {
    const held = rowsOf([toLegacy(hold('kind', always, 'shown', 'No home.'))], ends, 'toLegacy')
    expect(held.map((row) => row.rule)).to.deep.equal(['held for the flow "shown" always'])
  })
})

describe('Mapping pages', () => {
  let crossings: Crossing[]
  before(async () => {
    crossings = await shippedCrossings()
  })

  it('name every field of every message and of every answer, in both directions', () => {
    for (const crossing of crossings)
      for (const { module } of crossing.messages) {
        const found = endsOf(module, crossing.legacy, crossing.modern)
        if (typeof found === 'string') throw new Error(found)
        for (const direction of ['toModern', 'toLegacy'] as const) {
          expectComplete(module.rules, found.request, direction, module.name)
          if (module.answerAs !== 'none' && module.answered !== 'gateway')
            expectComplete(module.answer, found.answer, direction, `${module.name} answer`)
        }
      }
  })

  function expectComplete(own: readonly Rule[], both: Ends, direction: 'toModern' | 'toLegacy', name: string): void {
    const rows = rowsOf(own, both, direction)
    const [source, target] = direction === 'toModern' ? [both.legacy, both.modern] : [both.modern, both.legacy]
    const paths = (type: Complex) => [...fieldPaths(type)].map(({ path }) => path)
    expect(
      rows.flatMap((r) => r.source ?? []),
      `${name} ${direction}`,
    ).to.include.members(paths(source))
    // A message that is always held has no target.
    if (rows.some((r) => r.rule.startsWith('held') && r.rule.endsWith(' always'))) return
    expect(
      rows.flatMap((r) => r.target ?? []),
      `${name} ${direction}`,
    ).to.include.members(paths(target))
  }

  const sample: Sample = {
    name: 'up',
    link: '../x/up',
    input: '<a>|</a>\n',
    output: '{}\n',
    settings: undefined,
    outcomes: [{ outcome: 'refused', item: 'C1', path: 'a[0].b', reason: 'must be so' }],
  }

  it('say that OSCP 1.0 here is a reconstruction, the hash of the mapping, and what the sample came to', () => {
    const pages = writePages(crossings, () => [sample, { ...sample, name: 'up-more', link: '../x/up-more' }])
    for (const crossing of crossings) {
      const page = pages.get(`${crossing.id}/${crossing.messages[0]!.module.name}.md`)!
      expect(page)
        .to.match(/^> .*no conformance with OSCP 1\.0 is claimed/m)
        .and.include(crossing.hash)
      expect(page).to.include('Receipt of `C1`: refused. `a[0].b`: must be so').and.include('- [up more](../x/up-more)')
      for (const { module } of crossing.messages)
        expect(pages.get('README.md')).to.include(`](${crossing.id}/${module.name}.md)`)
    }
  })

  it('are the same for the same input, in valid tables', () => {
    const pages = writePages(crossings, () => [])
    expect([...writePages(crossings, () => [])]).to.deep.equal([...pages])
    for (const [file, page] of pages)
      for (const block of page.split('\n\n').filter((part) => part.startsWith('|'))) {
        const cells = block
          .trim()
          .split('\n')
          .map((line) => line.replaceAll('\\|', '').split('|').length)
        expect(new Set(cells).size, `${file}\n${block}`).to.equal(1)
      }
  })
})
