/**
 * Joins the segments of one message, in whatever order they come (protocol/oscp-2.0.md section 5). Segments belong together when
 * a later one correlates to the first or to the one before it; without correlation, when count, group and type are the same.
 * Limits: 60 seconds, 8 bodies' worth of text and 200 segments per peer and route; what is not whole by then is dropped and
 * reported, never applied in part.
 */
import { createHash } from 'node:crypto'
import { asGatewayError, GatewayError } from '../errors.ts'
import type { PeerId, RequestId } from '../exchange/ids.ts'
import type { Ledger, LedgerKey } from '../exchange/ledger.ts'
import { asObject } from './json.ts'

interface Part {
  readonly index: number
  readonly count: number
  readonly request: string
  readonly correlation?: string | undefined
  /** Same for all segments of one group and type; undefined when that cannot be seen in this segment alone. */
  readonly about?: string | undefined
  readonly text: string
  /** Milliseconds since 1970. */
  readonly at: number
}

export interface SegmentIn {
  readonly peer: PeerId
  readonly route: string
  readonly index: number
  readonly count: number
  readonly request: RequestId
  readonly correlation: RequestId | undefined
  readonly text: string
}

/** A message made of its segments, with the ids of the first. */
export interface Joined {
  readonly text: string
  readonly request: RequestId
  readonly correlation: RequestId | undefined
}

export interface SegmentsOptions {
  readonly ledger: Ledger
  readonly now: () => number
  /** Largest sum of the texts that wait, in characters. */
  readonly limit: number
  /** Told how many segments were dropped because the others never came. */
  readonly onDropped: (peer: PeerId, route: string, segments: number) => void
}

const patience = 60_000
const mostWaiting = 200

export class Segments {
  /** For the agenda: how long a claimed record is left alone. */
  readonly leaseMs = 10_000
  private readonly options: SegmentsOptions

  constructor(options: SegmentsOptions) {
    this.options = options
  }

  /**
   * Keeps the segment, and carries the whole message on if it was the last one missing; until that has an outcome that time
   * cannot change, all segments are kept, so that the last may come again. Throws `message-too-large`, `state-unavailable`,
   * and what `carry` throws.
   */
  async add<T>({ peer, route, ...given }: SegmentIn, carry: (whole: Joined) => Promise<T>): Promise<T | undefined> {
    const part: Part = { ...given, about: aboutOf(given.text), at: this.options.now() }
    const key: LedgerKey = { peer, id: `segments/${route}` }
    const parts = await this.change(key, part.at, (alive) => {
      const repeated = alive.some((other) => isSame(other, part))
      const next = repeated ? alive : [...alive, part]
      this.checkLimits(next)
      return next
    })
    const family = familyOf(part, parts)
    if (!isWhole(family)) return undefined
    const forget = () =>
      this.change(key, part.at, (alive) => alive.filter((one) => !family.some((its) => isSame(one, its))))
    try {
      const result = await carry(join(family))
      // What is left behind is joined again at worst, and then known for a repeat.
      await forget().catch(() => undefined)
      return result
    } catch (error) {
      if (asGatewayError(error).row.retry === 'never') await forget().catch(() => undefined)
      throw error
    }
  }

  /** Drops what has waited in vain. For the agenda. */
  async resume(key: LedgerKey): Promise<void> {
    await this.change(key, this.options.now(), (alive) => alive)
  }

  /** Writes what `next` makes of the segments that still may wait; tells of those that may not. */
  private async change(key: LedgerKey, now: number, next: (alive: readonly Part[]) => readonly Part[]) {
    for (;;) {
      const stored = await this.options.ledger.read<readonly Part[]>(key)
      const waiting = stored?.record ?? []
      const alive = waiting.filter(({ at }) => at > now - patience)
      const record = next(alive)
      const due = record.length > 0 ? { in: Math.min(...record.map(({ at }) => at)) + patience - now } : 'not due'
      // It is kept longer than its due time, so that the agenda still finds what it must report.
      const write = { record, due, keepFor: 3 * patience } as const
      if (!(await this.options.ledger.write(key, stored?.revision ?? 0, write))) continue
      const dropped = waiting.length - alive.length
      if (dropped > 0) this.options.onDropped(key.peer, key.id.slice('segments/'.length), dropped)
      return record
    }
  }

  private checkLimits(parts: readonly Part[]): void {
    const size = parts.reduce((sum, { text }) => sum + text.length, 0)
    if (parts.length > mostWaiting || size > this.options.limit)
      throw new GatewayError('message-too-large', 'Too many segments are waiting for the rest of their message.')
  }
}

function isSame(a: Part, b: Part): boolean {
  return a.request === b.request && a.index === b.index && a.count === b.count && a.text === b.text
}

/** All segments that belong to this one, itself included, directly or through others. */
function familyOf(part: Part, parts: readonly Part[]): Part[] {
  const family = new Set([parts.find((other) => isSame(other, part))!])
  for (const member of family)
    for (const other of parts)
      if (!family.has(other) && belong(member, other) && ![...family].some(({ index }) => index === other.index))
        family.add(other)
  return [...family].sort((a, b) => a.index - b.index)
}

function belong(a: Part, b: Part): boolean {
  if (a.count !== b.count || a.index === b.index) return false
  const [earlier, later] = a.index < b.index ? [a, b] : [b, a]
  // To the first, to the previous one, or both to the same.
  if (later.correlation !== undefined)
    return later.correlation === earlier.request || later.correlation === earlier.correlation
  return earlier.about !== undefined && earlier.about === later.about
}

function isWhole(family: readonly Part[]): boolean {
  const [first, last] = [family[0], family.at(-1)]
  // Counted from 0 by some.
  return first!.index <= 1 && family.length === first!.count && last!.index - first!.index === first!.count - 1
}

/** Lists are put together; what is no JSON by itself is put together as text. */
function join(family: readonly Part[]): Joined {
  const [first] = family as [Part, ...Part[]]
  const ids = { request: first.request as RequestId, correlation: first.correlation as RequestId | undefined }
  const objects = family.map(({ text }) => parse(text))
  if (objects.some((object) => object === undefined)) return { ...ids, text: family.map(({ text }) => text).join('') }
  const whole = Object.create(null) as Record<string, unknown> // no name of a member means anything yet
  for (const object of objects as Record<string, unknown>[]) {
    for (const [name, value] of Object.entries(object)) {
      const before = whole[name]
      if (Array.isArray(before) && Array.isArray(value)) whole[name] = before.concat(value)
      else if (before === undefined) whole[name] = value
      else if ((name === 'group_id' || name === 'type') && before !== value)
        throw new GatewayError('invalid-message', `${name} must be the same in all segments of a message`, {
          problems: [{ path: name, sentence: 'must be the same in all segments of a message' }],
        })
    }
  }
  return { ...ids, text: JSON.stringify(whole) }
}

function aboutOf(text: string): string | undefined {
  const object = parse(text)
  if (typeof object?.group_id !== 'string') return undefined
  return createHash('sha256')
    .update(JSON.stringify([object.group_id, object.type]))
    .digest('base64url')
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return asObject(JSON.parse(text))
  } catch {
    return undefined
  }
}
