/**
 * Tells browsers what has changed, by server-sent events: one look at the state for all of them, and none while nobody listens.
 * Limits: a fixed number of listeners; one that reads slowly is told less often, and of everything at once.
 */
import type { ServerResponse } from 'node:http'
import type { ConsoleData, Overview } from './data.ts'
import { needsOf } from './needs.ts'

export interface LiveOptions {
  readonly data: Pick<ConsoleData, 'overview'>
  readonly mostListeners?: number
  /** Pause between two looks, and between signs of life to listeners, in milliseconds. */
  readonly lookEvery?: number
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

export class Live {
  private readonly options: LiveOptions
  private readonly listeners = new Set<Listener>()
  private timer: NodeJS.Timeout | undefined
  private seen: ReadonlyMap<string, string> | undefined

  constructor(options: LiveOptions) {
    this.options = options
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
      if (this.listeners.size === 0) this.rest()
    })
    this.timer ??= this.next()
    return true
  }

  private rest(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    this.seen = undefined
  }

  private next(): NodeJS.Timeout {
    return setTimeout(() => void this.look(), this.options.lookEvery ?? 2000).unref()
  }

  private async look(): Promise<void> {
    const overview = await this.options.data.overview().catch(() => undefined)
    if (this.listeners.size === 0) return this.rest()
    if (overview) this.compare(overview)
    this.timer = this.next()
  }

  private compare(overview: Overview): void {
    const now = fingerprints(overview)
    const before = this.seen ?? now
    this.seen = now
    const changed = [...now].filter(([name, print]) => before.get(name) !== print).map(([name]) => name)
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

/** What a page would show of each thing, as text; how late the gateway is changes all the time and is left out. */
function fingerprints({ links, parties, alarms, isUp }: Overview): Map<string, string> {
  const standing = parties.map(({ overdueMs: _, ...party }) => party)
  return new Map([
    ...links.map((link) => [`link ${link.link}`, JSON.stringify(link)] as const),
    ['parties', JSON.stringify(standing)],
    ['alarms', JSON.stringify(alarms[0] ?? '')],
    ['state', String(isUp)],
  ])
}
