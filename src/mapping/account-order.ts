/**
 * What can be wrong with a list of rules before any contract is looked at: rules that stand where they cannot work.
 * Limits: it knows the engine's order (as written upwards, reversed downwards), not what the fields mean.
 */
import type { Rule } from './rules.ts'

type Report = (rule: string, sentence: string) => void

/** Reports what stands in the wrong place; `top` is false inside `each`. */
export function accountOrder(rules: readonly Rule[], report: Report, top = true): void {
  for (const [i, rule] of rules.entries()) {
    if (rule.verb === 'each') accountOrder(rule.rules, report, false)
    if (rule.verb === 'spread' || rule.verb === 'shape') afterItsList(rules, i, report)
    if (rule.verb === 'keep' && !top) report(`keep ${rule.path}`, 'stands inside each; one value is kept per message')
    for (const path of pathsOf(rule))
      if (path.replace(/\[\]$/, '').includes('[]'))
        report(`${rule.verb} ${path}`, 'leads through a list; put the rule into an each for that list')
  }
}

/** Paths that must lead to one field of the item the rule stands in. */
function pathsOf(rule: Rule): string[] {
  if (rule.verb === 'spread') return [rule.legacy]
  if ('path' in rule) return [rule.path]
  return rule.verb === 'split' ? [rule.legacy] : [rule.legacy, rule.modern]
}

/** Upwards a list is made by `each`, then spread over, then reshaped; downwards the other way round. */
function afterItsList(rules: readonly Rule[], at: number, report: Report): void {
  const rule = rules[at] as Rule & { verb: 'spread' | 'shape' }
  const list = rule.verb === 'shape' ? rule.modern : rule.modern.split('[].')[0]!
  const title = `${rule.verb} ${rule.modern}`
  if (rule.verb === 'spread' && rule.modern.split('[].').length !== 2)
    return report(title, 'must name a field of the items of one list, such as list[].field')
  const made = rules.findIndex(
    (other) =>
      other.verb === 'each' &&
      other.modern === list &&
      other.direction === undefined &&
      (rule.verb === 'spread' || other.legacy === rule.legacy),
  )
  if (made === -1) return report(title, `needs an each in both directions for ${list}, beside it`)
  if (made > at) report(title, `must stand after the each for ${list}`)
  const late = rules.findIndex((other) => other.verb === 'spread' && other.modern.startsWith(`${list}[].`))
  if (rule.verb === 'shape' && late > at) report(title, `must stand after the spread over ${list}`)
}
