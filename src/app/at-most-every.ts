/** Tells what happens again and again now and then, and not each time. */

/** The first is told at once; `now` and `ms` in milliseconds. */
export function atMostEvery<T>(ms: number, now: () => number, tell: (what: T) => void): (what: T) => void {
  let last = Number.NEGATIVE_INFINITY
  return (what) => {
    if (now() - last < ms) return
    last = now()
    tell(what)
  }
}
