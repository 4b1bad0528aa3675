/**
 * Messages of one kind about one thing, numbered: said one after the other until each is taken, and what becomes of them.
 * A limit replaces the one before it, so only the last must arrive, and never an older one after a newer; an event must itself.
 */
import { setTimeout as delay } from 'node:timers/promises'

export interface Stream {
  readonly name: string
  readonly kind: 'limit' | 'event'
  /** One try to say the nth message; true when it was taken. May reject: nobody answered. */
  readonly say: (nth: number) => Promise<boolean>
}

export class Tally {
  readonly stream: Stream
  /** Numbers that were taken, as they were. */
  readonly taken: number[] = []
  private readonly arrived = new Set<number>()
  private newest = 0
  refused = 0
  duplicates = 0
  /** Events that came before an older one that came for the first time later; limits older than one the peer had. */
  readonly disorder: string[] = []

  constructor(stream: Stream) {
    this.stream = stream
  }

  /** The receiver has acknowledged this number. */
  arrive(nth: number): void {
    const isNew = !this.arrived.has(nth)
    this.arrived.add(nth)
    if (!isNew) this.duplicates++
    if (nth < this.newest && (isNew || this.stream.kind === 'limit'))
      this.disorder.push(`${this.stream.name}: ${nth} after ${this.newest}`)
    this.newest = Math.max(this.newest, nth)
  }

  /** What was taken and must still arrive. */
  get missing(): number[] {
    const last = this.taken.at(-1)
    if (this.stream.kind === 'limit') return last === undefined || this.newest >= last ? [] : [last]
    return this.taken.filter((nth) => !this.arrived.has(nth))
  }

  get delivered(): number {
    return this.arrived.size
  }

  /** Says one message after the other until it is told to stop. */
  async run(isOver: () => boolean, pauseMs: () => number): Promise<void> {
    for (let nth = 1; !isOver(); nth++) {
      while (!(await this.stream.say(nth).catch(() => false))) {
        this.refused++
        if (isOver()) return
        await delay(100 + pauseMs() / 2)
      }
      this.taken.push(nth)
      await delay(pauseMs())
    }
  }
}
