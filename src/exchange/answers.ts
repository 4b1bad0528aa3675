/** What one 1.0 message is told when it was several 2.0 ones: a fault of the whole, or an answer per item and all of them as one. */
import { GatewayError } from '../errors.ts'
import type { Part, Value } from '../mapping/compile.ts'

/** What became of one item of a message; `item` is what the caller calls it. */
export interface PartAnswer {
  readonly item: string
  readonly verdict: 'ACCEPTED' | 'REFUSED'
  readonly message?: string
}

/** What a message is about: the 2.0 names of its groups, and its own where there is none. */
export function groupsOf(parts: readonly Part[]): string[] {
  return parts.map((part) => ('value' in part ? String(part.value.group_id) : part.item))
}

/** A value that cannot be translated makes the whole message a fault; an unknown cable only concerns itself. */
export function refuseWhole(parts: readonly Part[]): void {
  const refusals = parts.flatMap((part) => ('refusal' in part ? [part.refusal] : []))
  const refused = refusals.filter((refusal) => refusal.kind !== 'group-unknown')
  const [first] = refused
  if (!first) return
  throw new GatewayError(first.kind, `${first.path}: ${first.message}`, {
    problems: refused.slice(0, 10).map(({ path, message }) => ({ path, sentence: message })),
  })
}

/** Lists of a message that are longer than any forecast may be are refused before they are translated, which costs most. */
export function refuseHugeLists(value: Value, mostBlocks: number): void {
  for (const name in value) {
    const inner = value[name]
    if (!Array.isArray(inner)) continue
    if (inner.length > mostBlocks)
      throw new GatewayError('message-too-large', `A list of the message has more than ${mostBlocks} items.`)
    for (const item of inner) if (typeof item === 'object' && item !== null) refuseHugeLists(item as Value, mostBlocks)
  }
}

/** More blocks than anybody means: what a schedule of them costs is not one message's to ask. */
export function refuseHuge(parts: readonly Part[], mostBlocks: number): void {
  for (const part of parts)
    if ('value' in part && ((part.value.forecasted_blocks as unknown[] | undefined)?.length ?? 0) > mostBlocks)
      throw new GatewayError('message-too-large', `A forecast has more than ${mostBlocks} blocks.`)
}

/** Several answers as one: refused when any is, naming each refused item once. */
export function mergeAnswers(answers: readonly PartAnswer[]): Value {
  const refused = answers.filter((answer) => answer.verdict === 'REFUSED')
  const said = answers.flatMap(({ item, message }) =>
    message === undefined ? [] : [item === '' ? message : `${item}: ${message}`],
  )
  return {
    verdict: refused.length > 0 ? 'REFUSED' : 'ACCEPTED',
    message: said.length > 0 ? said.join('; ') : undefined,
    refused: [...new Set(refused.map((answer) => answer.item))],
  }
}
