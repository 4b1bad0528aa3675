/**
 * Compiles `fill` and `drop`: fields that only one side has.
 * Limits: a drop counts what came; a fill that a link has no value for is refused where the target needs it.
 */
import type { Complex } from '../contract/model.ts'
import { child, setterFor } from './objects.ts'
import { compileGetter } from './paths.ts'
import type { Direction, Rule } from './rules.ts'
import { readSource, sourceTitle } from './sources.ts'
import { nameIn } from './step-keep.ts'
import type { NewLine, Step } from './step-shape.ts'

export function dropStep(rule: Rule & { verb: 'drop' }, sourceAt: string, newLine: NewLine): Step {
  const line = newLine('dropped', sourceAt + rule.path, rule.reason, 'exact')
  const get = compileGetter(rule.path.replace(/\[\]$/, ''))
  return (source, _, run) => {
    const value = get(source)
    if (value !== undefined && value !== null) run.counts[line]! += Array.isArray(value) ? value.length : 1
  }
}

export function fillStep(
  rule: Rule & { verb: 'fill' },
  direction: Direction,
  target: Complex,
  targetAt: string,
  newLine: NewLine,
): Step {
  const line = newLine('filled', targetAt + rule.path, rule.reason, 'exact')
  const set = setterFor(rule.path, target)
  const name = rule.source.from === 'state' ? nameIn(rule.path, target, targetAt, newLine) : undefined
  const isRequired = child(target, rule.path).min > 0
  return (_, made, run) => {
    const value = readSource(rule.source, run.context, direction)
    if (value !== undefined) {
      set(made, name ? name(value as string, run) : value)
      run.counts[line]!++
    } else if (isRequired) run.refuse('', `needs ${sourceTitle(rule.source)}, which this link does not have`)
  }
}
