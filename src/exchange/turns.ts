/** Work on one thing after the other, in the order it was asked for, what is urgent first; on different things at once. */
export class Turns<Key> {
  private readonly waiting = new Map<Key, (() => Promise<void>)[]>()

  take<Result>(key: Key, work: () => Promise<Result>, isUrgent = false): Promise<Result> {
    return new Promise((resolve, reject) => {
      const turn = () => work().then(resolve, reject)
      const queue = this.waiting.get(key)
      if (!queue) {
        const own: (() => Promise<void>)[] = [turn]
        this.waiting.set(key, own)
        void this.run(key, own)
      } else if (isUrgent) queue.unshift(turn)
      else queue.push(turn)
    })
  }

  private async run(key: Key, queue: (() => Promise<void>)[]): Promise<void> {
    for (let turn = queue.shift(); turn; turn = queue.shift()) await turn()
    this.waiting.delete(key)
  }
}
