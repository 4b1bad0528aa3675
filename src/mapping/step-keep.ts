/** Compiles `keep` into a step: from the source into state one way, back into the target the other way. */
import type { Complex } from '../contract/model.ts'
import { nameFitter } from './codecs/target.ts'
import { child, has, setterFor } from './objects.ts'
import { compileGetter } from './paths.ts'
import type { Rule } from './rules.ts'
import type { Run } from './run.ts'
import type { NewLine, Step } from './step-shape.ts'

export function keepStep(
  { path, reason, as = path }: Rule & { verb: 'keep' },
  source: Complex,
  target: Complex,
  sourceAt: string,
  targetAt: string,
  newLine: NewLine,
): Step {
  if (has(source, path)) {
    const line = newLine('kept', sourceAt + path, reason, 'exact')
    const get = compileGetter(path)
    return (from, _, run) => {
      const value = get(from)
      if (value === undefined || value === null) return
      run.kept[as] = value
      run.counts[line]!++
    }
  }
  const line = newLine('restored', targetAt + path, reason, 'exact')
  const set = setterFor(path, target)
  const name = nameIn(path, target, targetAt, newLine)
  return (_, into, run) => {
    const value = run.kept[as]
    if (value === undefined) return
    set(into, name ? name(value as string, run) : value)
    run.counts[line]!++
  }
}

/** Puts a kept or stored name into the form the target's type wants; undefined where any name will do. */
export function nameIn(
  path: string,
  target: Complex,
  targetAt: string,
  newLine: NewLine,
): ((name: string, run: Run) => string) | undefined {
  const numbered = nameFitter(child(target, path).type)
  if (numbered === undefined) return undefined
  const line = newLine('filled', targetAt + path, 'A whole number that stands for a name which is none.', 'exact')
  return (name, run) => {
    const number = numbered(name)
    if (number !== name) run.counts[line]!++
    return number
  }
}
