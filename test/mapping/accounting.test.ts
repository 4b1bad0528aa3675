import { resolve } from 'node:path'
import { expect } from 'chai'
import crossing from '../../mappings/oscp-1.0--oscp-2.0/index.ts'
import { FindingsError } from '../../src/contract/model.ts'
import { compileCrossing, compileCrossings, mappingFolders } from '../../src/mapping/crossings.ts'
import type { CrossingModule, MessageModule, Rule } from '../../src/mapping/define.ts'
import { shaperFor } from '../../src/mapping/shapers/index.ts'

const root = resolve(import.meta.dirname, '../..')
const wsdl = `${root}/wsdl`

function findingsOf(module: CrossingModule): string[] {
  try {
    compileCrossing(module, 'mappings/x', wsdl)
    return []
  } catch (error) {
    if (error instanceof FindingsError) return error.findings.map((f) => `${f.file}: ${f.rule}: ${f.sentence}`)
    throw error
  }
}

/** The crossing with one message replaced. */
function withMessage(name: string, change: (message: MessageModule) => MessageModule): CrossingModule {
  return { ...crossing, messages: crossing.messages.map((m) => (m.name === name ? change(m) : m)) }
}

/** Every list of rules with one rule left out, nested ones included. */
function* without(rules: readonly Rule[]): Generator<{ left: Rule; rules: Rule[] }> {
  for (const [i, rule] of rules.entries()) {
    yield { left: rule, rules: rules.filter((_, other) => other !== i) }
    if (rule.verb === 'each')
      for (const inner of without(rule.rules))
        yield { left: inner.left, rules: rules.map((r, other) => (other === i ? { ...rule, rules: inner.rules } : r)) }
  }
}

function fieldOf(rule: Rule): string {
  return 'path' in rule ? rule.path : 'modern' in rule ? rule.modern : rule.legacy
}

/** Other rules change what is refused, held or restored, or how: those are missed by laws and golden files instead. */
function accountsForAField(rule: Rule): boolean {
  if (rule.verb === 'refuse' || rule.verb === 'hold') return false
  if (rule.verb === 'fill') return rule.path !== 'forecastId'
  return rule.verb !== 'shape' || shaperFor(rule.shaper).owns.length > 0
}

describe('Accounting', () => {
  it('finds nothing wrong with the mappings that ship', async () => {
    const crossings = compileCrossings(await mappingFolders(`${root}/mappings`), wsdl)
    expect(crossings.map((c) => c.id)).to.include('oscp-1.0--oscp-2.0')
  })

  for (const message of crossing.messages)
    for (const part of ['rules', 'answer'] as const)
      for (const { left, rules } of without(message[part]))
        if (accountsForAField(left))
          it(`names the field when ${message.name} ${part} loses "${left.verb} ${fieldOf(left)}"`, () => {
            const found = findingsOf(withMessage(message.name, (m) => ({ ...m, [part]: rules })))
            expect(found).not.to.deep.equal([])
            const name = fieldOf(left).split(/[.[\]]+/)[0]!
            const legacy = 'legacy' in left ? left.legacy.replace(/\[\]$/, '') : name
            expect(
              found.some((line) => line.includes(name) || line.includes(legacy)),
              found.join('\n'),
            ).to.equal(true)
          })

  const forecast = 'update-cable-capacity-forecast'
  const cases: [string, (m: MessageModule) => MessageModule, RegExp][] = [
    [
      'a rule for a field that no contract has',
      (m) => ({ ...m, rules: [...m.rules, { verb: 'drop', path: 'colour', reason: 'x' }] }),
      /drop colour: names colour/,
    ],
    [
      'a field that two rules read',
      (m) => ({ ...m, rules: [...m.rules, { verb: 'drop', path: 'forecastId', reason: 'x' }] }),
      /forecastId is read by more than one rule: keep, drop/,
    ],
    [
      'a field that two rules write',
      (m) => ({
        ...m,
        rules: [
          ...m.rules,
          { verb: 'fill', path: 'type', source: { from: 'constant', value: 'x' }, reason: 'x', direction: 'toModern' },
        ],
      }),
      /type is written by more than one rule/,
    ],
    [
      'a drop without a reason',
      (m) => ({ ...m, rules: m.rules.map((r) => (r.verb === 'keep' ? { ...r, reason: ' ' } : r)) }),
      /keep forecastId: needs a reason/,
    ],
    [
      'a codec that does not fit the types',
      (m) => ({ ...m, rules: m.rules.map((r) => (r.verb === 'via' ? { ...r, codec: { use: 'instant' } } : r)) }),
      /is not an instant on both sides/,
    ],
    ['a message without a why', (m) => ({ ...m, why: '' }), /why: is empty/],
    [
      'an operation that the contract does not have',
      (m) => ({ ...m, legacy: 'UpdateRope' }),
      /names the operation UpdateRope/,
    ],
  ]
  for (const [title, change, expected] of cases)
    it(`reports ${title}`, () => {
      expect(findingsOf(withMessage(forecast, change)).join('\n')).to.match(expected)
    })

  it('reports an enumeration table that misses a value, by the value', () => {
    const change = (m: MessageModule): MessageModule => ({
      ...m,
      rules: m.rules.map((r) =>
        r.verb === 'spread' && r.codec.use === 'enum' ? { ...r, codec: { ...r.codec, refusedModern: { WH: 'x' } } } : r,
      ),
    })
    expect(findingsOf(withMessage(forecast, change)).join('\n')).to.match(/has no entry for the modern value KWH/)
  })

  it('reports every message that is neither mapped nor named unsupported, all at once', () => {
    const found = findingsOf({ ...crossing, messages: [], unsupported: {} })
    for (const name of [
      'UpdateCableCapacityForecast',
      'GetCapacityForecast',
      'UpdateGroupCapacityForecast',
      'Heartbeat',
    ])
      expect(found.join('\n')).to.include(`${name}: is neither mapped nor named unsupported`)
  })

  it('gives another hash when any rule changes', () => {
    const before = compileCrossing(crossing, 'x', wsdl).hash
    const changed = withMessage(forecast, (m) => ({ ...m, why: `${m.why} Really.` }))
    expect(compileCrossing(changed, 'x', wsdl).hash).not.to.equal(before)
  })
})
