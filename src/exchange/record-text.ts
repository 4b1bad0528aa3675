/**
 * How a forecast's record is written: its lists of blocks apart, each only when it is new, printed once.
 * Limits: lists of blocks must never be changed, only replaced: a list that the stored record has too is taken to be there.
 */
import { decimalText } from '../contract/decimal.ts'
import type { Delivery, ForecastRecord } from './forecast-record.ts'
import type { Lasting, Member } from './ledger.ts'
import type { Block } from './schedule.ts'

/** Every member but the lists: one that is added to the record and not here does not compile. */
type Rest<T, Lists extends keyof T> = { [K in Exclude<keyof T, Lists>]-?: T[K] }

/** The record, written over the one that is stored (undefined: there is none). */
export function lasting(record: ForecastRecord, stored: ForecastRecord | undefined): Lasting {
  const { held, delivery, since } = record
  const apart = {
    held: member(held, stored),
    'delivery.blocks': delivery && member(delivery.blocks, stored),
    since: since && member(since, stored),
  }
  const blocks = held.length + (delivery?.blocks.length ?? 0) + (since?.length ?? 0)
  return { text: () => textOfRest(record), apart, over: stored, size: sizeOfRecord + blocks * sizeOfBlock }
}

/** As V8 keeps them, roughly, in bytes. */
const sizeOfRecord = 2_000
const sizeOfBlock = 100

function textOfRest(record: ForecastRecord): string {
  const { link, group, type, perPhase, version, at, settled, settledAt, from, sinceCause, said, sent, kept } = record
  const rest: Rest<ForecastRecord, 'held' | 'delivery' | 'since'> = {
    ...{ link, group, type, perPhase, version, at, settled, settledAt, from, sinceCause, said, sent, kept },
  }
  return JSON.stringify({ ...rest, delivery: record.delivery && restOfDelivery(record.delivery) })
}

function restOfDelivery({ version, request, attempts, sender, cause }: Delivery): Rest<Delivery, 'blocks'> {
  return { version, request, attempts, sender, cause }
}

function member(blocks: readonly Block[], stored: ForecastRecord | undefined): Member {
  const json = () => textOfBlocks(blocks)
  if (stored === undefined || blocks.length === 0) return { json }
  if (blocks === stored.held) return { as: 'held', json }
  if (blocks === stored.delivery?.blocks) return { as: 'delivery.blocks', json }
  return { as: blocks === stored.since ? 'since' : undefined, json }
}

/** By itself, because JSON.stringify takes twice as long over many small objects. */
function textOfBlocks(blocks: readonly Block[]): string {
  let text = ''
  let last = Number.NaN
  let until = ''
  for (const { start, end, capacity, unit, phase } of blocks) {
    // Most blocks begin where the one before them ends.
    const from = start === last ? until : textOfTime(start)
    last = end
    until = textOfTime(end)
    text += `${text === '' ? '[' : ','}{"start":${from},"end":${until},"capacity":${decimalText(capacity)},"unit":${quoted(unit)},"phase":${quoted(phase)}}`
  }
  return text === '' ? '[]' : `${text}]`
}

/** Milliseconds since 1970. Whole seconds fit into 32 bits, and such numbers are printed in half the time. */
function textOfTime(ms: number): string {
  return ms > 0 && ms % 1000 === 0 ? `${ms / 1000}000` : `${ms}`
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
