/**
 * Turns one accounted module into translators for both directions: no path is parsed while a message is translated.
 * Limits: it trusts account.ts; a module with findings must not be compiled.
 */
import type { Complex } from '../contract/model.ts'
import type { MessageModule } from './define.ts'
import { child, setterFor, template, type Value } from './objects.ts'
import { compileGetter } from './paths.ts'
import type { Direction, Fidelity, Rule } from './rules.ts'
import { type Context, Held, type Receipt, type ReceiptEntry, Refusal, Run, worst } from './run.ts'
import type { Ends } from './step-value.ts'
import { Compiler, type Line } from './steps.ts'

export type { Value } from './objects.ts'
export type { Ends } from './step-value.ts'

/** One message that came out of a translation, or why this one could not. `item` is what the source calls it, '' if unsplit. */
export type Part =
  | { readonly value: Value; readonly receipt: Receipt; readonly kept: Value; readonly item: string }
  | { readonly refusal: Refusal; readonly item: string }
  | { readonly held: Held; readonly receipt: Receipt; readonly kept: Value; readonly item: string }

export interface Translator {
  /** Translates one message into one or, where the module splits, several. Never mutates `value`; never throws for a part. */
  translate(value: Value, context: Context, kept?: Value): Part[]
  /** The same, but each part when it is asked for. */
  parts(value: Value, context: Context, kept?: Value): Iterable<Part>
}

export interface CompiledMessage {
  readonly module: MessageModule
  readonly toModern: Translator
  readonly toLegacy: Translator
  readonly answerToLegacy: Translator
  readonly answerToModern: Translator
}

export function compileMessage(module: MessageModule, request: Ends, answer: Ends): CompiledMessage {
  const asked = (direction: Direction) => whenNeeded(() => compileRules(module.name, module.rules, request, direction))
  const answered = (direction: Direction) =>
    whenNeeded(() => compileRules(`${module.name} answer`, module.answer, answer, direction))
  return {
    module,
    toModern: asked('toModern'),
    toLegacy: asked('toLegacy'),
    answerToLegacy: answered('toLegacy'),
    answerToModern: answered('toModern'),
  }
}

/** Most gateways carry few of the messages: what none has come of yet is not compiled. */
function whenNeeded(compile: () => Translator): Translator {
  let compiled: Translator | undefined
  const translator = (): Translator => {
    compiled ??= compile()
    return compiled
  }
  return {
    translate: (value, context, kept) => translator().translate(value, context, kept),
    parts: (value, context, kept) => translator().parts(value, context, kept),
  }
}

function compileRules(message: string, rules: readonly Rule[], ends: Ends, direction: Direction): Translator {
  const compiler = new Compiler(direction)
  const at = rules.findIndex((rule) => rule.verb === 'split')
  const split = rules[at] as (Rule & { verb: 'split' }) | undefined
  const field = split && child(ends.legacy, split.legacy)
  const repeated = field !== undefined && field.max > 1
  const scope = field === undefined ? ends : { ...ends, legacy: field.type as Complex }
  // What stands before the split is about the message, what stands after it about the item.
  const around = compiler.steps(rules.slice(0, Math.max(0, at)), ends, '', '')
  const prefix = split ? `${split.legacy}${repeated ? '[]' : ''}.` : ''
  const steps = compiler.steps(rules.slice(at + 1), scope, prefix, '')
  const create = template(direction === 'toModern' ? scope.modern : scope.legacy)
  const { lines } = compiler
  const receiptOf = receiptsOf(message, direction, lines)

  const part = (run: Run, item: string, make: () => Value): Part => {
    try {
      const value = make()
      return { value, receipt: receiptOf(run.counts), kept: run.kept, item }
    } catch (thrown) {
      if (thrown instanceof Refusal) return { refusal: thrown, item }
      if (thrown instanceof Held) return { held: thrown, receipt: receiptOf(run.counts), kept: run.kept, item }
      throw thrown
    }
  }
  const made = (source: Value, run: Run): Value => {
    const target = create()
    for (const step of steps) step(source, target, run)
    return target
  }

  if (split === undefined)
    return whole((value, context, kept) => {
      const run = new Run(context, lines.length, kept)
      return part(run, '', () => made({ ...value }, run))
    })
  if (direction === 'toModern') {
    const get = compileGetter(split.legacy)
    const itemsOf = (value: Value): Value[] => {
      const found = get(value) as Value[] | Value | undefined
      return found === undefined || found === null ? [] : repeated ? (found as Value[]) : [found as Value]
    }
    const eachOf = (value: Value, context: Context, kept?: Value) => {
      let { meters } = context
      return (source: Value, index: number): Part => {
        const item = String(source?.[split.by] ?? '')
        const run = new Run(meters === context.meters ? context : { ...context, meters }, lines.length, kept, item)
        const made = part(run, item, () => {
          const target = create()
          for (const step of around) step({ ...value }, target, run)
          if (repeated) run.indices.push(index)
          if (source === null) run.refuse(prefix.slice(0, -1), 'must not be nil')
          const copy = { ...source }
          for (const step of steps) step(copy, target, run)
          return target
        })
        // The same cable may come twice in a message: its meter goes on where the first left it.
        if ('kept' in made) meters = { ...meters, ...(made.kept.meters as Context['meters']) }
        return made
      }
    }
    return {
      translate: (value, context, kept) => itemsOf(value).map(eachOf(value, context, kept)),
      *parts(value, context, kept) {
        const each = eachOf(value, context, kept)
        const items = itemsOf(value)
        for (let i = 0; i < items.length; i++) yield each(items[i]!, i)
      },
    }
  }
  const wrap = template(ends.legacy)
  const set = setterFor(split.legacy, ends.legacy)
  return whole((value, context, kept) => {
    const run = new Run(context, lines.length, kept)
    return part(run, '', () => {
      const envelope = wrap()
      for (const step of around) step({ ...value }, envelope, run)
      const item = made({ ...value }, run)
      set(envelope, repeated ? [item] : item)
      return envelope
    })
  })
}

/** Of a message that is one message on the other side too. */
function whole(translate: (value: Value, context: Context, kept?: Value) => Part): Translator {
  const all = (value: Value, context: Context, kept?: Value) => [translate(value, context, kept)]
  return { translate: all, parts: all }
}

/** Makes receipts of what was counted. Most messages of a kind count the same: an entry is made anew only when it says another number. */
function receiptsOf(message: string, direction: Direction, lines: readonly Line[]) {
  const last: ReceiptEntry[] = []
  return (counts: readonly number[]): Receipt => {
    const entries: ReceiptEntry[] = []
    let fidelity: Fidelity = 'exact'
    for (let i = 0; i < lines.length; i++) {
      const count = counts[i]!
      if (count === 0) continue
      const known = last[i]
      const entry = known?.count === count ? known : { ...lines[i]!, count }
      last[i] = entry
      entries.push(entry)
      fidelity = worst(fidelity, entry.fidelity)
    }
    return { message, direction, fidelity, entries }
  }
}
