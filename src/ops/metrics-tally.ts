/**
 * A counter that is added to with every message and looked at now and then: counted here, and told to prom-client when it is looked at,
 * which compares the labels as a text it makes of them each time.
 * Limits: label values must be few, as they must be anyway; what was not told yet is in no other reading of the registry.
 */
import type { Counter } from 'prom-client'

export class Tally<Label extends string> {
  private readonly counter: Counter<Label>
  private readonly labels: readonly Label[]
  private readonly counts = new Map<string, { readonly values: readonly string[]; count: number }>()

  /** `labels` in the order in which `add` gets their values. */
  constructor(counter: Counter<Label>, labels: readonly Label[]) {
    this.counter = counter
    this.labels = labels
  }

  add(count: number, ...values: readonly string[]): void {
    let key = ''
    for (const value of values) key += `${value}\n`
    const known = this.counts.get(key)
    if (known) known.count += count
    else this.counts.set(key, { values, count })
  }

  /** Tells the counter what was added since it was told last. */
  tell(): void {
    for (const entry of this.counts.values()) {
      if (entry.count === 0) continue
      const labels = Object.fromEntries(this.labels.map((label, i) => [label, entry.values[i]]))
      this.counter.inc(labels as Record<Label, string>, entry.count)
      entry.count = 0
    }
  }
}
