/**
 * A schedule of OSCP 2.0 as a legacy operator will know it: translated by the link's mapping, and read back as blocks.
 * Limits: what the mapping refuses is refused here; current and power of different times are told apart, never converted.
 */
import { type ErrorKind, GatewayError } from '../../errors.ts'
import type { CompiledMessage, Value } from '../../mapping/compile.ts'
import { type Context, type Receipt, Refusal } from '../../mapping/run.ts'
import type { Link } from '../peers.ts'
import { messageName } from '../receivers.ts'
import { type Block, blocksOf, forecastOf } from '../schedule.ts'
import type { Holding } from './group-limits.ts'
import { areComparable, smaller } from './smaller.ts'

/** One message for the operator. */
export interface LegacyMessage {
  readonly value: Value
  readonly receipt: Receipt
}

export interface InLegacyTerms {
  /** One figure per instant, or the same figure for each phase where it is in ampere. */
  readonly blocks: readonly Block[]
  readonly receipts: readonly Receipt[]
}

/** The mapping of forecasts on this link. Throws `message-unsupported` for a dialect that has none. */
export function forecastMapping(link: Link): CompiledMessage {
  const compiled = link.crossing.byModern.get(messageName)
  if (compiled) return compiled
  throw new GatewayError('message-unsupported', 'The operator speaks a dialect without forecasts.')
}

/**
 * The messages that tell an operator these limits: one, or, where current and power stand side by side and cannot be converted,
 * one of each. None for no blocks.
 */
export function messagesFor(
  link: Link,
  group: string,
  blocks: readonly Block[],
  context: Context,
  kept: Value,
): LegacyMessage[] | Refusal {
  const { toLegacy } = forecastMapping(link)
  const once = (some: readonly Block[]): LegacyMessage | Refusal => {
    const [part] = toLegacy.translate(forecastOf(group, 'CONSUMPTION', some), context, kept)
    if (part && 'value' in part) return part
    if (part && 'refusal' in part) return part.refusal
    throw new GatewayError('internal', 'A limit could not be translated.', { cause: part })
  }
  if (blocks.length === 0) return []
  const whole = once(blocks)
  if (!(whole instanceof Refusal)) return [whole]
  const currents = blocks.filter(({ unit }) => unit === 'A')
  const powers = blocks.filter(({ unit }) => unit !== 'A')
  if (currents.length === 0 || powers.length === 0) return whole
  const apart = [once(currents), once(powers)]
  return apart.some((one) => one instanceof Refusal) ? whole : (apart as LegacyMessage[])
}

/** What the operator is to hold. Throws `untranslatable` with the path in the other side's message. */
export function inLegacyTerms(link: Link, group: string, holding: Holding, context: Context): InLegacyTerms {
  const filled = { ...context, fallback: holding.fill }
  const limits = readBack(link, group, holding.limits, filled)
  const unit = limits.blocks[0]?.unit
  const comparable = (blocks: readonly Block[]) =>
    readBack(link, group, blocks, { ...context, legacyUnit: unit as Context['legacyUnit'], fallback: limits.blocks })
  const lowerBy = (blocks: readonly Block[]): readonly Block[] =>
    blocks.length === 0 || unit === undefined ? limits.blocks : smaller(limits.blocks, comparable(blocks).blocks)
  if (holding.notAbove) return { ...limits, blocks: lowerBy(holding.notAbove) }
  if (link.optimum === 'show') return limits
  // An optimum is advice: what cannot be compared with the limit does not move it.
  return { ...limits, blocks: orElse(limits.blocks, () => lowerBy(holding.optimum)) }
}

/** Throws `untranslatable` unless the optimum can be compared with the limits wherever both say something. */
export function checkOptimum(link: Link, group: string, holding: Holding, context: Context): void {
  const limits = readBack(link, group, holding.limits, { ...context, fallback: holding.fill }).blocks
  const legacyUnit = limits[0]?.unit as Context['legacyUnit']
  const optimum = readBack(link, group, holding.optimum, { ...context, legacyUnit, fallback: limits }).blocks
  if (!areComparable(limits, optimum)) throw refused('forecasted_blocks', 'must be comparable with the limit')
}

function readBack(link: Link, group: string, blocks: readonly Block[], context: Context): InLegacyTerms {
  const messages = messagesFor(link, group, blocks, context, {})
  if (messages instanceof Refusal) throw refused(messages.path, messages.message)
  const parts = messages.map(({ value }) => {
    const [part] = forecastMapping(link).toModern.translate(value, { ...context, ownFigures: true })
    if (part && 'value' in part) return blocksOf(part.value)
    throw new GatewayError('internal', 'A limit could not be read back.', { cause: part })
  })
  const [first = [], second = []] = parts
  if (overlapping(first, second)) throw refused('forecasted_blocks', 'must not overlap in different units')
  const inOrder = [...first, ...second].sort((a, b) => a.start - b.start)
  return { blocks: inOrder, receipts: messages.map(({ receipt }) => receipt) }
}

/** Of a list as a whole mappings say `name[]`; whoever sent it knows it as `name`. */
export function refused(list: string, sentence: string, kind: ErrorKind = 'untranslatable'): GatewayError {
  const path = list.replace(/\[\]$/, '')
  return new GatewayError(kind, `${path} ${sentence}`, { problems: [{ path, sentence }] })
}

function overlapping(one: readonly Block[], other: readonly Block[]): boolean {
  return !areComparable(
    one.map((block) => ({ ...block, unit: 'A' })),
    other.map((block) => ({ ...block, unit: 'W' })),
  )
}

function orElse<T>(otherwise: T, attempt: () => T): T {
  try {
    return attempt()
  } catch (error) {
    if (error instanceof GatewayError && error.kind === 'untranslatable') return otherwise
    throw error
  }
}
