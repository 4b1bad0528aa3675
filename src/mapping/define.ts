/**
 * The vocabulary of mapping modules: each function here returns a frozen plain object that the engine reads.
 * Limits: nothing here runs; the closed sets of codecs, shapers, sources and conditions live beside this file.
 */
import type { z } from 'zod'
import type { CodecRef, Condition, Lifetime, MeterFields, Reasons, Rule, ShaperRef, Source } from './rules.ts'

export type { CodecRef, Condition, Direction, Fidelity, Lifetime, Rule, ShaperRef, Source, Verb } from './rules.ts'

/** One message of the crossing: the request's rules, and how its answer comes back. */
export interface MessageModule {
  readonly name: string
  /** A 1.0 operation; or, with `of: 'response'`, that operation's response. */
  readonly legacy: string
  readonly of: 'request' | 'response'
  readonly modern: string
  readonly why: string
  readonly rules: readonly Rule[]
  /** 'peer': the other side's verdict is translated back; 'gateway': answered here at once; 'state': from what is stored. */
  readonly answered: 'peer' | 'gateway' | 'state'
  /** The 2.0 side of the answer; `none` when this module has no answer of its own. */
  readonly answerAs: string
  readonly answer: readonly Rule[]
}

export interface CrossingModule {
  readonly id: string
  readonly legacy: ContractModule
  readonly modern: ContractModule
  readonly messages: readonly MessageModule[]
  /** Messages of either contract that do not cross, each with its reason. */
  readonly unsupported: Reasons
}

/** The file that describes what each legacy party hosts; where it has several services, `file.wsdl#Service`. */
export interface WsdlFiles {
  readonly csp?: string | undefined
  readonly dso?: string | undefined
}

export type ContractModule =
  | {
      readonly wire: 'soap'
      readonly id: string
      readonly title: string
      readonly wsdl: WsdlFiles
      /** Every SOAP header the WSDL declares: `identity` for the one that names the operator, else why it is ignored. */
      readonly headers: Reasons
    }
  | {
      readonly wire: 'json'
      readonly id: string
      readonly title: string
      readonly messages: Readonly<Record<string, z.ZodType>>
      /** Messages that never are on a wire: what the gateway says to itself, so that its mapping is accounted for too. */
      readonly internal: Readonly<Record<string, z.ZodType>>
    }

/** An exact copy of one value. */
export const same = (legacy: string, modern: string): Rule => freeze({ verb: 'same', legacy, modern })

/** One value, converted both ways by a named codec. */
export const via = (legacy: string, modern: string, codec: CodecRef): Rule =>
  freeze({ verb: 'via', legacy, modern, codec })

/** A repeated element and an array, or an element and an object; the rules are relative to the item. */
export const each = (legacy: string, modern: string, rules: readonly Rule[]): Rule =>
  freeze({ verb: 'each', legacy, modern, rules })

/** One value on the list's owner, and the same value on every item; `differ` says what happens when items disagree. */
export const spread = (legacy: string, modern: string, codec: CodecRef, differ: string): Rule =>
  freeze({ verb: 'spread', legacy, modern, codec, differ })

/**
 * One message with n items is n messages; the rules after it are relative to the item. `by` names the item's identifier,
 * and `answers` says how n answers become one. An element that stands once is a list of one.
 */
export const split = (legacy: string, by: string, answers: string): Rule =>
  freeze({ verb: 'split', legacy, by, answers })

/** A named list transform over the items on the modern side, run after `each` upwards and before it downwards. */
export const shape = (legacy: string, modern: string, shaper: ShaperRef): Rule =>
  freeze({ verb: 'shape', legacy, modern, shaper })

/** A field only the target has. */
export const fill = (path: string, source: Source, reason: string): Rule =>
  freeze({ verb: 'fill', path, source, reason })

/** A field only the source has, forgotten on purpose and counted. */
export const drop = (path: string, reason: string): Rule => freeze({ verb: 'drop', path, reason })

/** A field only the source has, kept in state (under the name `as`) and restored on the way back. */
export const keep = (path: string, lifetime: Lifetime, reason: string, as = path): Rule =>
  freeze({ verb: 'keep', path, lifetime, reason, ...(as === path ? {} : { as }) })

/** Accepted, stored, counted, and given to a named flow instead of being sent on. */
export const hold = (path: string, when: Condition, flow: string, reason: string): Rule =>
  freeze({ verb: 'hold', path, when, flow, reason })

/** Something the target cannot express: answered with this kind of error rather than distorted. */
export const refuse = (
  path: string,
  when: Condition,
  error: 'untranslatable' | 'invalid-message',
  reason: string,
): Rule => freeze({ verb: 'refuse', path, when, error, reason })

/** The rule holds only towards OSCP 2.0. */
export const toModern = (rule: Rule): Rule => freeze({ ...rule, direction: 'toModern' })

/** The rule holds only towards OSCP 1.0. */
export const toLegacy = (rule: Rule): Rule => freeze({ ...rule, direction: 'toLegacy' })

/** One value, one instant: text with an offset on the 1.0 wire, UTC with milliseconds out. */
export const instant: CodecRef = freeze({ use: 'instant' })

/** xs:decimal text and a JSON number of the same value, up to 15 significant digits. */
export const decimal: CodecRef = freeze({ use: 'decimal' })

/** The same for whole numbers on the 1.0 wire: a limit with a fraction is rounded down. */
export const whole: CodecRef = freeze({ use: 'whole' })

/** Free text: what XML cannot carry becomes U+FFFD, and it is cut at `maxLength`; `absent` stands in for none. */
export const text = (maxLength: number, absent?: string): CodecRef =>
  freeze(absent === undefined ? { use: 'text', maxLength } : { use: 'text', maxLength, absent })

/** The identifiers of cables and groups, by the link's own table. */
export const groups: CodecRef = freeze({ use: 'ids', table: 'groups' })

/** A table of values, total both ways: what has no counterpart is refused with a reason. */
export const table = (
  name: string,
  pairs: readonly (readonly [legacy: string, modern: string])[],
  refused: { legacy?: Reasons; modern?: Reasons } = {},
): CodecRef =>
  freeze({ use: 'enum', name, pairs, refusedLegacy: refused.legacy ?? {}, refusedModern: refused.modern ?? {} })

/** Where blocks of one message overlap, the smallest capacity holds. */
export const tightest: ShaperRef = freeze({ use: 'tightest' })

/** 1.0 states no phase; 2.0 states one per block. */
export const phases: ShaperRef = freeze({ use: 'phases' })

/** 1.0 states one unit of power or current per forecast; 2.0 one per block, and energy too. */
export const oneUnit: ShaperRef = freeze({ use: 'one unit' })

/** 1.0 states a unit per block too: only energy becomes power, and what overlaps or is gridded one unit. */
export const unitPerBlock: ShaperRef = freeze({ use: 'unit per block' })

/** Quarter hours by the minimum, where the link asks for a grid. */
export const grid: ShaperRef = freeze({ use: 'grid' })

/**
 * Energy per interval, and readings of a register per phase, direction and energy type; `inside` names a wrapper, `meters`
 * what the 1.0 items call their register's readings: beside the energy, or in place of it.
 */
export const usage = (
  inside = '',
  meters: MeterFields = { start: 'meterStart', end: 'meterEnd', energy: 'stated' },
): ShaperRef => freeze({ use: 'usage', inside, meters })

export const constant = (value: string | number | boolean): Source => freeze({ from: 'constant', value })
export const clock: Source = freeze({ from: 'clock', what: 'now' })
export const config = (what: 'offline deadline' | 'combined asset'): Source => freeze({ from: 'config', what })
export const stored = (what: 'forecast id'): Source => freeze({ from: 'state', what })
export const always: Condition = freeze({ is: 'always' })
export const absent: Condition = freeze({ is: 'absent' })
export const not = (value: string): Condition => freeze({ is: 'not', value })
export const oneOf = (...values: string[]): Condition => freeze({ is: 'one of', values })
export const notAfter = (other: string): Condition => freeze({ is: 'not after', other })
export const until = (lifetime: Lifetime['until']): Lifetime => freeze({ until: lifetime })

type Optional = 'of' | 'answered' | 'answerAs' | 'answer'

/** A mapping module: one message of the crossing. */
export const message = (
  name: string,
  module: Omit<MessageModule, 'name' | Optional> & Partial<Pick<MessageModule, Optional>>,
): MessageModule =>
  freeze({ name, of: 'request', answered: 'peer', answerAs: module.answer ? 'Answer' : 'none', answer: [], ...module })

/** A pair of contracts and all that crosses between them. */
export const crossing = (id: string, module: Omit<CrossingModule, 'id'>): CrossingModule =>
  Object.freeze({ id, ...module })

/** A contract read from WSDL files, by the party that hosts each; paths are relative to the `wsdl/` folder. */
export const soapContract = (id: string, title: string, wsdl: WsdlFiles, headers: Reasons = {}): ContractModule =>
  freeze({ wire: 'soap', id, title, wsdl, headers })

/** A contract of JSON messages, each a zod schema; `internal` ones are never on a wire. */
export const jsonContract = (
  id: string,
  title: string,
  messages: Readonly<Record<string, z.ZodType>>,
  internal: Readonly<Record<string, z.ZodType>>,
): ContractModule => Object.freeze({ wire: 'json', id, title, messages, internal })

function freeze<T extends object>(value: T): T {
  for (const child of Object.values(value)) if (typeof child === 'object' && child !== null) freeze(child)
  return Object.freeze(value)
}
