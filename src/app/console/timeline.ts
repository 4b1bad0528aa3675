/**
 * Blocks of a schedule in little room, because the console keeps those of every group.
 * Limits: what had ended when it was made is not in it.
 */
import type { Block } from '../../exchange/schedule.ts'

interface Label {
  readonly unit: string
  readonly phase: string
}

export class Timeline {
  /** When the last of all blocks ends; undefined where there is none. */
  readonly end: number | undefined
  /** Start, end and capacity of one after the other. */
  private readonly figures: Float64Array
  private readonly labels: Label[] = []

  constructor(blocks: readonly Block[], now: number) {
    this.figures = new Float64Array(3 * blocks.length)
    for (const { start, end, capacity, unit, phase } of blocks) {
      if (this.end === undefined || end > this.end) this.end = end
      if (end <= now) continue
      const i = this.labels.length
      this.figures.set([start, end, capacity], 3 * i)
      const before = this.labels[i - 1]
      this.labels.push(before?.unit === unit && before.phase === phase ? before : { unit, phase })
    }
  }

  /** The blocks that hold at an instant. */
  at(now: number): Block[] {
    const holding: Block[] = []
    for (const [i, label] of this.labels.entries()) {
      const [start, end, capacity] = [this.figures[3 * i]!, this.figures[3 * i + 1]!, this.figures[3 * i + 2]!]
      if (start <= now && now < end) holding.push({ start, end, capacity, ...label })
    }
    return holding
  }

  /** Until when what holds at an instant stays as it is. */
  changesAt(now: number): number {
    let next = Number.POSITIVE_INFINITY
    for (let i = 0; i < this.labels.length; i++)
      for (const edge of [this.figures[3 * i]!, this.figures[3 * i + 1]!]) if (edge > now && edge < next) next = edge
    return next
  }
}
