/** Our XML scanner beside saxes: the same documents taken, the same events. Sentences of disagreement, with the document. */
import { forecasts, read } from '../soap/wordings.ts'
import { generated, mutated } from '../xml/documents.ts'
import { oracle, scanned } from '../xml/oracle.ts'
import type { Dice } from './dice.ts'

/** Undefined when both say the same. */
export function disagreement(document: string): string | undefined {
  const ours = told(() => scanned(document))
  const theirs = told(() => oracle(document))
  return ours === theirs ? undefined : `our scanner and saxes disagree about ${JSON.stringify(document.slice(0, 2000))}`
}

/** Of a forecast, which is mostly a good one: whether it says the same read by its wording as by its events. */
export function misreading(dice: Dice): string | undefined {
  const whole = forecasts(dice.random)
  const document = dice.often(0.5) ? whole : mutated(whole, dice.random)
  const [byWording, byEvents] = [told(() => read(document, () => undefined)), told(() => read(document))]
  return byWording === byEvents
    ? undefined
    : `read by its wording otherwise: ${JSON.stringify(document.slice(0, 5000))}`
}

function told(read: () => unknown): string {
  try {
    return JSON.stringify(read()) ?? 'refused'
  } catch (error) {
    return `threw ${String(error)}`
  }
}

/** One document that is mostly well-formed, or one with accidents. */
export function document(dice: Dice): string {
  const whole = generated(dice.random)
  return dice.often(0.5) ? whole : mutated(whole, dice.random)
}
