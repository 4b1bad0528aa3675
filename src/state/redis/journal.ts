/**
 * The journal in Redis: per peer a sorted set of entries by time, capped by count and age whenever something is added.
 * Limits: entries are collected for a moment and written together, away from the messages' way; what is more than the buffer
 * holds, because Redis is away or slow, is dropped and counted. A process that is killed loses what it had collected.
 */
import {
  type Journal,
  type JournalCaps,
  type JournalEntry,
  type JournalPage,
  type JournalQuery,
  matches,
  pageOf,
} from '../../exchange/journal.ts'
import { answered, closeRedis, type RedisClient, redisKey } from './client.ts'

/** How long entries are collected, how many at most go at once, and how long to wait for a Redis that is away; milliseconds. */
const collectFor = 100
const mostAtOnce = 250
const pauseAfterFailure = 1_000
/** Some megabytes: a minute of outage at a hundred messages a second. */
const mostBuffered = 6_000
const pageSize = 200

/** The first character of a value says how the rest is written: '1' is JSON. */
const valueVersion = '1'

export interface RedisJournalOptions {
  readonly client: RedisClient
  readonly caps: JournalCaps
  /** Whose entries are looked at when no peer is asked for. */
  readonly peers: readonly string[]
  readonly now: () => number
}

export class RedisJournal implements Journal {
  private readonly options: RedisJournalOptions
  private buffer: JournalEntry[] = []
  private timer: NodeJS.Timeout | undefined
  private flushing: Promise<void> | undefined
  private lost = 0
  private closing = false

  constructor(options: RedisJournalOptions) {
    this.options = options
  }

  get dropped(): number {
    return this.lost
  }

  add(entry: JournalEntry): void {
    if (this.buffer.length >= mostBuffered || this.closing) {
      this.lost++
      return
    }
    this.buffer.push(entry)
    this.schedule(collectFor)
  }

  async find(query: JournalQuery): Promise<JournalPage> {
    const shelves = query.peer === undefined ? [...this.options.peers, ''] : [query.peer]
    const found: JournalEntry[] = []
    for (const shelf of shelves) found.push(...(await this.findOn(shelf, query)))
    return pageOf(found, query.limit)
  }

  async close(): Promise<void> {
    this.closing = true
    clearTimeout(this.timer)
    await this.flushing
    // One attempt for each batch; a store that is away gets none of them.
    while (this.buffer.length > 0 && (await this.write())) {}
    this.lost += this.buffer.splice(0).length
    await closeRedis(this.options.client)
  }

  /** One write at a time: what comes meanwhile goes with the next. */
  private schedule(ms: number): void {
    if (this.timer || this.flushing || this.closing) return
    this.timer = setTimeout(() => {
      this.timer = undefined
      this.flushing = this.write().then((written) => {
        this.flushing = undefined
        if (this.buffer.length === 0) return
        const more = this.buffer.length < mostAtOnce ? collectFor : 0
        this.schedule(written ? more : pauseAfterFailure)
      })
    }, ms)
    this.timer.unref()
  }

  /** False when some of the batch could not be written: it stays. To write an entry twice changes nothing. */
  private async write(): Promise<boolean> {
    const batch = this.buffer.slice(0, mostAtOnce)
    const shelves = new Map<string, JournalEntry[]>()
    for (const entry of batch) {
      const shelf = shelves.get(entry.peer ?? '') ?? []
      shelves.set(entry.peer ?? '', shelf)
      shelf.push(entry)
    }
    const written = await Promise.all([...shelves].map(([shelf, entries]) => this.writeShelf(shelf, entries)))
    if (written.includes(false)) return false
    this.buffer.splice(0, batch.length)
    return true
  }

  /** A pipeline of its own, because in a cluster each peer may be on another server. */
  private async writeShelf(shelf: string, entries: readonly JournalEntry[]): Promise<boolean> {
    const { client, caps, now } = this.options
    const key = redisKey(shelf, 'journal')
    const values = entries.flatMap((entry) => [entry.at, valueVersion + JSON.stringify(entry)])
    const writing = client
      .pipeline()
      .zadd(key, ...values)
      .zremrangebyrank(key, 0, -caps.perPeer - 1)
      .zremrangebyscore(key, '-inf', now() - caps.keepFor)
      .pexpire(key, Math.ceil(caps.keepFor))
    const replies = await answered(writing.exec()).catch(() => undefined)
    return replies?.every(([error]) => error === null) ?? false
  }

  /** Up to one more than a page of what matches, the newest first. */
  private async findOn(shelf: string, query: JournalQuery): Promise<JournalEntry[]> {
    const { client, caps, now } = this.options
    const oldest = Math.max(now() - caps.keepFor, query.since ?? 0)
    const newest = query.after ? timeOf(query.after) : (query.until ?? '+inf')
    const found: JournalEntry[] = []
    for (let offset = 0; found.length <= query.limit; offset += pageSize) {
      const values = await answered(
        client.zrevrangebyscore(redisKey(shelf, 'journal'), newest, oldest, 'LIMIT', offset, pageSize),
      )
      found.push(...values.flatMap(decode).filter((entry) => matches(entry, query)))
      if (values.length < pageSize) break
    }
    return found
  }
}

function timeOf(position: string): number {
  return Number(position.split('/', 1)[0])
}

/** What a newer version of the gateway wrote is left out: looking at the rest is worth more than refusing. */
function decode(value: string): JournalEntry[] {
  return value.startsWith(valueVersion) ? [JSON.parse(value.slice(valueVersion.length)) as JournalEntry] : []
}
