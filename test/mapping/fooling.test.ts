/** Tries to get a module past the accounting that would lose, invent or distort something: each attempt must be a finding. */
import { resolve } from 'node:path'
import { expect } from 'chai'
import { z } from 'zod'
import crossing from '../../mappings/oscp-1.0--oscp-2.0/index.ts'
import { type Field, FindingsError, type Scalar } from '../../src/contract/model.ts'
import { messageFromZod } from '../../src/contract/zod.ts'
import { accountMessage } from '../../src/mapping/account.ts'
import type { Ends } from '../../src/mapping/compile.ts'
import { compileCrossing } from '../../src/mapping/crossings.ts'
import {
  always,
  config,
  constant,
  decimal,
  drop,
  each,
  fill,
  hold,
  instant,
  keep,
  type MessageModule,
  message,
  not,
  notAfter,
  oneOf,
  phases,
  type Rule,
  refuse,
  same,
  shape,
  split,
  spread,
  table,
  text,
  tightest,
  toLegacy,
  toModern,
  until,
  usage,
  via,
} from '../../src/mapping/define.ts'

const field = (name: string, type: Field['type'], changes: Partial<Field> = {}): Field => ({
  name,
  min: 1,
  max: 1,
  uri: '',
  nillable: false,
  attribute: false,
  doc: '',
  type,
  ...changes,
})
const plain: Scalar = { kind: 'scalar', type: 'text' }
const number: Scalar = { kind: 'scalar', type: 'decimal' }
const time: Scalar = { kind: 'scalar', type: 'instant' }
const object = (...fields: Field[]): Field['type'] => ({ kind: 'complex', name: 'thing', fields })
const optional = { min: 0 }
const list = { max: Number.POSITIVE_INFINITY }

/** What is found wrong with rules between a 1.0 message of these fields and a 2.0 message of this schema. */
function findings(fields: readonly Field[], schema: z.ZodType, rules: readonly Rule[]): string {
  const ends: Ends = {
    legacy: { kind: 'complex', name: 'legacy', fields },
    modern: messageFromZod('modern', schema, 'test', []).type,
  }
  const none: Ends = {
    legacy: { kind: 'complex', name: 'none', fields: [] },
    modern: { kind: 'complex', name: 'none', fields: [] },
  }
  const module: MessageModule = message('trick', { legacy: 'L', modern: 'M', why: 'To try.', rules })
  return accountMessage('trick', module, ends, none)
    .map((f) => `${f.rule}: ${f.sentence}`)
    .join('\n')
}

const name = field('name', plain)
const named = z.object({ name: z.string() })
const kinds = ['GOOD', 'BAD', 'UGLY'] as const
const typed = z.object({ name: z.string(), type: z.enum(kinds) })
const good = toModern(fill('type', constant('GOOD'), 'It is the only one.'))
const slot = z.object({
  start: z.iso.datetime({ offset: true }),
  end: z.iso.datetime({ offset: true }),
  capacity: z.number(),
})
const slots = z.object({ slots: z.array(slot).min(1) })
const itemFields = [field('from', time), field('to', time), field('limit', number)]
const item = object(...itemFields)
const itemRules = [via('from', 'start', instant), via('to', 'end', instant), via('limit', 'capacity', decimal)]
const why = 'Because.'

describe('Accounting finds', () => {
  it('nothing in an honest module', () => {
    expect(findings([name], named, [same('name', 'name')])).to.equal('')
    expect(
      findings([name], typed, [
        same('name', 'name'),
        good,
        toLegacy(refuse('type', not('GOOD'), 'untranslatable', why)),
      ]),
    ).to.equal('')
    expect(findings([field('item', item, list)], slots, [each('item', 'slots', itemRules)])).to.equal('')
  })

  const tricks: [string, () => string, RegExp][] = [
    [
      'a value that is only held or refused in part, and for the rest forgotten',
      () => findings([name], typed, [same('name', 'name'), good, toLegacy(hold('type', oneOf('BAD'), 'flow', why))]),
      /type is only refused or held, and no rule accounts for it when it is UGLY/,
    ],
    [
      'a value that the way back does not fill in as it came',
      () =>
        findings([name], typed, [
          same('name', 'name'),
          toModern(fill('type', constant('BAD'), why)),
          toLegacy(refuse('type', not('GOOD'), 'untranslatable', why)),
        ]),
      /when it is GOOD/,
    ],
    [
      'free text of which only one value is refused',
      () =>
        findings([name], z.object({ name: z.string(), more: z.string().optional() }), [
          same('name', 'name'),
          toModern(drop('more', why)),
          toLegacy(refuse('more', oneOf('x'), 'untranslatable', why)),
        ]),
      /more is only refused or held, and no rule accounts for it when it is some of its values/,
    ],
    [
      'a comparison of times in place of a rule',
      () =>
        findings([field('from', time), field('to', time)], z.object({ start: z.iso.datetime({ offset: true }) }), [
          via('from', 'start', instant),
          toModern(refuse('to', notAfter('from'), 'invalid-message', why)),
          toLegacy(fill('to', { from: 'clock', what: 'now' }, why)),
        ]),
      /to is only refused or held/,
    ],
    [
      'a comparison with a field that is not there',
      () =>
        findings([field('item', item, list)], slots, [
          each('item', 'slots', [...itemRules, toModern(refuse('to', notAfter('form'), 'invalid-message', why))]),
        ]),
      /compares with form, which the contract does not have there/,
    ],
    [
      'a comparison of what are no times',
      () =>
        findings([field('item', item, list)], slots, [
          each('item', 'slots', [...itemRules, toModern(refuse('to', notAfter('limit'), 'invalid-message', why))]),
        ]),
      /compares what are not two instants/,
    ],
    [
      'a condition on a value that never comes',
      () =>
        findings([name], typed, [
          same('name', 'name'),
          good,
          toLegacy(refuse('type', not('GOOD'), 'untranslatable', why)),
          toLegacy(hold('type', oneOf('WORSE'), 'flow', why)),
        ]),
      /asks about WORSE, which type never is/,
    ],
    [
      'a list that is held only where it is there, taken for a message that is always held',
      () =>
        findings([name], z.object({ blocks: z.array(z.string()).optional() }), [
          toModern(drop('name', why)),
          toModern(drop('blocks[]', why)),
          toLegacy(hold('blocks[]', always, 'flow', why)),
        ]),
      /no rule produces the required field name/,
    ],
    [
      'a field that is read although all around it is dropped',
      () =>
        findings(
          [name, field('extra', object(field('note', plain)), optional)],
          z.object({ name: z.string(), note: z.string().optional() }),
          [same('name', 'name'), toModern(drop('extra', why)), same('extra.note', 'note')],
        ),
      /extra\.note is read by same, but what it stands in is forgotten as a whole/,
    ],
    [
      'a field of an optional object where the other side requires one',
      () =>
        findings([field('extra', object(field('note', plain)), optional)], z.object({ note: z.string() }), [
          same('extra.note', 'note'),
        ]),
      /may be absent towards 2\.0, where note is required/,
    ],
    [
      'an optional field where the other side requires one',
      () => findings([field('name', plain, optional)], named, [same('name', 'name')]),
      /may be absent towards 2\.0, where name is required/,
    ],
    [
      'an optional unit of a list whose items require it',
      () =>
        findings(
          [field('unit', { ...plain, values: ['a'] }, optional), field('item', item, list)],
          z.object({ slots: z.array(slot.extend({ unit: z.enum(['A']) })).min(1) }),
          [each('item', 'slots', itemRules), spread('unit', 'slots[].unit', table('unit', [['a', 'A']]), why)],
        ),
      /spread unit: may be absent towards 2\.0/,
    ],
    [
      'a list on one side only',
      () => findings([field('name', plain, list)], named, [same('name[]', 'name')]),
      /is a list on one side only/,
    ],
    [
      'a rule that reaches into a list from outside',
      () =>
        findings([field('item', item, list)], slots, [
          each('item', 'slots', itemRules.slice(0, 2)),
          via('item[].limit', 'slots[].capacity', decimal),
        ]),
      /via item\[\]\.limit: leads through a list/,
    ],
    [
      'a fill that reaches into a list from outside',
      () =>
        findings([field('item', object(field('from', time), field('to', time)), list)], slots, [
          each('item', 'slots', itemRules.slice(0, 2)),
          toModern(fill('slots[].capacity', constant(0), why)),
          toLegacy(drop('slots[].capacity', why)),
        ]),
      /fill slots\[\]\.capacity: leads through a list/,
    ],
    [
      'a field of a list in a list that nobody reads',
      () =>
        findings(
          [field('item', object(field('part', object(field('note', plain)), list)), list)],
          z.object({ slots: z.array(z.object({ parts: z.array(z.object({})).min(1) })).min(1) }),
          [each('item', 'slots', [each('part', 'parts', [])])],
        ),
      /no rule accounts for the source field item\[\]\.part\[\]\.note/,
    ],
    [
      'an attribute that nobody reads',
      () => findings([name, field('version', plain, { attribute: true })], named, [same('name', 'name')]),
      /no rule accounts for the source field version/,
    ],
    [
      'a codec between types that it cannot convert',
      () =>
        findings([field('name', number)], named, [via('name', 'name', decimal)]) +
        findings([field('name', time)], named, [same('name', 'name')]),
      /is not a decimal number on both sides[\s\S]*is not text on both sides/,
    ],
    [
      'text that may be longer than the other side takes',
      () => findings([field('name', { ...plain, maxLength: 10 })], named, [via('name', 'name', text(20))]),
      /may be longer than 10 characters/,
    ],
    [
      'a table that gives one value two meanings',
      () =>
        findings([field('type', { ...plain, values: ['g', 'b'] })], z.object({ type: z.enum(['GOOD']) }), [
          via(
            'type',
            'type',
            table('types', [
              ['g', 'GOOD'],
              ['b', 'GOOD'],
            ]),
          ),
        ]),
      /says more than one thing of the value GOOD/,
    ],
    [
      'a table that refuses without a reason',
      () =>
        findings([field('type', { ...plain, values: ['g'] })], z.object({ type: z.enum(['GOOD', 'BAD']) }), [
          via('type', 'type', table('types', [['g', 'GOOD']], { modern: { BAD: ' ' } })),
        ]),
      /needs a reason why BAD is refused/,
    ],
    [
      'a table that is not total, also for names every object has',
      () =>
        findings([field('type', { ...plain, values: ['g'] })], z.object({ type: z.enum(['GOOD', 'constructor']) }), [
          via('type', 'type', table('types', [['g', 'GOOD']])),
        ]),
      /has no entry for the modern value constructor/,
    ],
    [
      'a filled value that the field does not take',
      () =>
        findings([], z.object({ type: z.enum(kinds) }), [
          toModern(fill('type', constant('NICE'), why)),
          toLegacy(drop('type', why)),
        ]),
      /fill type: must be one of/,
    ],
    [
      'a filled name where a time belongs',
      () =>
        findings([], z.object({ at: z.iso.datetime({ offset: true }) }), [
          toModern(fill('at', config('combined asset'), why)),
          toLegacy(drop('at', why)),
        ]),
      /fill at: is not text/,
    ],
    [
      'a kept list, and a kept field of an item',
      () =>
        findings(
          [field('tags', plain, { ...list, min: 0 }), field('item', object(...itemFields, field('id', plain)), list)],
          slots,
          [
            keep('tags[]', until('last block + 7 days'), why),
            each('item', 'slots', [...itemRules, keep('id', until('last block + 7 days'), why)]),
          ],
        ),
      /keep id: stands inside each[\s\S]*keep tags\[\]: is not a single value/,
    ],
    [
      'a shaper without its fields, or before its list is made',
      () =>
        findings([field('item', item, list)], slots, [
          shape('item', 'slots', tightest),
          each('item', 'slots', itemRules),
        ]),
      /must stand after the each[\s\S]*which the contract does not have/,
    ],
    [
      'a shaper for a list that no rule makes',
      () => findings([field('item', item, list)], slots, [drop('item[]', why), shape('item', 'slots', phases)]),
      /needs an each in both directions for slots/,
    ],
    [
      'a shaper and a drop that read the same field',
      () => {
        const measurement = z.object({
          value: z.number(),
          unit: z.enum(['WH']),
          phase: z.enum(['ALL']),
          direction: z.enum(['IMPORT']),
          energy_type: z.enum(['TOTAL']).optional(),
          measure_time: z.iso.datetime({ offset: true }),
          initial_measure_time: z.iso.datetime({ offset: true }).optional(),
        })
        const block = object(
          field('from', time),
          field('to', time),
          field('energy', number),
          field('meterEnd', number, optional),
        )
        return findings([field('block', block, list)], z.object({ ms: z.array(measurement).min(1) }), [
          each('block', 'ms', [
            via('from', 'initial_measure_time', instant),
            via('to', 'measure_time', instant),
            via('energy', 'value', decimal),
            drop('meterEnd', why),
          ]),
          shape('block', 'ms', usage()),
        ])
      },
      /block\[\]\.meterEnd is read by more than one rule: drop, shape usage/,
    ],
    [
      'a split by what an item need not have, and a second split',
      () =>
        findings([field('item', object(field('id', plain, optional), field('name', plain)), list)], named, [
          split('item', 'id', why),
          same('name', 'name'),
          toModern(drop('id', why)),
          split('item', 'name', why),
        ]),
      /split: id must be a single value that every item has[\s\S]*must stand at the top of a message, once/,
    ],
    [
      'answer rules that answer nothing',
      () =>
        accountMessage(
          'trick',
          {
            ...message('trick', { legacy: 'L', modern: 'M', why, rules: [], answer: [same('a', 'b')] }),
            answerAs: 'none',
          },
          emptyEnds,
          emptyEnds,
        )
          .map((f) => f.sentence)
          .join(),
      /has rules, but answerAs names nothing/,
    ],
  ]
  for (const [title, trick, expected] of tricks) it(title, () => expect(trick()).to.match(expected))

  it('a message of one contract whose name the other contract maps', () => {
    const messages = crossing.messages.map((m) => (m.name === 'heartbeat' ? { ...m, modern: 'Register' } : m))
    expect(() => compileCrossing({ ...crossing, messages }, 'x', resolve(import.meta.dirname, '../../wsdl'))).to.throw(
      FindingsError,
      /Heartbeat: is neither mapped/,
    )
  })

  it('an operation of which only the answer is mapped', () => {
    const messages = crossing.messages.filter((m) => m.name !== 'update-cable-capacity-forecast')
    expect(() => compileCrossing({ ...crossing, messages }, 'x', resolve(import.meta.dirname, '../../wsdl'))).to.throw(
      FindingsError,
      /UpdateCableCapacityForecast: is neither mapped/,
    )
  })
})

const emptyEnds: Ends = {
  legacy: { kind: 'complex', name: 'none', fields: [] },
  modern: { kind: 'complex', name: 'none', fields: [] },
}
