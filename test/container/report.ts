/** What was seen of an image: a line for each expectation, and whether all of them held. */
export class Report {
  #passed = 0
  #failed = 0

  /** `seen` is printed where it did not hold. */
  expect(sentence: string, holds: boolean, seen: unknown = ''): void {
    if (holds) this.#passed++
    else this.#failed++
    console.log(
      `${holds ? 'yes' : 'NO '}  ${sentence}${holds ? '' : `: ${typeof seen === 'string' ? seen : JSON.stringify(seen)}`}`,
    )
  }

  say(sentence: string): void {
    console.log(`     ${sentence}`)
  }

  /** Prints the sums; returns the exit code. */
  close(): number {
    console.log(`${this.#passed} passed, ${this.#failed} failed`)
    return this.#failed === 0 && this.#passed > 0 ? 0 : 1
  }
}
