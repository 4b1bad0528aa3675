/**
 * A forecast's record as JSON, made of what is known already: a list of blocks is written out once, however often its record is.
 * Limits: lists of blocks must never be changed, only replaced; what stands for a list is forgotten with it.
 */
import type { Delivery, ForecastRecord } from './forecast-record.ts'
import type { Stored } from './ledger.ts'
import type { Block } from './schedule.ts'

const texts = new WeakMap<readonly Block[], string>()

/** Every member but the lists: one that is added to the record and not here does not compile. */
type Small<T, Lists extends keyof T> = { [K in Exclude<keyof T, Lists>]-?: T[K] }

/** The same as JSON.stringify makes of it, in another order. */
export function textOfRecord(record: ForecastRecord): string {
  const { version, settled, held, delivery, since } = record
  const { link, group, type, perPhase, at, settledAt, from, sinceCause, said, sent, kept } = record
  const small: Small<ForecastRecord, 'held' | 'delivery' | 'since'> = {
    ...{ version, settled, link, group, type, perPhase, at, settledAt, from, sinceCause, said, sent, kept },
  }
  const owed = delivery === undefined ? '' : `,"delivery":${textOfDelivery(delivery)}`
  const more = since === undefined ? '' : `,"since":${textOfBlocks(since)}`
  return `{"held":${textOfBlocks(held)},${JSON.stringify(small).slice(1, -1)}${owed}${more}}`
}

function textOfDelivery({ version, request, blocks, attempts, sender, cause }: Delivery): string {
  const small: Small<Delivery, 'blocks'> = { version, request, attempts, sender, cause }
  return `${JSON.stringify(small).slice(0, -1)},"blocks":${textOfBlocks(blocks)}}`
}

function textOfBlocks(blocks: readonly Block[]): string {
  const known = texts.get(blocks)
  if (known !== undefined) return known
  let text = ''
  for (const block of blocks) text += (text === '' ? '[' : ',') + textOfBlock(block)
  text = text === '' ? '[]' : `${text}]`
  texts.set(blocks, text)
  return text
}

/** By itself, because JSON.stringify takes twice as long over many small objects. */
function textOfBlock({ start, end, capacity, unit, phase }: Block): string {
  return `{"start":${start},"end":${end},"capacity":${capacity},"unit":${quoted(unit)},"phase":${quoted(phase)}}`
}

/** Units and phases are few words, so that each is put in quotes only once. */
const words = new Map<string, string>()
const mostWords = 64

function quoted(word: string): string {
  const known = words.get(word)
  if (known !== undefined) return known
  const text = JSON.stringify(word)
  if (words.size < mostWords) words.set(word, text)
  return text
}

/** Takes the text of what the peer holds over from a record as it was read, if it was written by `textOfRecord`. */
export function keepText({ record, text }: Stored<ForecastRecord>): void {
  if (!text?.startsWith('{"held":[')) return
  const end = text.indexOf(']')
  // Inside of a string these quotes would be escaped, so the list ends here.
  if (text.startsWith(',"version":', end + 1)) texts.set(record.held, text.slice('{"held":'.length, end + 1))
}
