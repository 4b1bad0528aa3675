/**
 * Compiles rules into steps: closures over a source, a target and a Run. Guards (refuse, hold) run first, on what came, then
 * drops are counted on it; after that rules make the target.
 * Limits: upwards steps run as written, downwards reversed, so that a list is reshaped before its items are converted.
 */
import type { Complex } from '../contract/model.ts'
import { type Codec, codecFor } from './codecs/index.ts'
import { compileCondition } from './conditions.ts'
import { child, has, setterFor, template, type Value } from './objects.ts'
import { compileGetter } from './paths.ts'
import type { Direction, Rule } from './rules.ts'
import { Held, type ReceiptEntry, type Run } from './run.ts'
import { sequence } from './sequence.ts'
import { dropStep, fillStep } from './step-ends.ts'
import { keepStep } from './step-keep.ts'
import { type NewLine, type Step, shapeStep, writtenBy } from './step-shape.ts'
import { type Ends, valueStep } from './step-value.ts'

/** A line of the receipt, before it is known how often it applied. */
export type Line = Omit<ReceiptEntry, 'count'>

type Guard = Rule & { readonly verb: 'refuse' | 'hold' }
type Each = Rule & { readonly verb: 'each' }

export class Compiler {
  readonly lines: Line[] = []
  private readonly direction: Direction
  private readonly up: boolean

  constructor(direction: Direction) {
    this.direction = direction
    this.up = direction === 'toModern'
  }

  steps(rules: readonly Rule[], ends: Ends, legacyAt: string, modernAt: string): Step[] {
    const guard = (rule: Rule, at: string) =>
      rule.verb === 'refuse' || rule.verb === 'hold' ? this.guard(rule, at) : undefined
    const drop = (rule: Rule, at: string) => (rule.verb === 'drop' ? dropStep(rule, at, this.line) : undefined)
    return [
      ...this.onSource(guard, rules, ends, legacyAt, modernAt),
      ...this.onSource(drop, rules, ends, legacyAt, modernAt),
      ...this.moves(rules, ends, legacyAt, modernAt),
    ]
  }

  private applying(rules: readonly Rule[]): Rule[] {
    const own = rules.filter((rule) => rule.direction === undefined || rule.direction === this.direction)
    return this.up ? own : own.toReversed()
  }

  /** Steps about the message as it came, items included, before anything reshapes it. */
  private onSource(
    stepFor: (rule: Rule, sourceAt: string) => Step | undefined,
    rules: readonly Rule[],
    ends: Ends,
    legacyAt: string,
    modernAt: string,
  ): Step[] {
    const source = this.up ? ends.legacy : ends.modern
    const sourceAt = this.up ? legacyAt : modernAt
    return rules
      .filter((rule) => rule.direction === undefined || rule.direction === this.direction)
      .flatMap((rule): Step[] => {
        if ('path' in rule) {
          const step = has(source, rule.path) ? stepFor(rule, sourceAt) : undefined
          return step === undefined ? [] : [step]
        }
        if (rule.verb !== 'each') return []
        const inner = this.onSource(
          stepFor,
          rule.rules,
          this.innerEnds(rule, ends),
          this.below(legacyAt, rule.legacy, ends.legacy),
          this.below(modernAt, rule.modern, ends.modern),
        )
        return inner.length === 0 ? [] : [overItems(this.up ? rule.legacy : rule.modern, source, inner)]
      })
  }

  private guard(rule: Guard, sourceAt: string): Step {
    const holds = compileCondition(rule.when, rule.path.replace(/\[\]$/, ''))
    if (rule.verb === 'refuse')
      return (source, _, run) => {
        if (holds(source, run)) run.refuse(sourceAt + rule.path, rule.reason, rule.error)
      }
    const line = this.line('held', sourceAt + rule.path, rule.reason, 'exact')
    return (source, _, run) => {
      if (!holds(source, run)) return
      run.counts[line]!++
      throw new Held(rule.flow, run.at(sourceAt + rule.path), rule.reason)
    }
  }

  private moves(rules: readonly Rule[], ends: Ends, legacyAt: string, modernAt: string): Step[] {
    const own = this.applying(rules)
    const moves = own.flatMap((rule) => this.move(rule, ends, legacyAt, modernAt) ?? [])
    return this.up
      ? moves
      : [...moves, ...own.flatMap((rule) => (rule.verb === 'shape' ? writtenBy(rule, ends.legacy, modernAt) : []))]
  }

  private move(rule: Rule, ends: Ends, legacyAt: string, modernAt: string): Step | undefined {
    const sourceEnd = this.up ? ends.legacy : ends.modern
    const targetEnd = this.up ? ends.modern : ends.legacy
    const [sourceAt, targetAt] = this.up ? [legacyAt, modernAt] : [modernAt, legacyAt]
    switch (rule.verb) {
      case 'same':
      case 'via':
        return valueStep(rule, this.up, ends, sourceAt, targetAt, this.line)
      case 'each':
        return this.each(rule, ends, legacyAt, modernAt)
      case 'spread':
        return this.spread(rule, codecFor(rule.codec), targetEnd, legacyAt, modernAt)
      case 'shape':
        return shapeStep(rule, this.up, sourceAt, targetAt, this.line)
      case 'fill':
        return has(targetEnd, rule.path) ? fillStep(rule, this.direction, targetEnd, targetAt, this.line) : undefined
      case 'keep':
        return keepStep(rule, sourceEnd, targetEnd, sourceAt, targetAt, this.line)
      default:
        return undefined // guards and drops have run already; split stands above all steps
    }
  }

  private each(rule: Each, ends: Ends, legacyAt: string, modernAt: string): Step {
    const inner = this.innerEnds(rule, ends)
    const [legacyBelow, modernBelow] = [
      this.below(legacyAt, rule.legacy, ends.legacy),
      this.below(modernAt, rule.modern, ends.modern),
    ]
    const step = sequence(this.moves(rule.rules, inner, legacyBelow, modernBelow))
    const below = (this.up ? legacyBelow : modernBelow).slice(0, -1)
    const least = this.up ? 0 : child(ends.legacy, rule.legacy).min
    const [from, to] = this.up ? [rule.legacy, rule.modern] : [rule.modern, rule.legacy]
    const create = template(this.up ? inner.modern : inner.legacy)
    const get = compileGetter(from)
    const set = setterFor(to, this.up ? ends.modern : ends.legacy)
    const reshapes = !this.up && rule.rules.some(({ verb }) => verb === 'shape')
    const make = (item: Value, run: Run): Value => {
      // Reshaping happens in this run's own copy of an item, never in the caller's.
      const source = reshapes ? { ...item } : item
      const made = create()
      step(source, made, run)
      return made
    }
    if (child(ends.legacy, rule.legacy).max <= 1)
      return (source, target, run) => {
        const item = get(source)
        if (item !== undefined && item !== null) set(target, make(item as Value, run))
      }
    return (source, target, run) => {
      const items = get(source) as Value[] | undefined
      if (items === undefined) return
      const depth = run.indices.push(0) - 1
      const made = items.map((item, i) => {
        run.indices[depth] = i
        return item === null ? run.refuse(below, 'must not be nil') : make(item, run)
      })
      run.indices.pop()
      if (made.length === 0 && least > 0) run.refuse(below, 'has nothing left that could be stated')
      set(target, made)
    }
  }

  private spread(
    rule: Rule & { verb: 'spread' },
    codec: Codec,
    target: Complex,
    legacyAt: string,
    modernAt: string,
  ): Step {
    const [list, name] = rule.modern.split('[].') as [string, string]
    const get = compileGetter(name)
    if (this.up) {
      const owner = compileGetter(rule.legacy)
      const set = setterFor(name, child(target, list).type as Complex)
      return (source, made, run) => {
        const value = codec.toModern(owner(source), run, legacyAt + rule.legacy)
        for (const item of made[list] as Value[]) set(item, value)
      }
    }
    const set = setterFor(rule.legacy, target)
    return (source, made, run) => {
      const [first, ...rest] = source[list] as Value[]
      if (first === undefined) return run.refuse(`${modernAt}${list}`, 'has nothing left that OSCP 1.0 could state')
      if (rest.some((item) => get(item) !== get(first))) run.refuse(modernAt + rule.modern, rule.differ)
      set(made, codec.toLegacy(get(first), run, modernAt + rule.modern))
    }
  }

  private innerEnds(rule: Each, ends: Ends): Ends {
    return {
      legacy: child(ends.legacy, rule.legacy).type as Complex,
      modern: child(ends.modern, rule.modern).type as Complex,
    }
  }

  private below(at: string, name: string, owner: Complex): string {
    return `${at}${name}${child(owner, name).max > 1 ? '[]' : ''}.`
  }

  private readonly line: NewLine = (verb, path, reason, fidelity) =>
    this.lines.push({ verb, path, reason, fidelity }) - 1
}

/** Runs steps on every item of a list, or on the one object, without making anything. */
function overItems(name: string, owner: Complex, steps: readonly Step[]): Step {
  const step = sequence(steps)
  const repeated = child(owner, name).max > 1
  const get = compileGetter(name)
  return (source, target, run) => {
    const found = get(source)
    if (found === undefined || found === null) return
    if (!repeated) step(found as Value, target, run)
    else {
      const depth = run.indices.push(0) - 1
      const items = found as readonly (Value | null)[]
      for (let i = 0; i < items.length; i++) {
        run.indices[depth] = i
        const item = items[i]!
        if (item !== null) step(item, target, run)
      }
      run.indices.pop()
    }
  }
}
