/**
 * Compiles rules into steps: closures over a source, a target and a Run. Guards (refuse, hold) run first, on what came.
 * Limits: upwards steps run as written, downwards reversed, so that a list is reshaped before its items are converted.
 */
import { type Complex, type Field, fieldPaths } from '../contract/model.ts'
import { type Codec, codecFor, copyCodec } from './codecs/index.ts'
import { conditionHolds } from './conditions.ts'
import { compileGetter, compileSetter, type Setter } from './paths.ts'
import type { Direction, Fidelity, Rule } from './rules.ts'
import { Held, type ReceiptEntry, type Run } from './run.ts'
import { type Shaper, shaperFor } from './shapers/index.ts'
import { readSource } from './sources.ts'

export type Value = Record<string, unknown>

/** The two message types that a list of rules stands between. */
export interface Ends {
  readonly legacy: Complex
  readonly modern: Complex
}

export type Step = (source: Value, target: Value, run: Run) => void

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
    return [...this.guards(rules, ends, legacyAt, modernAt), ...this.moves(rules, ends, legacyAt, modernAt)]
  }

  private applying(rules: readonly Rule[]): Rule[] {
    const own = rules.filter((rule) => rule.direction === undefined || rule.direction === this.direction)
    return this.up ? own : own.toReversed()
  }

  /** What is refused or held is decided on the message as it came, items included, before anything reshapes it. */
  private guards(rules: readonly Rule[], ends: Ends, legacyAt: string, modernAt: string): Step[] {
    const source = this.up ? ends.legacy : ends.modern
    const sourceAt = this.up ? legacyAt : modernAt
    return rules
      .filter((rule) => rule.direction === undefined || rule.direction === this.direction)
      .flatMap((rule): Step[] => {
        if ((rule.verb === 'refuse' || rule.verb === 'hold') && has(source, rule.path))
          return [this.guard(rule, sourceAt)]
        if (rule.verb !== 'each') return []
        const inner = this.guards(
          rule.rules,
          this.innerEnds(rule, ends),
          this.below(legacyAt, rule.legacy, ends.legacy),
          this.below(modernAt, rule.modern, ends.modern),
        )
        return inner.length === 0 ? [] : [overItems(this.up ? rule.legacy : rule.modern, source, inner)]
      })
  }

  private guard(rule: Guard, sourceAt: string): Step {
    const path = rule.path.replace(/\[\]$/, '')
    if (rule.verb === 'refuse')
      return (source, _, run) => {
        if (conditionHolds(rule.when, source, path, run)) run.refuse(sourceAt + rule.path, rule.reason, rule.error)
      }
    const line = this.line('held', sourceAt + rule.path, rule.reason, 'exact')
    return (source, _, run) => {
      if (!conditionHolds(rule.when, source, path, run)) return
      run.counts[line]!++
      throw new Held(rule.flow, run.at(sourceAt + rule.path), rule.reason)
    }
  }

  private moves(rules: readonly Rule[], ends: Ends, legacyAt: string, modernAt: string): Step[] {
    return this.applying(rules).flatMap((rule) => this.move(rule, ends, legacyAt, modernAt) ?? [])
  }

  private move(rule: Rule, ends: Ends, legacyAt: string, modernAt: string): Step | undefined {
    const sourceEnd = this.up ? ends.legacy : ends.modern
    const targetEnd = this.up ? ends.modern : ends.legacy
    const sourceAt = this.up ? legacyAt : modernAt
    switch (rule.verb) {
      case 'same':
      case 'via':
        return this.value(rule, rule.verb === 'via' ? codecFor(rule.codec) : copyCodec, targetEnd, sourceAt)
      case 'each':
        return this.each(rule, ends, legacyAt, modernAt)
      case 'spread':
        return this.spread(rule, codecFor(rule.codec), targetEnd, legacyAt, modernAt)
      case 'shape':
        return this.shape(rule, shaperFor(rule.shaper), sourceAt)
      case 'fill': {
        if (!has(targetEnd, rule.path)) return undefined
        const line = this.line('filled', rule.path, rule.reason, 'exact')
        const set = setterFor(rule.path, targetEnd)
        return (_, target, run) => {
          const value = readSource(rule.source, run.context, this.direction)
          if (value === undefined) return
          set(target, value)
          run.counts[line]!++
        }
      }
      case 'drop': {
        if (!has(sourceEnd, rule.path)) return undefined
        const line = this.line('dropped', sourceAt + rule.path, rule.reason, 'exact')
        const get = compileGetter(rule.path.replace(/\[\]$/, ''))
        return (source, _, run) => {
          const value = get(source)
          if (value !== undefined && !(Array.isArray(value) && value.length === 0)) run.counts[line]!++
        }
      }
      case 'keep':
        return this.keep(rule, has(sourceEnd, rule.path), sourceAt)
      default:
        return undefined // guards have run already; split stands above all steps
    }
  }

  private value(rule: Rule & { verb: 'same' | 'via' }, codec: Codec, target: Complex, sourceAt: string): Step {
    const [from, to] = this.up ? [rule.legacy, rule.modern] : [rule.modern, rule.legacy]
    const convert = this.up ? codec.toModern : codec.toLegacy
    const path = sourceAt + from
    const get = compileGetter(from.replace(/\[\]$/, ''))
    const set = setterFor(to.replace(/\[\]$/, ''), target)
    if (from.endsWith('[]'))
      return (source, made, run) => {
        const items = get(source) as unknown[] | undefined
        if (items === undefined) return
        const depth = run.indices.push(0) - 1
        set(
          made,
          items.map((item, i) => {
            run.indices[depth] = i
            return convert(item, run, path)
          }),
        )
        run.indices.pop()
      }
    const changed = codec.fidelity === 'exact' ? -1 : this.line('converted', path, codec.title, codec.fidelity)
    const absent = this.up ? codec.absent : undefined
    const filled = absent === undefined ? -1 : this.line('filled', to, 'Nothing was said.', 'exact')
    return (source, made, run) => {
      const value = get(source)
      if (value === undefined) {
        if (absent === undefined) return
        set(made, absent)
        run.counts[filled]!++
        return
      }
      const converted = convert(value, run, path)
      if (changed !== -1 && converted !== value) run.counts[changed]!++
      set(made, converted)
    }
  }

  private each(rule: Each, ends: Ends, legacyAt: string, modernAt: string): Step {
    const inner = this.innerEnds(rule, ends)
    const [legacyBelow, modernBelow] = [
      this.below(legacyAt, rule.legacy, ends.legacy),
      this.below(modernAt, rule.modern, ends.modern),
    ]
    const steps = this.moves(rule.rules, inner, legacyBelow, modernBelow)
    const [from, to] = this.up ? [rule.legacy, rule.modern] : [rule.modern, rule.legacy]
    const create = template(this.up ? inner.modern : inner.legacy)
    const make = (item: Value, run: Run): Value => {
      // Reshaping happens in this run's own copy of an item, never in the caller's.
      const source = { ...item }
      const made = create()
      for (const step of steps) step(source, made, run)
      return made
    }
    if (child(ends.legacy, rule.legacy).max <= 1)
      return (source, target, run) => {
        if (source[from] !== undefined) target[to] = make(source[from] as Value, run)
      }
    return (source, target, run) => {
      const items = source[from] as Value[] | undefined
      if (items === undefined) return
      const depth = run.indices.push(0) - 1
      target[to] = items.map((item, i) => {
        run.indices[depth] = i
        return make(item, run)
      })
      run.indices.pop()
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
      const set = setterFor(name, child(target, list).type as Complex)
      return (source, made, run) => {
        const value = codec.toModern(source[rule.legacy], run, legacyAt + rule.legacy)
        for (const item of made[list] as Value[]) set(item, value)
      }
    }
    return (source, made, run) => {
      const [first, ...rest] = source[list] as Value[]
      if (first === undefined) return run.refuse(`${modernAt}${list}`, 'has nothing left that OSCP 1.0 could state')
      if (rest.some((item) => get(item) !== get(first))) run.refuse(modernAt + rule.modern, rule.differ)
      made[rule.legacy] = codec.toLegacy(get(first), run, modernAt + rule.modern)
    }
  }

  /** Upwards it reshapes the list just made; downwards the list about to be read, in this run's own copy of the source. */
  private shape(rule: Rule & { verb: 'shape' }, shaper: Shaper, sourceAt: string): Step {
    const path = `${sourceAt}${this.up ? rule.legacy : rule.modern}[]`
    const lines = new Map<Fidelity, number>()
    for (const fidelity of ['safe', 'approximate'] as const)
      lines.set(fidelity, this.line('converted', path, `${shaper.title}: ${shaper.reason}`, fidelity))
    const drops = new Map(
      Object.entries(shaper.drops).map(([what, why]) => [what, this.line('dropped', path, why, 'exact')]),
    )
    // A field that only the shaper writes was not in the source: that is a fill, also when nothing else changed.
    if (this.up && shaper.owns.length > 0)
      lines.set('exact', this.line('filled', `${rule.modern}[].${shaper.owns.join()}`, shaper.reason, 'exact'))
    return (source, target, run) => {
      const holder = this.up ? target : source
      const items = (holder[rule.modern] ?? []) as Value[]
      const shaped = this.up
        ? shaper.toModern(items, run, path, source[rule.legacy] as Value[])
        : shaper.toLegacy(items, run, path)
      holder[rule.modern] = shaped.items
      const line = lines.get(shaped.fidelity)
      if (line !== undefined) run.counts[line]!++
      for (const [what, count] of Object.entries(shaped.dropped ?? {})) run.counts[drops.get(what)!]! += count
    }
  }

  private keep(rule: Rule & { verb: 'keep' }, keeping: boolean, sourceAt: string): Step {
    const { path, reason } = rule
    const line = keeping
      ? this.line('kept', sourceAt + path, reason, 'exact')
      : this.line('restored', path, reason, 'exact')
    return (source, target, run) => {
      const [from, to] = keeping ? [source, run.kept] : [run.kept, target]
      if (from[path] === undefined) return
      to[path] = from[path]
      run.counts[line]!++
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

  private line(verb: Line['verb'], path: string, reason: string, fidelity: Fidelity): number {
    return this.lines.push({ verb, path, reason, fidelity }) - 1
  }
}

/** Runs steps on every item of a list, or on the one object, without making anything. */
function overItems(name: string, owner: Complex, steps: readonly Step[]): Step {
  const repeated = child(owner, name).max > 1
  return (source, target, run) => {
    const found = source[name]
    if (found === undefined) return
    if (!repeated) for (const step of steps) step(found as Value, target, run)
    else {
      const depth = run.indices.push(0) - 1
      for (const [i, item] of (found as Value[]).entries()) {
        run.indices[depth] = i
        for (const step of steps) step(item, target, run)
      }
      run.indices.pop()
    }
  }
}

function setterFor(path: string, owner: Complex): Setter {
  return compileSetter(path, (prefix) => template(complexAt(owner, prefix)))
}

function complexAt(owner: Complex, path: string): Complex {
  return path.split('.').reduce((type, name) => child(type, name).type as Complex, owner)
}

/** Makes empty objects of one hidden class, with every known field in contract order, absent ones undefined. */
export function template(type: Complex): () => Value {
  const empty: Value = Object.fromEntries(type.fields.map((field) => [field.name, undefined]))
  return () => ({ ...empty })
}

export function child(type: Complex, name: string): Field {
  const found = type.fields.find((field) => field.name === name)
  if (!found) throw new Error(`${type.name} has no field ${name}`)
  return found
}

function has(type: Complex, path: string): boolean {
  return [...fieldPaths(type)].some((f) => f.path === path)
}
