/**
 * Looks at the state for everybody, and tells browsers what has changed, by server-sent events: often while somebody listens, and ever
 * more rarely while nobody does, so that who comes need not wait until hundreds of schedules have been read.
 * Limits: a fixed number of listeners; one that reads slowly is told less often, and of everything at once.
 */
import type { ServerResponse } from 'node:http'
import type { ConsoleData, Overview, Party } from './data.ts'
import { needsOf } from './needs.ts'

export interface LiveOptions {
  readonly data: Pick<ConsoleData, 'overview'>
  /** Called with what was seen while nobody listens. */
  readonly prepare?: (overview: Overview) => Promise<unknown>
  readonly mostListeners?: number
  /** Pause between two looks, after the last listener left, and between signs of life to listeners, in milliseconds. */
  readonly lookEvery?: number
  readonly idleEvery?: number
  readonly firstAfter?: number
  readonly beatEvery?: number
}

interface Listener {
  readonly response: ServerResponse
  readonly pending: Set<string>
  isFull: boolean
  toldAt: number
}

/** What a listener is told: links of which something changed, `parties` and `alarms` where those did. */
export interface Change {
  readonly at: number
  readonly isUp: boolean
  readonly changed: readonly string[]
  readonly needs: number
}

/** A look reads all that has changed: while nobody comes that must cost next to nothing. After so many looks pauses double. */
const eagerLooks = 6
/** In milliseconds. */
const longestIdle = 300_000

export class Live {
  private readonly options: LiveOptions
  private readonly listeners = new Set<Listener>()
  private timer: NodeJS.Timeout | undefined
  private isStopped = false
  private seen: ReadonlyMap<string, unknown> | undefined
  /** How often it has looked since the last listener left. */
  private idleLooks = 0

  constructor(options: LiveOptions) {
    this.options = options
    this.next(options.firstAfter ?? 3000)
  }

  /** Does not look any more; who listens is not sent away. */
  stop(): void {
    this.isStopped = true
    clearTimeout(this.timer)
  }

  /** Takes over a response. False when there are too many listeners already; then nothing was done. */
  add(response: ServerResponse): boolean {
    if (this.listeners.size >= (this.options.mostListeners ?? 32)) return false
    const listener: Listener = { response, pending: new Set(), isFull: false, toldAt: performance.now() }
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' })
    response.write('retry: 3000\n\n')
    this.listeners.add(listener)
    response.on('drain', () => {
      listener.isFull = false
    })
    response.on('close', () => {
      this.listeners.delete(listener)
      if (this.listeners.size === 0) this.idleLooks = 0
    })
    if (this.listeners.size === 1) this.next()
    return true
  }

  private next(after = this.pause()): void {
    clearTimeout(this.timer)
    if (!this.isStopped) this.timer = setTimeout(() => void this.look(), after).unref()
  }

  private pause(): number {
    const { lookEvery = 2000, idleEvery = 5000 } = this.options
    if (this.listeners.size > 0) return lookEvery
    return Math.min(longestIdle, idleEvery * 2 ** Math.max(0, this.idleLooks - eagerLooks))
  }

  private async look(): Promise<void> {
    const overview = await this.options.data.overview().catch(() => undefined)
    if (this.listeners.size === 0) {
      this.idleLooks++
      // Who listens next has a page that is no older than this, and is told of all that changed since.
      this.seen = overview && thingsOf(overview)
      if (overview) await this.options.prepare?.(overview)
    } else if (overview) this.compare(overview)
    this.next()
  }

  private compare(overview: Overview): void {
    const now = thingsOf(overview)
    const before = this.seen ?? now
    this.seen = now
    const changed = [...now].filter(([name, thing]) => before.get(name) !== thing).map(([name]) => name)
    const gone = [...before.keys()].filter((name) => !now.has(name))
    for (const listener of this.listeners) {
      for (const name of [...changed, ...gone]) listener.pending.add(name)
      this.tell(listener, overview)
    }
  }

  private tell(listener: Listener, overview: Overview): void {
    const { response, pending } = listener
    if (listener.isFull) return
    const isSilent = performance.now() - listener.toldAt > (this.options.beatEvery ?? 15_000)
    if (pending.size === 0 && !isSilent) return
    const { at, isUp } = overview
    const change: Change = { at, isUp, changed: [...pending], needs: needsOf(overview).length }
    const text = pending.size === 0 ? ': still here\n\n' : `event: changed\ndata: ${JSON.stringify(change)}\n\n`
    pending.clear()
    listener.toldAt = performance.now()
    listener.isFull = !response.write(text)
  }
}

/** Each thing on a page: what has not changed is the same as before. */
function thingsOf({ links, parties, alarms, isUp }: Overview): Map<string, unknown> {
  return new Map<string, unknown>([
    ...links.map((link) => [`link ${link.link}`, link] as const),
    ['parties', JSON.stringify(parties.map(printOf))],
    ['alarms', JSON.stringify(alarms[0] ?? '')],
    ['state', String(isUp)],
  ])
}

/** How late the gateway is changes all the time and is left out. */
function printOf({ overdueMs: _, ...party }: Party): object {
  return party
}
