/** Compiles `same` and `via`: one value, or each of a list, copied or converted, as far as the target can carry it. */
import { functionOf } from '../contract/code.ts'
import type { Complex } from '../contract/model.ts'
import { codecFor, copyCodec } from './codecs/index.ts'
import { carriable } from './codecs/target.ts'
import { child, setterFor } from './objects.ts'
import { compileGetter } from './paths.ts'
import type { Rule } from './rules.ts'
import type { Run } from './run.ts'
import type { NewLine, Step } from './step-shape.ts'

/** The two message types that a list of rules stands between. */
export interface Ends {
  readonly legacy: Complex
  readonly modern: Complex
}

type Convert = (value: unknown, run: Run) => unknown

export function valueStep(
  rule: Rule & { verb: 'same' | 'via' },
  up: boolean,
  ends: Ends,
  sourceAt: string,
  targetAt: string,
  newLine: NewLine,
): Step {
  const codec = rule.verb === 'via' ? codecFor(rule.codec) : copyCodec
  const [from, to] = up ? [rule.legacy, rule.modern] : [rule.modern, rule.legacy]
  const [origin, target] = up ? [ends.legacy, ends.modern] : [ends.modern, ends.legacy]
  const path = sourceAt + from
  const [plainFrom, plainTo] = [from, to].map((p) => p.replace(/\[\]$/, '')) as [string, string]
  const get = compileGetter(plainFrom)
  const set = setterFor(plainTo, target)
  const goal = child(target, plainTo)
  const codecConvert = up ? codec.toModern : codec.toLegacy
  const check = carriable(goal.type, child(origin, plainFrom).type)
  const changed = codec.fidelity === 'exact' ? -1 : newLine('converted', path, codec.title, codec.fidelity)
  const isSimple = check === undefined && changed === -1
  const convert: Convert = (value, run) => {
    const converted = value === null ? run.refuse(path, 'must not be nil') : codecConvert(value, run, path)
    const wrong = check?.(String(converted))
    if (wrong !== undefined) return run.refuse(path, wrong)
    if (changed !== -1 && (codec.alters?.(value) ?? converted !== value)) run.counts[changed]!++
    return converted
  }
  if (from.endsWith('[]'))
    return (source, made, run) => {
      const items = get(source) as unknown[] | undefined
      if (items === undefined) return
      const depth = run.indices.push(0) - 1
      set(
        made,
        items.map((item, i) => {
          run.indices[depth] = i
          return convert(item, run)
        }),
      )
      run.indices.pop()
    }
  const absent = up ? codec.absent : undefined
  if (absent !== undefined) {
    const filled = newLine('filled', targetAt + to, 'Nothing was said.', 'exact')
    return (source, made, run) => {
      const given = get(source)
      // An element that is nil says nothing, and empty text no more than none.
      if (given !== undefined && given !== null && given !== '') return set(made, convert(given, run))
      set(made, absent)
      run.counts[filled]!++
    }
  }
  // Most values of a message are of this kind: code of its own for each has the codec in place.
  const lines = [
    'const given = get(source)',
    // An element that is nil says nothing; only where something must be said it is refused.
    `if (given === undefined${goal.min === 0 ? ' || given === null' : ''}) return`,
    "set(made, given === null ? run.refuse(path, 'must not be nil') : convert(given, run, path))",
  ]
  return functionOf('source, made, run', lines, { get, set, path, convert: isSimple ? codecConvert : convert })
}
