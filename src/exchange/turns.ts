/** Work on one thing after the other, in the order it was asked for; on different things at once. */
export class Turns<Key> {
  private readonly last = new Map<Key, Promise<unknown>>()

  take<Result>(key: Key, work: () => Promise<Result>): Promise<Result> {
    const result = (this.last.get(key) ?? Promise.resolve()).then(work)
    const over = result
      .catch(() => undefined)
      .then(() => {
        if (this.last.get(key) === over) this.last.delete(key)
      })
    this.last.set(key, over)
    return result
  }
}
