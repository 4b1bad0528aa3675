/** How long callers may be kept waiting: each to its deadline, and all of them no longer once the process is to end. */

export interface Deadline {
  /** Resolves when the time is over, or `end` was called. */
  readonly passed: Promise<undefined>
  readonly isOver: () => boolean
  /** Waiting is done: the timer is let go. */
  readonly end: () => void
}

export class Deadlines {
  private readonly open = new Set<() => void>()
  private drained = false

  /** A deadline this many milliseconds from now. */
  after(ms: number): Deadline {
    let over = false
    let resolvePassed: (value: undefined) => void
    const passed = new Promise<undefined>((resolve) => {
      resolvePassed = resolve
    })
    const end = () => {
      clearTimeout(timer)
      this.open.delete(end)
      over = true
      resolvePassed(undefined)
    }
    const timer = setTimeout(end, Math.max(0, ms)).unref()
    this.open.add(end)
    if (this.drained) end()
    return { passed, isOver: () => over, end }
  }

  /** Ends every deadline, also those to come. */
  drain(): void {
    this.drained = true
    for (const end of this.open) end()
  }
}
