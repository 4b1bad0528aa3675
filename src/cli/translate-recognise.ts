/**
 * Finds out what a text is: which message of which crossing, and its value. SOAP by its body element, JSON by its members.
 * Limits: where a text fits several messages the first is taken and the others are named; only answers must be named.
 */
import type { Message } from '../contract/model.ts'
import type { GatewayError } from '../errors.ts'
import type { CompiledMessage, Value } from '../mapping/compile.ts'
import type { Crossing } from '../mapping/crossings.ts'
import { exitCodes, InputError } from './exit.ts'
import { membersScore } from './translate-members.ts'
import { type Body, peekBody, readBodyOf } from './translate-soap.ts'

/** What the command line says of the message. */
export interface Choice {
  /** Contract ids of the input and of the result. */
  readonly from?: string | undefined
  readonly to?: string | undefined
  /** A mapping module, an OSCP 1.0 operation or an OSCP 2.0 message. */
  readonly message?: string | undefined
}

/** One way to read the input. */
export interface Reading {
  readonly crossing: Crossing
  readonly compiled: CompiledMessage
  /** Whether the module's own rules apply to it, or those of its answer. */
  readonly part: 'request' | 'answer'
  readonly direction: 'toModern' | 'toLegacy'
}

export interface Recognised extends Reading {
  readonly value: Value
  /** Other modules the same text fits, for `--message`. */
  readonly also: readonly string[]
}

/** A message that is known and does not cross; the reason is its mapping's. */
export class NotCarried extends Error {
  override readonly name = 'NotCarried'
}

/** Throws InputError (no message of any contract), NotCarried, or GatewayError with the problems of a known message. */
export function recognise(text: string, crossings: readonly Crossing[], choice: Choice): Recognised {
  const isXml = text.trimStart().startsWith('<')
  const within = crossings.filter((crossing) => {
    const [from, to] = isXml ? [crossing.legacy, crossing.modern] : [crossing.modern, crossing.legacy]
    return (choice.from ?? from.id) === from.id && (choice.to ?? to.id) === to.id
  })
  if (within.length === 0) throw unusable(`no mapping leads ${routeOf(choice)}; ${routesOf(crossings)}`)
  return isXml ? recogniseXml(text, within, choice) : recogniseJson(text, within, choice)
}

function routeOf({ from, to }: Choice): string {
  return [from && `from ${from}`, to && `to ${to}`].filter(Boolean).join(' ')
}

function routesOf(crossings: readonly Crossing[]): string {
  return `there is ${crossings.map((c) => `${c.legacy.id} (SOAP) ↔ ${c.modern.id} (JSON)`).join(', ')}`
}

function recogniseXml(text: string, crossings: readonly Crossing[], choice: Choice): Recognised {
  const body = peekBody(text)
  const found = crossings.flatMap((crossing) => readingsOf(body, crossing))
  if (found.length === 0) throw unknownElement(body, crossings)
  const carried = found.flatMap((f) => f.readings)
  if (carried.length === 0) throw new NotCarried(`${body.local}: ${found[0]!.reason}`)
  const [first, ...others] = chosen(carried, choice)
  return { ...first, value: readBodyOf(text, body, first.crossing.legacy), also: namesOf(others) }
}

/** What the modules of one crossing can do with this body element; empty when its contract has no such element. */
function readingsOf(body: Body, crossing: Crossing): { readings: Reading[]; reason: string }[] {
  const is = (message: Message) => message.name === body.local && message.uri === body.uri
  for (const operation of crossing.legacy.services.flatMap((s) => s.operations)) {
    const side = is(operation.input) ? 'request' : is(operation.output) ? 'response' : undefined
    if (side === undefined) continue
    const own = crossing.messages.filter((m) => m.module.legacy === operation.name)
    const direct = own.filter((m) => m.module.of === side).map((m) => reading(crossing, m, 'request', 'toModern'))
    const answers = own
      .filter((m) => side === 'response' && m.module.of === 'request' && m.module.answerAs !== 'none')
      .map((m) => reading(crossing, m, 'answer', 'toModern'))
    return [{ readings: [...answers, ...direct], reason: crossing.unsupported[operation.name] ?? 'is not mapped' }]
  }
  return []
}

function unknownElement(body: Body, crossings: readonly Crossing[]): InputError {
  const operations = crossings.flatMap((c) => c.legacy.services.flatMap((s) => s.operations))
  const messages = operations.flatMap((o) => [o.input, o.output])
  const uris = new Set(messages.filter((m) => m.name === body.local).map((m) => m.uri))
  if (uris.size > 0) return unusable(`${body.local} must be in the namespace ${[...uris].join(' or ')}`)
  return unusable(`the Body holds an element that no contract has (${crossings.map((c) => c.legacy.id).join(', ')})`)
}

function recogniseJson(text: string, crossings: readonly Crossing[], choice: Choice): Recognised {
  const json = parseJson(text)
  const readings = crossings.flatMap((crossing) => crossing.messages.flatMap((m) => jsonReadings(crossing, m)))
  const scored = (choice.message === undefined ? readings : chosen(readings, choice))
    .map((r) => ({ ...r, score: membersScore(messageOf(r).type, json) }))
    .toSorted((a, b) => b.score - a.score)
  const best = scored[0]!
  if (choice.message === undefined) refuseUncarried(json, crossings, best.score)
  if (choice.message === undefined && best.score < 0)
    throw unusable('the members are those of no message; name the one that is meant with --message')
  const equal = scored.filter((other) => other.score === best.score && other.crossing === best.crossing)
  if (best.part === 'answer' && equal.length > 1)
    throw unusable(`several messages are answered like this; name one with --message: ${namesOf(equal).join(', ')}`)
  const { score: _, ...first } = best
  return { ...first, value: messageOf(best).accept!(json), also: namesOf(equal.slice(1)) }
}

function jsonReadings(crossing: Crossing, compiled: CompiledMessage): Reading[] {
  const request = reading(crossing, compiled, 'request', 'toLegacy')
  return compiled.module.answerAs === 'none' ? [request] : [request, reading(crossing, compiled, 'answer', 'toLegacy')]
}

function refuseUncarried(json: unknown, crossings: readonly Crossing[], best: number): void {
  for (const { modern, unsupported } of crossings)
    for (const [name, reason] of Object.entries(unsupported)) {
      const message = modern.messages.get(name)
      if (message && membersScore(message.type, json) > best) throw new NotCarried(`${name} is not carried: ${reason}`)
    }
}

/** The message of the JSON contract that a reading is about. */
export function messageOf({ crossing, compiled, part }: Reading): Message {
  return crossing.modern.messages.get(part === 'request' ? compiled.module.modern : compiled.module.answerAs)!
}

function parseJson(text: string): unknown {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw unusable('neither XML nor JSON', cause)
  }
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json
  throw unusable(Array.isArray(json) ? 'a JSON list; give one message at a time' : 'JSON, but not an object')
}

function chosen(readings: readonly Reading[], { message }: Choice): [Reading, ...Reading[]] {
  const wanted = message?.toLowerCase()
  const kept = readings.filter(
    ({ compiled: { module } }) =>
      wanted === undefined || [module.name, module.legacy, module.modern].some((n) => n.toLowerCase() === wanted),
  )
  if (kept.length === 0)
    throw unusable(`--message ${message} is none of those that fit: ${namesOf(readings).join(', ')}`)
  return kept as [Reading, ...Reading[]]
}

function namesOf(readings: readonly Reading[]): string[] {
  return [...new Set(readings.map(({ compiled }) => compiled.module.name))]
}

function reading(
  crossing: Crossing,
  compiled: CompiledMessage,
  part: Reading['part'],
  direction: Reading['direction'],
): Reading {
  return { crossing, compiled, part, direction }
}

function unusable(sentence: string, cause?: unknown): InputError {
  return new InputError(exitCodes.data, [sentence], cause)
}

/** One line for each problem, as both wires would name it. */
export function linesOf(error: GatewayError): string[] {
  if (error.problems.length === 0) return [error.message]
  return error.problems.map(({ path, sentence }) => `${path}${path ? ' ' : ''}${sentence}`)
}
