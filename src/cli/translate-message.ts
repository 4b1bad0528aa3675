/**
 * Translates one recognised message as the gateway would, without a wire: results, receipts, and what did not come through.
 * Limits: one message on its own; what a gateway does over several (schedules, meters, flows) is in its settings or left out.
 */
import { isDeepStrictEqual } from 'node:util'
import { GatewayError } from '../errors.ts'
import type { Part, Value } from '../mapping/compile.ts'
import type { Outcome } from '../mapping/outcome.ts'
import type { SoapVersion } from '../soap/versions.ts'
import { exitCodes } from './exit.ts'
import { printXml } from './print-xml.ts'
import { linesOf, messageOf, type Recognised } from './translate-recognise.ts'
import type { Settings } from './translate-settings.ts'
import { peekBody, readBodyOf, writeBody } from './translate-soap.ts'

export interface Translation {
  /** What goes to the other wire, for people; '' where nothing does. */
  readonly output: string
  readonly outcomes: readonly Outcome[]
  readonly exitCode: number
}

interface Done {
  readonly outcome: Outcome
  readonly text?: string
}

export function translateMessage(found: Recognised, settings: Settings, version?: SoapVersion): Translation {
  const { compiled, part, direction } = found
  const translator =
    part === 'request'
      ? compiled[direction]
      : direction === 'toModern'
        ? compiled.answerToModern
        : compiled.answerToLegacy
  const parts = translator.translate(found.value, settings.context, settings.kept && { ...settings.kept })
  const write = (value: Value) => (direction === 'toModern' ? writeJson(found, value) : writeXml(found, value))
  const done = parts.map((one) => finish(one, write))
  // As src/exchange/receive.ts has it: an unknown cable concerns itself only, anything else the whole message.
  const isWhole = parts.some((one) => 'refusal' in one && one.refusal.kind !== 'group-unknown')
  const texts = isWhole ? [] : done.flatMap(({ text }) => (text ? [text] : []))
  const outcomes = done.map(({ outcome }) => outcome)
  return { output: texts.length > 1 ? `${list(texts)}\n` : (texts[0] ?? ''), outcomes, exitCode: exitCodeOf(outcomes) }

  function writeXml({ crossing }: Recognised, value: Value): string {
    const { module } = compiled
    const side = part === 'answer' || module.of === 'response' ? 'output' : 'input'
    // Calls go to the service the legacy party hosts; answers come from the one that is hosted for it.
    const { role } = settings
    const host = side === 'input' ? role : role && (role === 'dso' ? 'csp' : 'dso')
    const xml = writeBody(crossing.legacy, module.legacy, side, value, { version, host })
    readBodyOf(xml, peekBody(xml), crossing.legacy)
    return printXml(xml)
  }
}

function writeJson(found: Recognised, value: Value): string {
  // A heartbeat is answered with a status alone.
  if (found.part === 'answer' && found.compiled.module.answered === 'gateway') return ''
  const text = JSON.stringify(value, null, 2)
  const sent: unknown = JSON.parse(text)
  if (!isDeepStrictEqual(messageOf(found).accept!(sent), sent))
    throw new GatewayError('untranslatable', 'it has members that the contract does not have')
  return `${text}\n`
}

function list(texts: readonly string[]): string {
  return JSON.stringify(
    texts.map((text) => JSON.parse(text)),
    null,
    2,
  )
}

/** `write` reads back what it wrote: a result its own contract would not take is a refusal here, never output. */
function finish(part: Part, write: (value: Value) => string): Done {
  const { item } = part
  if ('refusal' in part)
    return { outcome: { outcome: 'refused', item, path: part.refusal.path, reason: part.refusal.message } }
  if ('held' in part) {
    const { path, flow, message } = part.held
    return {
      outcome: { outcome: 'held', item, path, flow, reason: message, receipt: part.receipt, ...keptOf(part.kept) },
    }
  }
  try {
    const text = write(part.value)
    return { text, outcome: { outcome: 'translated', item, receipt: part.receipt, ...keptOf(part.kept) } }
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    const reason = `the result is not what the other contract says: ${linesOf(error).join('; ')}`
    return { outcome: { outcome: 'refused', item, path: '', reason } }
  }
}

function keptOf(kept: Value): { kept?: Value } {
  return Object.keys(kept).length > 0 ? { kept } : {}
}

function exitCodeOf(outcomes: readonly Outcome[]): number {
  if (outcomes.some(({ outcome }) => outcome !== 'translated')) return exitCodes.refused
  const isExact = outcomes.every((o) => o.outcome === 'translated' && o.receipt.fidelity === 'exact')
  return isExact ? exitCodes.ok : exitCodes.approximate
}
