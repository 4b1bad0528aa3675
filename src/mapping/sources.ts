/** The closed set of places a filled value comes from. */
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

export function sourceTitle(source: Source): string {
  if (source.from === 'constant') return `always ${source.value}`
  if (source.from === 'clock') return 'the time at the gateway'
  return source.from === 'config' ? `configured: ${source.what}` : `stored: ${source.what}`
}
