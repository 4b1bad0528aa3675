/**
 * Turns one accounted module into translators for both directions: no path is parsed while a message is translated.
 * Limits: it trusts account.ts; a module with findings must not be compiled.
 */
import type { Complex } from '../contract/model.ts'
import type { MessageModule } from './define.ts'
import type { Direction, Fidelity, Rule } from './rules.ts'
import { type Context, Held, type Receipt, type ReceiptEntry, Refusal, Run, worst } from './run.ts'
import { Compiler, child, type Ends, type Line, template, type Value } from './steps.ts'

export type { Ends, Value } from './steps.ts'

/** One message that came out of a translation, or why this one could not. `item` is what the source calls it, '' if unsplit. */
export type Part =
  | { readonly value: Value; readonly receipt: Receipt; readonly kept: Value; readonly item: string }
  | { readonly refusal: Refusal; readonly item: string }
  | { readonly held: Held; readonly receipt: Receipt; readonly item: string }

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
  const field = split && child(ends.legacy, split.legacy)
  const repeated = field !== undefined && field.max > 1
  const scope = field === undefined ? ends : { ...ends, legacy: field.type as Complex }
  const inner = rules.filter((rule) => rule.verb !== 'split')
  const steps = compiler.steps(inner, scope, field === undefined ? '' : `${field.name}${repeated ? '[]' : ''}.`, '')
  const create = template(direction === 'toModern' ? scope.modern : scope.legacy)
  const { lines } = compiler

  const one = (source: Value, run: Run): Part => {
    const target = create()
    const item = split && direction === 'toModern' ? String(source[split.by]) : ''
    try {
      for (const step of steps) step(source, target, run)
    } catch (thrown) {
      if (thrown instanceof Refusal) return { refusal: thrown, item }
      if (thrown instanceof Held)
        return { held: thrown, receipt: receiptOf(message, direction, lines, run.counts), item }
      throw thrown
    }
    return { value: target, receipt: receiptOf(message, direction, lines, run.counts), kept: run.kept, item }
  }

  if (field === undefined)
    return { translate: (value, context, kept) => [one({ ...value }, new Run(context, lines.length, kept))] }
  if (direction === 'toModern')
    return {
      translate: (value, context, kept) =>
        (repeated ? (value[field.name] as Value[]) : [value[field.name] as Value]).map((source, index) => {
          const run = new Run(context, lines.length, kept)
          if (repeated) run.indices.push(index)
          return one({ ...source }, run)
        }),
    }
  const wrap = template(ends.legacy)
  return {
    translate: (value, context, kept) => {
      const part = one({ ...value }, new Run(context, lines.length, kept))
      if (!('value' in part)) return [part]
      return [{ ...part, value: { ...wrap(), [field.name]: repeated ? [part.value] : part.value } }]
    },
  }
}

function receiptOf(message: string, direction: Direction, lines: readonly Line[], counts: readonly number[]): Receipt {
  const entries: ReceiptEntry[] = []
  let fidelity: Fidelity = 'exact'
  for (const [i, line] of lines.entries()) {
    if (counts[i] === 0) continue
    entries.push({ ...line, count: counts[i]! })
    fidelity = worst(fidelity, line.fidelity)
  }
  return { message, direction, fidelity, entries }
}
