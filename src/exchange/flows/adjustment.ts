/**
 * An operator of OSCP 1.0 asks for other capacities: the capacity provider is asked in turn, and the operator is told `Pending`.
 * Limits: OSCP 2.0 only says that it has the request; what is granted comes back as an ordinary forecast, or never.
 */
import type { Part, Value } from '../../mapping/compile.ts'
import { groupsOf, type PartAnswer, refuseHuge, refuseWhole } from '../answers.ts'
import type { EventQueue } from '../events.ts'
import type { PeerId, RequestId } from '../ids.ts'
import type { Change, Ledger } from '../ledger.ts'
import type { LegacyArrival, LegacyFlow } from '../receive.ts'
import { blocksOf, endOf } from '../schedule.ts'

export const adjustmentMessage = 'AdjustGroupCapacityForecast'

export interface AdjustmentOptions {
  readonly ledger: Ledger
  readonly events: EventQueue
  readonly now: () => number
  readonly newId: () => string
  /** Why nothing can be asked of this peer; undefined when it can. */
  readonly closed: (peer: PeerId) => Promise<string | undefined>
  /** Most blocks of one request, as the 2.0 party would get it. */
  readonly mostBlocks: number
  /** How long after one request for a group the next may follow, in milliseconds; 0 for no limit. */
  readonly pause: (peer: PeerId) => number
}

/** When a group was last asked for. */
interface Asked {
  readonly at: number
}

export function adjustmentFlow(options: AdjustmentOptions): LegacyFlow {
  const { ledger, events, now, newId, closed, pause, mostBlocks } = options
  return async (arrival) => {
    const { request, compiled, context, receipts, groups, link } = arrival
    const parts = compiled.toModern.translate(request.value, context)
    groups.push(...groupsOf(parts))
    refuseWhole(parts)
    refuseHuge(parts, mostBlocks)
    for (const part of parts) if ('receipt' in part) receipts.push(part.receipt)
    const reason = await closed(link.modern.id)
    const answers: PartAnswer[] = []
    for (const part of parts)
      answers.push(
        reason === undefined ? await ask(arrival, part) : { item: part.item, verdict: 'REFUSED', message: reason },
      )
    const said = answers.flatMap(({ message }) => message ?? [])
    const verdict = answers.every((answer) => answer.verdict === 'REFUSED') ? 'REFUSED' : 'PENDING'
    return { verdict, message: said.length > 0 ? said.join('; ') : undefined }
  }

  async function ask({ request, link }: LegacyArrival, part: Part): Promise<PartAnswer> {
    const { item } = part
    const refused = (message: string): PartAnswer => ({ item, verdict: 'REFUSED', message: `${item}: ${message}` })
    if ('refusal' in part) return refused(part.refusal.message)
    if ('held' in part) return refused(part.held.message)
    const group = part.value.group_id as string
    const expires = endOf(blocksOf(part.value))
    if (expires <= now()) return refused('every block has ended')
    for (;;) {
      const paced = await pacedBy(link.modern.id, `asked/${link.id}/${group}`)
      if (paced === undefined) return refused('was asked for a moment ago')
      const event = {
        kind: adjustmentMessage,
        link: link.id,
        group,
        value: part.value as Value,
        request: newId() as RequestId,
        exchange: request.exchange,
        at: now(),
        expires,
      }
      if (await events.add(link.modern.id, event, paced)) return { item, verdict: 'ACCEPTED' }
    }
  }

  /** What is to be remembered with a request, for the next one to be measured by; undefined when it comes too soon. */
  async function pacedBy(peer: PeerId, id: string): Promise<readonly Change[] | undefined> {
    const wait = pause(peer)
    if (wait === 0) return []
    const last = await ledger.read<Asked>({ peer, id })
    if (last && now() - last.record.at < wait) return undefined
    const record: Asked = { at: now() }
    return [{ id, revision: last?.revision ?? 0, write: { record, due: 'not due', keepFor: wait } }]
  }
}
