/** Lets messages through while the console works: whatever takes long stands aside every few milliseconds. */
import { setImmediate as othersFirst } from 'node:timers/promises'

/** For so long at a time may nobody else have a turn, in milliseconds. */
const atMost = 2

/** To be awaited after each small piece of work; mostly it returns at once. */
export type Breath = () => Promise<void> | undefined

export function breather(): Breath {
  let since = performance.now()
  return () => {
    if (performance.now() - since < atMost) return undefined
    return othersFirst().then(() => {
      since = performance.now()
    })
  }
}

/** Does this for each, so many at a time. Rejects with the first that fails. */
export async function eachOf<T>(all: Iterable<T>, atOnce: number, work: (one: T) => Promise<unknown>): Promise<void> {
  const rest = all[Symbol.iterator]()
  const worker = async () => {
    for (let next = rest.next(); !next.done; next = rest.next()) await work(next.value)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}
