/**
 * Tells whether inputs made the gateway's own code do something that none before them did, by V8's block coverage.
 * Limits: it knows of the whole process, so a batch of inputs is judged together.
 */
import { Session } from 'node:inspector/promises'

export interface Guide {
  /** Whether something new was done since it was last asked. */
  isNews(): Promise<boolean>
  /** How many functions ran, and how many blocks of these never did. */
  readonly functions: number
  readonly blocksMissing: number
  stop(): Promise<void>
}

interface Range {
  readonly startOffset: number
  readonly endOffset: number
}

const holds = (outer: Range, inner: Range): boolean =>
  outer.startOffset <= inner.startOffset && inner.endOffset <= outer.endOffset

export async function openGuide(): Promise<Guide> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.startPreciseCoverage', { callCount: false, detailed: true })
  /** Of each function that ran: the blocks of it that never did. */
  const missing = new Map<string, Range[]>()
  return {
    async isNews() {
      let news = false
      const { result } = await session.post('Profiler.takePreciseCoverage')
      for (const { url, functions } of result)
        if (url.includes('/src/') && !url.includes('node_modules'))
          for (const { ranges } of functions) {
            const [whole, ...blocks] = ranges
            if (!whole || whole.count === 0) continue
            const now = blocks.filter(({ count }) => count === 0)
            const key = `${url} ${whole.startOffset}`
            const before = missing.get(key)
            const left = before?.filter((one) => now.some((other) => holds(other, one))) ?? now
            news ||= before === undefined || left.length < before.length
            missing.set(key, left)
          }
      return news
    },
    get functions() {
      return missing.size
    },
    get blocksMissing() {
      return [...missing.values()].reduce((sum, { length }) => sum + length, 0)
    },
    async stop() {
      await session.post('Profiler.stopPreciseCoverage')
      session.disconnect()
    },
  }
}
