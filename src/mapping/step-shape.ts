/**
 * Compiles `shape` into steps: upwards it reshapes the list just made, downwards the list about to be read, in this run's own
 * copy of the source; what only the shaper knows of a 1.0 item is written when the items are made.
 */
import type { Complex, Scalar } from '../contract/model.ts'
import { carriable } from './codecs/target.ts'
import { child, type Value } from './objects.ts'
import { compileGetter } from './paths.ts'
import type { Fidelity, Rule } from './rules.ts'
import { Held, type ReceiptEntry, type Run } from './run.ts'
import { shaperFor } from './shapers/index.ts'

export type Step = (source: Value, target: Value, run: Run) => void

/** Adds a line to the receipt and returns its number. */
export type NewLine = (verb: ReceiptEntry['verb'], path: string, reason: string, fidelity: Fidelity) => number

/** What a shaper writes is text of any number. */
const number: Scalar = { kind: 'scalar', type: 'decimal' }

type Shape = Rule & { readonly verb: 'shape' }

export function shapeStep(rule: Shape, up: boolean, sourceAt: string, targetAt: string, newLine: NewLine): Step {
  const shaper = shaperFor(rule.shaper)
  const path = `${sourceAt}${up ? rule.legacy : rule.modern}[]`
  const list = compileGetter(rule.legacy)
  const lines = new Map<Fidelity, number>()
  for (const fidelity of ['exact', 'safe', 'approximate'] as const)
    lines.set(fidelity, newLine('converted', path, `${shaper.title}: ${shaper.reason}`, fidelity))
  const drops = new Map(
    Object.entries(shaper.drops).map(([what, why]) => [what, newLine('dropped', path, why, 'exact')]),
  )
  // A field that only the shaper writes was not in the source: that is a fill, also when nothing else changed.
  const fills = (up ? shaper.fills : []).map((name) => ({
    get: compileGetter(name),
    line: newLine('filled', `${targetAt}${rule.modern}[].${name}`, shaper.reason, 'exact'),
  }))
  return (source, target, run) => {
    const holder = up ? target : source
    const items = (holder[rule.modern] ?? []) as Value[]
    const shaped = up
      ? shaper.toModern(items, run, path, (list(source) ?? []) as Value[])
      : shaper.toLegacy(items, run, path)
    holder[rule.modern] = shaped.items
    run.counts[lines.get(shaped.fidelity)!]! += shaped.changed ?? 0
    for (const { get, line } of fills) for (const item of shaped.items) if (get(item) !== undefined) run.counts[line]!++
    for (const what in shaped.dropped) run.counts[drops.get(what)!]! += shaped.dropped[what]!
    if (shaped.nothing !== undefined) throw new Held('nothing to send', run.at(path), shaped.nothing)
  }
}

/** Fields of the 1.0 items that only a shaper can know: it left them in the items that these were made from. */
export function writtenBy(rule: Shape, legacy: Complex, modernAt: string): Step[] {
  const writes = Object.entries(shaperFor(rule.shaper).writes)
  if (writes.length === 0) return []
  const item = child(legacy, rule.legacy).type as Complex
  const fields = writes.map(([name, from]) => ({
    name,
    get: compileGetter(from),
    check: carriable(child(item, name).type, number),
  }))
  const list = compileGetter(rule.legacy)
  return [
    (source, target, run) => {
      const made = list(target) as Value[]
      for (const [i, shaped] of (source[rule.modern] as Value[]).entries())
        for (const { name, get, check } of fields) {
          const value = get(shaped) as string
          const wrong = check?.(value)
          if (wrong !== undefined) run.refuse(`${modernAt}${rule.modern}[]`, `${name} ${wrong}`)
          made[i]![name] = value
        }
    },
  ]
}
