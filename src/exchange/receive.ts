/**
 * Takes one decoded 1.0 request through the gateway: find the link, translate, hand on, translate the answer back.
 * Limits: a message is refused whole before anything is stored; after that each cable has its own answer.
 */
import { setImmediate as othersFirst } from 'node:timers/promises'
import { GatewayError } from '../errors.ts'
import type { CompiledMessage, Part, Value } from '../mapping/compile.ts'
import type { MessageModule } from '../mapping/define.ts'
import type { Context, Receipt } from '../mapping/run.ts'
import { groupsOf, mergeAnswers, type PartAnswer, refuseHuge, refuseHugeLists, refuseWhole } from './answers.ts'
import type { Wishes } from './flows/wishes.ts'
import type { Origin } from './forecast-record.ts'
import type { Forecasts } from './forecasts.ts'
import type { ExchangeId, PeerId, RequestId } from './ids.ts'
import type { ExchangeLine, Observer } from './observer.ts'
import { contextOf, type Link, type Links } from './peers.ts'
import { ReceiptSum } from './receipts.ts'
import type { Verdict } from './waiting.ts'

export interface LegacyRequest {
  readonly exchange: ExchangeId
  readonly peer: PeerId
  readonly operation: string
  readonly value: Value
  readonly cspIdentity: string | undefined
  /** The caller's own name for this message, and for the one it belongs to (WS-Addressing), as it wrote them. */
  readonly messageId?: string | undefined
  readonly relatesTo?: string | undefined
}

/** What the SOAP wire needs of the exchange. */
export interface LegacyReceiver {
  /** The response's value. Throws GatewayError; then nothing was stored. */
  receive(request: LegacyRequest): Promise<Value>
}

/** One operation on its way, its link found: what a flow has to go by. */
export interface LegacyArrival {
  readonly request: LegacyRequest
  readonly link: Link
  readonly compiled: CompiledMessage
  readonly context: Context
  /** Where a flow leaves the receipts of its translations. */
  readonly receipts: Receipt[]
  /** And the 2.0 names of the groups that the message is about. */
  readonly groups: string[]
}

/** What carries one kind of operation on. Resolves to the answer as OSCP 2.0 would say it; throws GatewayError, and then nothing was stored. */
export type LegacyFlow = (arrival: LegacyArrival) => Promise<Value>

export interface ReceiveOptions {
  readonly links: Links
  readonly forecasts: Forecasts
  readonly observer: Observer
  readonly now: () => number
  /** How far in the future a heartbeat promises the next one, in milliseconds. */
  readonly offlineAfter: number
  /** Most blocks of one forecast, as the 2.0 party would get it. */
  readonly mostBlocks: number
  /** Told of whoever calls: it is a sign of life. */
  readonly signOfLife: (peer: PeerId) => void
  /** A sentence for the caller when the other side has ended its registration: nothing is sent to it. */
  readonly closed: (peer: PeerId) => Promise<string | undefined>
  /** By the 2.0 message that the operation's mapping leads to, whatever the dialect calls the operation. Forecasts need none. */
  readonly flows: ReadonlyMap<string, LegacyFlow>
  /** The wishes that a DSO's forecasts may answer. */
  readonly wishes: Wishes
}

/** What all items of one message have in common. */
interface Told {
  readonly deadline: number
  /** Why nobody holds it now. It is kept all the same: who comes back must not be told an older one. */
  readonly reason: string | undefined
  /** The wishes that are open, by group. */
  readonly wished: ReadonlyMap<unknown, RequestId>
  readonly exchange: ExchangeId
}

/** What is known of a message by the time it is answered or refused. */
interface Seen {
  link: Link | undefined
  readonly groups: string[]
  readonly receipts: Receipt[]
}

/**
 * How many blocks of a message are translated, or begun to be passed on, without a look at what else has come, and how many blocks'
 * work an item is besides: a millisecond or two of each.
 */
const blocksAtOnce = 256
const blocksPerItem = 16

/** The work done since others had their turn. A message of many blocks or cables must not keep all of them waiting. */
class Work {
  private blocks = 0

  /** Whether it is enough, with this part; then it is the turn of others. */
  isEnoughWith(part: Part): boolean {
    const list = 'value' in part ? (part.value.forecasted_blocks as unknown[] | undefined) : undefined
    this.blocks += blocksPerItem + (list?.length ?? 0)
    if (this.blocks < blocksAtOnce) return false
    this.blocks = 0
    return true
  }
}

export function legacyReceiver({
  links,
  forecasts,
  observer,
  now,
  offlineAfter,
  mostBlocks,
  signOfLife,
  closed,
  flows,
  wishes,
}: ReceiveOptions): LegacyReceiver {
  return { receive }

  async function receive(request: LegacyRequest): Promise<Value> {
    const started = now()
    const { exchange: id, peer, operation, messageId, relatesTo } = request
    signOfLife(peer)
    const seen: Seen = { link: undefined, groups: [], receipts: [] }
    // One literal makes a line: to spread objects together takes as long as reading a heartbeat.
    const observe = (outcome: ExchangeLine['outcome'], error?: unknown) =>
      observer.exchanged({
        exchange: id,
        peer,
        link: seen.link?.id,
        operation,
        direction: 'toModern',
        groups: [...new Set(seen.groups)],
        messageId,
        relatesTo,
        outcome,
        durationMs: now() - started,
        receipts: seen.receipts,
        error,
      })
    try {
      const { value, accepted } = await exchange(request, seen)
      observe(accepted ? 'accepted' : 'rejected')
      return value
    } catch (error) {
      observe(error instanceof GatewayError ? error.kind : 'internal', error)
      throw error
    }
  }

  async function exchange(request: LegacyRequest, seen: Seen): Promise<{ value: Value; accepted: boolean }> {
    const link = links.ofLegacy(request.peer, request.cspIdentity)
    seen.link = link
    const context = contextOf(link, now(), offlineAfter)
    const compiled = link.crossing.byLegacy.get(request.operation)
    if (!compiled) throw new GatewayError('operation-unknown', 'This operation is not supported by the gateway.')
    const flow = flows.get(compiled.module.modern)
    if (!flow && !isCarried(compiled.module))
      throw new GatewayError('message-unsupported', 'This operation is not carried by the gateway.')

    let answer: Value = {}
    if (flow) answer = await flow({ request, link, compiled, context, receipts: seen.receipts, groups: seen.groups })
    else if (compiled.module.answered === 'peer') {
      refuseHugeLists(request.value, mostBlocks)
      const { parts, receipts } = await translated(compiled, request.value, context)
      seen.groups.push(...groupsOf(parts))
      refuseWhole(parts)
      refuseHuge(parts, mostBlocks)
      seen.receipts.push(...receipts)
      answer = mergeAnswers(await passAll(link, parts, request.exchange))
    }
    const [back] = compiled.answerToLegacy.translate(answer, context)
    if (!back || !('value' in back))
      throw new GatewayError('internal', 'The answer could not be translated.', { cause: back })
    seen.receipts.push(back.receipt)
    return { value: back.value, accepted: answer.verdict !== 'REFUSED' }
  }

  async function translated({ toModern }: CompiledMessage, value: Value, context: Context) {
    const parts: Part[] = []
    const receipts = new ReceiptSum()
    const work = new Work()
    for (const part of toModern.parts(value, context)) {
      if ('receipt' in part) receipts.add(part.receipt)
      parts.push(part)
      if (work.isEnoughWith(part)) await othersFirst()
    }
    return { parts, receipts: receipts.receipts() }
  }

  /** In document order for one group, all at once across groups: the same cable twice must arrive in the order it was said. */
  async function passAll(link: Link, parts: readonly Part[], exchange: ExchangeId): Promise<PartAnswer[]> {
    // While the state is away, a limit is rather delivered than held back for what cannot be known.
    const reason = await closed(link.modern.id).catch(() => undefined)
    const deadline = now() + (reason === undefined ? link.answerWithin : 0)
    const told = { deadline, reason, wished: await wishesOf(link), exchange }
    const turns = new Map<unknown, Promise<unknown>>()
    const passing: Promise<PartAnswer>[] = []
    const work = new Work()
    for (const part of parts) {
      const group = 'value' in part ? part.value.group_id : part
      const turn = (turns.get(group) ?? Promise.resolve()).then(() => pass(link, part, told))
      turns.set(
        group,
        turn.catch(() => undefined),
      )
      passing.push(turn)
      if (work.isEnoughWith(part)) await othersFirst()
    }
    const passed = await Promise.allSettled(passing)
    const lost = passed.filter((result) => result.status === 'rejected')
    if (lost.length === passed.length && lost[0]) throw lost[0].reason
    return passed.map((result, i) =>
      result.status === 'fulfilled'
        ? result.value
        : { item: parts[i]!.item, verdict: 'REFUSED', message: 'could not be kept by the gateway; send it again' },
    )
  }

  /** A party that cannot be called was told no wish. A limit is not held up by what it would have answered. */
  async function wishesOf(link: Link): Promise<ReadonlyMap<unknown, RequestId>> {
    const mayWish = link.legacy.url !== undefined && link.crossing.byModern.has('AdjustGroupCapacityForecast')
    return mayWish ? wishes.open(link).catch(() => new Map()) : new Map()
  }

  async function pass(link: Link, part: Part, { deadline, reason, wished, exchange }: Told): Promise<PartAnswer> {
    if ('refusal' in part) return { item: part.item, verdict: 'REFUSED', message: part.refusal.message }
    if ('held' in part) return { item: part.item, verdict: 'ACCEPTED', message: part.held.message }
    const wish = wished.get(part.value.group_id)
    const origin: Origin = wish === undefined ? { exchange } : { exchange, correlation: wish }
    const verdict: Verdict = await forecasts.accept(link, part.value, part.kept, deadline, origin)
    // If it stays open, the next forecast answers it once more.
    if (wish !== undefined) await wishes.close(link, part.value.group_id as string, wish).catch(() => undefined)
    if (reason !== undefined) return { item: part.item, verdict: 'REFUSED', message: reason }
    if (verdict.verdict === 'refused') return { item: part.item, verdict: 'REFUSED', message: verdict.sentence }
    const remark = verdict.verdict === 'expired' ? { message: 'every block has ended; nothing was sent' } : {}
    return { item: part.item, verdict: 'ACCEPTED', ...remark }
  }
}

/** What is carried without a flow of its own: forecasts, and what the gateway answers itself. */
export function isCarried(module: MessageModule): boolean {
  return (
    module.answered === 'gateway' || (module.answered === 'peer' && module.modern === 'UpdateGroupCapacityForecast')
  )
}
