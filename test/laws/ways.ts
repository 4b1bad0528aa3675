/**
 * Every way through every crossing that ships: each message, request and answer, in each direction, found by walking them.
 * Limits: an answer that the gateway gives itself is carried to 1.0 only; its way up is walked by no law but that of mutants.
 */
import { resolve } from 'node:path'
import type { Complex, Contract, Message } from '../../src/contract/model.ts'
import type { CompiledMessage, Part, Translator, Value } from '../../src/mapping/compile.ts'
import { type Crossing, compileCrossings, mappingFolders } from '../../src/mapping/crossings.ts'
import type { Direction, Rule } from '../../src/mapping/rules.ts'
import type { Context } from '../../src/mapping/run.ts'

const root = resolve(import.meta.dirname, '../..')

export const crossings: readonly Crossing[] = compileCrossings(await mappingFolders(`${root}/mappings`), `${root}/wsdl`)

export interface End {
  readonly wire: 'soap' | 'json'
  readonly type: Complex
  readonly contract: Contract
  /** The operation and side of a 1.0 message, or the name of a 2.0 message. */
  readonly name: string
  readonly side: 'input' | 'output'
}

export interface Way {
  readonly name: string
  readonly compiled: CompiledMessage
  readonly direction: Direction
  readonly rules: readonly Rule[]
  readonly source: End
  readonly target: End
  readonly translator: Translator
  readonly back: Translator
  /** Whether anything ever goes this way. */
  readonly carried: boolean
}

/** All ways of these crossings that anything goes. */
export function waysOf(all: readonly Crossing[]): Way[] {
  return all
    .flatMap((crossing) => crossing.messages.flatMap((compiled) => waysOfMessage(crossing, compiled)))
    .filter((way) => way.carried)
}

export function waysOfMessage({ id, legacy, modern }: Crossing, compiled: CompiledMessage): Way[] {
  const { module } = compiled
  const operation = legacy.services.flatMap((s) => s.operations).find((o) => o.name === module.legacy)!
  const soap = (side: 'input' | 'output'): End => ({
    wire: 'soap',
    type: operation[side].type,
    contract: legacy,
    name: operation.name,
    side,
  })
  const json = (name: string): End => ({
    wire: 'json',
    type: (modern.messages.get(name) as Message).type,
    contract: modern,
    name,
    side: 'input',
  })
  const request = { legacy: soap(module.of === 'request' ? 'input' : 'output'), modern: json(module.modern) }
  const name = `${id} ${module.name}`
  const way = (
    title: string,
    up: boolean,
    ends: typeof request,
    rules: readonly Rule[],
    to: Translator,
    from: Translator,
  ): Way => ({
    name: `${name}${title} ${up ? 'towards 2.0' : 'towards 1.0'}`,
    compiled,
    direction: up ? 'toModern' : 'toLegacy',
    rules,
    source: up ? ends.legacy : ends.modern,
    target: up ? ends.modern : ends.legacy,
    translator: to,
    back: from,
    carried: title === '' || !up || module.answered !== 'gateway',
  })
  const { toModern, toLegacy, answerToModern, answerToLegacy } = compiled
  const ways = [
    way('', true, request, module.rules, toModern, toLegacy),
    way('', false, request, module.rules, toLegacy, toModern),
  ]
  if (module.answerAs === 'none') return ways
  const answer = { legacy: soap('output'), modern: json(module.answerAs) }
  ways.push(way(' answer', false, answer, module.answer, answerToLegacy, answerToModern))
  ways.push(way(' answer', true, answer, module.answer, answerToModern, answerToLegacy))
  return ways
}

export type Translated = Extract<Part, { readonly value: Value }>

export const isTranslated = (part: Part): part is Translated => 'value' in part

/** Translates with everything it is given frozen, so that any change to it throws. */
export function translateFrozen(translator: Translator, value: Value, context: Context, kept?: Value): Part[] {
  return translator.translate(freeze(value), freeze(context), kept && freeze(kept))
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const child of Object.values(value)) freeze(child)
  return Object.freeze(value)
}
