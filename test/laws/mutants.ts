/**
 * Every small wrong that can be done to a list of rules: one rule gone, or one thing about it another.
 * Limits: what is only for people to read (why, answers) is not touched; the order is changed only among rules about lists.
 */
import type { Complex } from '../../src/contract/model.ts'
import type { CodecRef, Condition, Direction, Rule, ShaperRef, Source } from '../../src/mapping/rules.ts'
import { fieldAt, hasField } from './steer.ts'

export interface Mutant {
  readonly title: string
  readonly rules: readonly Rule[]
}

interface Types {
  readonly legacy: Complex
  readonly modern: Complex
}

export function* mutantsOf(rules: readonly Rule[], types: Types): Generator<Mutant> {
  let inside = types
  for (const [i, rule] of rules.entries()) {
    const replaced = (...by: readonly Rule[]): Rule[] => rules.flatMap((other, at) => (at === i ? by : [other]))
    const title = titleOf(rule)
    yield { title: `without ${title}`, rules: replaced() }
    for (const [how, altered] of alterations(rule, inside)) yield { title: `${title} ${how}`, rules: replaced(altered) }
    const next = rules[i + 1]
    if (next && aboutLists.has(rule.verb) && aboutLists.has(next.verb))
      yield { title: `${title} after ${titleOf(next)}`, rules: rules.with(i, next).with(i + 1, rule) }
    if (rule.verb === 'split') inside = { ...types, legacy: fieldAt(types.legacy, rule.legacy).type as Complex }
    if (rule.verb !== 'each') continue
    const items = {
      legacy: fieldAt(inside.legacy, rule.legacy).type as Complex,
      modern: fieldAt(inside.modern, rule.modern).type as Complex,
    }
    for (const inner of mutantsOf(rule.rules, items))
      yield { title: `${title}: ${inner.title}`, rules: replaced({ ...rule, rules: inner.rules }) }
  }
}

function titleOf(rule: Rule): string {
  const field = 'path' in rule ? rule.path : 'modern' in rule ? rule.modern : rule.legacy
  return `${rule.verb} ${field}${rule.verb === 'shape' ? ` (${rule.shaper.use})` : ''}`
}

const aboutLists = new Set<Rule['verb']>(['each', 'spread', 'shape'])

type Altered = [how: string, rule: Rule]

function* alterations(rule: Rule, types: Types): Generator<Altered> {
  for (const direction of wrongDirections(rule, types)) yield [`only ${direction}`, { ...rule, direction }]
  if ('reason' in rule) {
    yield ['without a reason', { ...rule, reason: ' ' }]
    yield ['for another reason', { ...rule, reason: `Not that: ${rule.reason}` }]
  }
  switch (rule.verb) {
    case 'same':
      yield ['by way of free text', { ...rule, verb: 'via', codec: { use: 'text', maxLength: 3 } }]
      return
    case 'via':
    case 'spread':
      for (const [how, codec] of codecs(rule.codec)) yield [how, { ...rule, codec }]
      if (rule.verb === 'via') {
        const { codec: _, ...rest } = rule
        yield ['as it is', { ...rest, verb: 'same' }]
      } else yield ['without a word on items that differ', { ...rule, differ: '' }]
      return
    case 'shape':
      for (const [how, shaper] of shapers(rule.shaper)) yield [how, { ...rule, shaper }]
      return
    case 'fill':
      for (const [how, source] of sources(rule.source)) yield [how, { ...rule, source }]
      return
    case 'keep':
      yield ['under another name', { ...rule, as: 'elsewhere' }]
      return
    case 'hold':
      yield ['for another flow', { ...rule, flow: `${rule.flow} too` }]
      for (const [how, when] of conditions(rule.when)) yield [how, { ...rule, when }]
      return
    case 'refuse':
      yield [
        'as another error',
        { ...rule, error: rule.error === 'untranslatable' ? 'invalid-message' : 'untranslatable' },
      ]
      for (const [how, when] of conditions(rule.when)) yield [how, { ...rule, when }]
      return
    case 'split': {
      const item = fieldAt(types.legacy, rule.legacy).type as Complex
      for (const { name } of item.fields.filter((field) => field.name !== rule.by))
        yield [`by ${name}`, { ...rule, by: name }]
      return
    }
    default:
      return
  }
}

/** Directions in which a rule would not do all that it does now. */
function wrongDirections(rule: Rule, types: Types): Direction[] {
  const other = (d: Direction): Direction => (d === 'toModern' ? 'toLegacy' : 'toModern')
  if (rule.direction !== undefined) return [other(rule.direction)]
  if (rule.verb === 'split') return []
  if (!('path' in rule) || rule.verb === 'keep') return ['toModern', 'toLegacy']
  // A field that one side has is dropped, refused or held in one direction, and filled in the other.
  const isLegacy = hasField(types.legacy, rule.path)
  const does: Direction = isLegacy === (rule.verb !== 'fill') ? 'toModern' : 'toLegacy'
  return [other(does)]
}

function* codecs(codec: CodecRef): Generator<[string, CodecRef]> {
  const others: CodecRef[] = [
    { use: 'instant' },
    { use: 'decimal' },
    { use: 'whole' },
    { use: 'text', maxLength: 100 },
    { use: 'ids', table: 'groups' },
  ]
  for (const other of others) if (other.use !== codec.use) yield [`by the codec ${other.use}`, other]
  if (codec.use === 'text') {
    yield ['with less room', { ...codec, maxLength: codec.maxLength - 1 }]
    const { absent, ...rest } = codec
    if (absent !== undefined) {
      yield ['without words for nothing', rest]
      yield ['with other words for nothing', { ...codec, absent: `${absent}!` }]
    }
  }
  if (codec.use !== 'enum') return
  const { pairs } = codec
  for (const [i, [legacy, modern]] of pairs.entries()) {
    yield [`without ${legacy} ↔ ${modern}`, { ...codec, pairs: pairs.toSpliced(i, 1) }]
    const next = pairs[(i + 1) % pairs.length]!
    if (next[1] !== modern)
      yield [
        `with ${legacy} and ${next[0]} exchanged`,
        { ...codec, pairs: pairs.with(i, [legacy, next[1]]).with((i + 1) % pairs.length, [next[0], modern]) },
      ]
  }
  for (const side of ['refusedLegacy', 'refusedModern'] as const)
    for (const value of Object.keys(codec[side])) {
      const { [value]: reason, ...rest } = codec[side]
      yield [`without the refusal of ${value}`, { ...codec, [side]: rest }]
      yield [
        `with another reason to refuse ${value}`,
        { ...codec, [side]: { ...rest, [value]: `Not that: ${reason}` } },
      ]
      yield [`with no reason to refuse ${value}`, { ...codec, [side]: { ...rest, [value]: '' } }]
    }
}

function* shapers(shaper: ShaperRef): Generator<[string, ShaperRef]> {
  if (shaper.use === 'usage') {
    const { meters } = shaper
    yield ['inside something else', { ...shaper, inside: shaper.inside === '' ? 'energy_measurement' : '' }]
    yield ['with its readings exchanged', { ...shaper, meters: { ...meters, start: meters.end, end: meters.start } }]
    yield [
      'with energy said otherwise',
      { ...shaper, meters: { ...meters, energy: meters.energy === 'stated' ? 'difference' : 'stated' } },
    ]
    return
  }
  for (const use of ['tightest', 'phases', 'one unit', 'unit per block', 'grid'] as const)
    if (use !== shaper.use) yield [`by the shaper ${use}`, { use }]
}

function* sources(source: Source): Generator<[string, Source]> {
  if (source.from === 'constant')
    for (const value of ['GENERATION', 'STORAGE', 'OPTIMUM', `${source.value}!`])
      yield [`as ${value}`, { from: 'constant', value }]
  else yield ['as a constant', { from: 'constant', value: 'constant' }]
  if (source.from !== 'clock') yield ['from the clock', { from: 'clock', what: 'now' }]
  for (const what of ['offline deadline', 'combined asset'] as const)
    if (source.from !== 'config' || source.what !== what)
      yield [`from the configured ${what}`, { from: 'config', what }]
  if (source.from !== 'state') yield ['from the stored forecast id', { from: 'state', what: 'forecast id' }]
}

function* conditions(when: Condition): Generator<[string, Condition]> {
  if (when.is !== 'always') yield ['always', { is: 'always' }]
  if (when.is !== 'absent') yield ['when it is absent', { is: 'absent' }]
  if (when.is === 'not') yield ['unless it is another', { is: 'not', value: 'GENERATION' }]
  if (when.is === 'not after') yield ['compared with itself', { is: 'not after', other: `${when.other}_` }]
  if (when.is !== 'one of') return
  for (const value of when.values)
    yield [`not for ${value}`, { is: 'one of', values: when.values.filter((other) => other !== value) }]
  yield ['for CONSUMPTION too', { is: 'one of', values: [...when.values, 'CONSUMPTION'] }]
}
