/**
 * Turns one accounted module into closures for both directions: no path is parsed while a message is translated.
 * Limits: it trusts account.ts; a module with findings must not be compiled.
 */
import { type Complex, type Field, fieldPaths } from '../contract/model.ts'
import type { ErrorKind } from '../errors.ts'
import { type Codec, codecFor, copyCodec } from './codecs/index.ts'
import { conditionHolds } from './conditions.ts'
import type { Condition, Direction, Fidelity, MessageModule, Rule } from './define.ts'
import { type Context, type Receipt, type ReceiptEntry, Refusal, Run, worst } from './run.ts'
import { type ShapedBlock, shaperFor } from './shapers/index.ts'
import { readSource } from './sources.ts'

export type Value = Record<string, unknown>

/** One message that came out of a translation, or why this one could not. `item` is what the source calls it, '' if unsplit. */
export type Part =
  | { readonly value: Value; readonly receipt: Receipt; readonly kept: Value; readonly item: string }
  | { readonly refusal: Refusal; readonly item: string }

export interface Translator {
  /** Translates one message into one or, where the module splits, several. Never mutates `value`; never throws for a part. */
  translate(value: Value, context: Context, kept?: Value): Part[]
}

export interface CompiledMessage {
  readonly module: MessageModule
  readonly toModern: Translator
  readonly toLegacy: Translator
  readonly answerToLegacy: Translator
  readonly answerToModern: Translator
}

/** The two message types that a list of rules stands between. */
export interface Ends {
  readonly legacy: Complex
  readonly modern: Complex
}

type Step = (source: Value, target: Value, run: Run) => void

export function compileMessage(module: MessageModule, request: Ends, answer: Ends): CompiledMessage {
  return {
    module,
    toModern: compileRules(module.name, module.rules, request, 'toModern'),
    toLegacy: compileRules(module.name, module.rules, request, 'toLegacy'),
    answerToLegacy: compileRules(`${module.name} answer`, module.answer, answer, 'toLegacy'),
    answerToModern: compileRules(`${module.name} answer`, module.answer, answer, 'toModern'),
  }
}

function compileRules(message: string, rules: readonly Rule[], ends: Ends, direction: Direction): Translator {
  const compiler = new Compiler(direction)
  const split = rules.find((rule) => rule.verb === 'split')
  const list = split?.legacy
  const scope = list === undefined ? ends : { ...ends, legacy: child(ends.legacy, list).type as Complex }
  const inner = rules.filter((rule) => rule.verb !== 'split')
  const steps = compiler.steps(inner, scope, list === undefined ? '' : `${list}[].`, '')
  const create = template(direction === 'toModern' ? scope.modern : scope.legacy)
  const lines = compiler.lines

  const one = (source: Value, run: Run): Part => {
    const target = create()
    const item = split && direction === 'toModern' ? String(source[split.by]) : ''
    try {
      for (const step of steps) step(source, target, run)
    } catch (thrown) {
      if (thrown instanceof Refusal) return { refusal: thrown, item }
      throw thrown
    }
    return { value: target, receipt: receipt(message, direction, lines, run.counts), kept: run.kept, item }
  }

  if (list === undefined)
    return { translate: (value, context, kept) => [one({ ...value }, new Run(context, lines.length, kept))] }
  if (direction === 'toModern')
    return {
      translate: (value, context) =>
        (value[list] as Value[]).map((source, index) => {
          const run = new Run(context, lines.length)
          run.indices.push(index)
          return one({ ...source }, run)
        }),
    }
  const wrap = template(ends.legacy)
  return {
    translate: (value, context, kept) => {
      const part = one({ ...value }, new Run(context, lines.length, kept))
      return ['value' in part ? { ...part, value: { ...wrap(), [list]: [part.value] } } : part]
    },
  }
}

function receipt(message: string, direction: Direction, lines: readonly Line[], counts: readonly number[]): Receipt {
  const entries: ReceiptEntry[] = []
  let fidelity: Fidelity = 'exact'
  for (const [i, line] of lines.entries()) {
    if (counts[i] === 0) continue
    entries.push({ ...line, count: counts[i]! })
    fidelity = worst(fidelity, line.fidelity)
  }
  return { message, direction, fidelity, entries }
}

type Line = Omit<ReceiptEntry, 'count'>

class Compiler {
  readonly lines: Line[] = []
  private readonly direction: Direction
  private readonly up: boolean

  constructor(direction: Direction) {
    this.direction = direction
    this.up = direction === 'toModern'
  }

  /** The steps of a list of rules in running order: as written upwards, reversed downwards. */
  steps(rules: readonly Rule[], ends: Ends, legacyAt: string, modernAt: string): Step[] {
    const applying = rules.filter((rule) => rule.direction === undefined || rule.direction === this.direction)
    const ordered = this.up ? applying : applying.toReversed()
    return ordered.map((rule) => this.step(rule, ends, legacyAt, modernAt)).filter((step) => step !== undefined)
  }

  private step(rule: Rule, ends: Ends, legacyAt: string, modernAt: string): Step | undefined {
    const sourceEnd = this.up ? ends.legacy : ends.modern
    const targetEnd = this.up ? ends.modern : ends.legacy
    const sourceAt = this.up ? legacyAt : modernAt
    switch (rule.verb) {
      case 'same':
      case 'via':
        return this.value(rule.legacy, rule.modern, rule.verb === 'via' ? codecFor(rule.codec) : copyCodec, sourceAt)
      case 'each':
        return this.each(rule.legacy, rule.modern, rule.rules, ends, legacyAt, modernAt)
      case 'spread':
        return this.spread(rule.legacy, rule.modern, codecFor(rule.codec), legacyAt, modernAt, rule.differ)
      case 'shape':
        return this.shape(rule.modern, shaperFor(rule.shaper), sourceAt, this.up ? rule.legacy : rule.modern)
      case 'fill': {
        if (!has(targetEnd, rule.path)) return undefined
        const line = this.line('filled', rule.path, rule.reason, 'exact')
        return (_, target, run) => {
          target[rule.path] = readSource(rule.source, run.context, this.direction)
          run.counts[line]!++
        }
      }
      case 'drop': {
        if (!has(sourceEnd, rule.path)) return undefined
        const line = this.line('dropped', sourceAt + rule.path, rule.reason, 'exact')
        return (source, _, run) => {
          if (source[rule.path] !== undefined) run.counts[line]!++
        }
      }
      case 'keep':
        return this.keep(rule.path, rule.reason, has(sourceEnd, rule.path), sourceAt)
      case 'refuse':
        return has(sourceEnd, rule.path) ? refusing(rule.path, rule.when, rule.error, rule.reason, sourceAt) : undefined
      case 'split':
        throw new Error('split stands at the top of a message')
    }
  }

  private value(legacy: string, modern: string, codec: Codec, sourceAt: string): Step {
    const [from, to] = this.up ? [legacy, modern] : [modern, legacy]
    const convert = this.up ? codec.toModern : codec.toLegacy
    const path = sourceAt + from
    const line = codec.fidelity === 'exact' ? undefined : this.line('converted', path, codec.title, codec.fidelity)
    if (from.endsWith('[]')) {
      const [list, into] = [from.slice(0, -2), to.slice(0, -2)]
      return (source, target, run) => {
        const items = source[list] as unknown[] | undefined
        if (items === undefined) return
        target[into] = items.map((item, i) => {
          run.indices.push(i)
          const converted = convert(item, run, path)
          run.indices.pop()
          return converted
        })
      }
    }
    return (source, target, run) => {
      const value = source[from]
      if (value === undefined) return
      const converted = convert(value, run, path)
      if (line !== undefined && converted !== value) run.counts[line]!++
      target[to] = converted
    }
  }

  private each(
    legacy: string,
    modern: string,
    rules: readonly Rule[],
    ends: Ends,
    legacyAt: string,
    modernAt: string,
  ): Step {
    const inner: Ends = {
      legacy: child(ends.legacy, legacy).type as Complex,
      modern: child(ends.modern, modern).type as Complex,
    }
    const steps = this.steps(rules, inner, `${legacyAt}${legacy}[].`, `${modernAt}${modern}[].`)
    const [from, to] = this.up ? [legacy, modern] : [modern, legacy]
    const create = template(this.up ? inner.modern : inner.legacy)
    return (source, target, run) => {
      const items = source[from] as Value[] | undefined
      if (items === undefined) return
      const depth = run.indices.push(0) - 1
      target[to] = items.map((item, i) => {
        run.indices[depth] = i
        const made = create()
        for (const step of steps) step(item, made, run)
        return made
      })
      run.indices.pop()
    }
  }

  private spread(
    legacy: string,
    modern: string,
    codec: Codec,
    legacyAt: string,
    modernAt: string,
    differ: string,
  ): Step {
    const [list, name] = modern.split('[].') as [string, string]
    if (this.up)
      return (source, target, run) => {
        const value = codec.toModern(source[legacy], run, legacyAt + legacy)
        for (const item of target[list] as Value[]) item[name] = value
      }
    return (source, target, run) => {
      const [first, ...rest] = source[list] as Value[]
      if (rest.some((item) => item[name] !== first![name])) run.refuse(modernAt + modern, differ)
      target[legacy] = codec.toLegacy(first![name], run, modernAt + modern)
    }
  }

  /** Upwards it reshapes the list just made; downwards the list about to be read, in this run's own copy of the source. */
  private shape(list: string, shaper: ReturnType<typeof shaperFor>, sourceAt: string, source: string): Step {
    const path = `${sourceAt}${source}[]`
    const lines = new Map<Fidelity, number>()
    for (const fidelity of ['safe', 'approximate'] as const)
      lines.set(fidelity, this.line('converted', path, `${shaper.title}: ${shaper.reason}`, fidelity))
    // A field that only the shaper writes was not in the source: that is a fill, also when nothing else changed.
    if (this.up && shaper.owns.length > 0)
      lines.set('exact', this.line('filled', `${list}[].${shaper.owns.join()}`, shaper.reason, 'exact'))
    const reshape = this.up ? shaper.toModern : shaper.toLegacy
    return (from, target, run) => {
      const holder = this.up ? target : from
      const shaped = reshape(holder[list] as ShapedBlock[], run, path)
      holder[list] = shaped.blocks
      const line = lines.get(shaped.fidelity)
      if (line !== undefined) run.counts[line]!++
    }
  }

  private keep(path: string, reason: string, keeping: boolean, sourceAt: string): Step {
    if (keeping) {
      const line = this.line('kept', sourceAt + path, reason, 'exact')
      return (source, _, run) => {
        if (source[path] === undefined) return
        run.kept[path] = source[path]
        run.counts[line]!++
      }
    }
    const line = this.line('restored', path, reason, 'exact')
    return (_, target, run) => {
      if (run.kept[path] === undefined) return
      target[path] = run.kept[path]
      run.counts[line]!++
    }
  }

  private line(verb: Line['verb'], path: string, reason: string, fidelity: Fidelity): number {
    return this.lines.push({ verb, path, reason, fidelity }) - 1
  }
}

function refusing(path: string, when: Condition, kind: ErrorKind, reason: string, sourceAt: string): Step {
  return (source, _, run) => {
    if (conditionHolds(when, source, path, run)) run.refuse(sourceAt + path, reason, kind)
  }
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
