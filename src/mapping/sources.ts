/** The closed set of places a filled value comes from. */
import type { Field } from '../contract/model.ts'
import { compileCheck } from '../contract/scalar.ts'
import { printInstant } from './codecs/instant.ts'
import type { Direction, Source } from './rules.ts'
import type { Context } from './run.ts'

export function readSource(source: Source, context: Context, direction: Direction): unknown {
  if (source.from === 'clock') return printInstant(context.now)
  if (source.from === 'state') return context.forecastId
  if (source.from === 'config')
    return source.what === 'offline deadline' ? printInstant(context.offlineAt) : context.combinedAsset
  // On the 1.0 wire every value is text of its lexical type.
  return direction === 'toModern' ? source.value : String(source.value)
}

/** Why a filled value cannot stand in this field, or undefined when it can. */
export function sourceMisfit(source: Source, field: Field, direction: Direction): string | undefined {
  const { type } = field
  if (type.kind !== 'scalar' || field.max > 1) return 'is not a single value'
  if (source.from === 'clock' || (source.from === 'config' && source.what === 'offline deadline'))
    return type.type === 'instant' ? undefined : 'is not an instant'
  if (source.from !== 'constant') return type.type === 'text' || type.type === 'integer' ? undefined : 'is not text'
  if (direction === 'toModern' && type.type === 'decimal' && typeof source.value !== 'number') return 'must be a number'
  if (direction === 'toModern' && type.type === 'text' && typeof source.value !== 'string') return 'must be text'
  return compileCheck(type)(String(source.value))
}

export function sourceTitle(source: Source): string {
  if (source.from === 'constant') return `always ${source.value}`
  if (source.from === 'clock') return 'the time at the gateway'
  return source.from === 'config' ? `configured: ${source.what}` : `stored: ${source.what}`
}
