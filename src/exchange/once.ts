/**
 * Does the work of one message once, on however many replicas its copies arrive, and gives every copy the first's answer.
 * Limits: whoever works holds a lease, which he renews; when he dies it runs out, and the next copy does the work again. A
 * failure is not remembered. What could not be written down when it was done may be done again: at least once, not at most.
 */
import { GatewayError } from '../errors.ts'
import type { ExchangeId } from './ids.ts'
import type { Ledger, LedgerKey } from './ledger.ts'

/** How a message is recognised. */
export interface Copy {
  /** Where it is remembered: its sender, and its id. */
  readonly key: LedgerKey
  /** What it says: of two messages with one id, only those that say the same are copies. */
  readonly print: string
  readonly exchange: ExchangeId
  /** What the same id with another print is: an error, or a message of its own that takes the other's place. */
  readonly other: 'refused' | 'news'
  /** Whether it may be done without the state, and then perhaps twice. */
  readonly bestEffort?: boolean
}

/** Milliseconds. */
export interface OnceTimes {
  /** How long a copy may be left alone by whoever works on it. */
  readonly lease: number
  /** How long a further copy waits for the first's answer. */
  readonly patience: number
  /** How long an answer is remembered. */
  readonly keepFor: number
}

export const usualTimes: OnceTimes = { lease: 10_000, patience: 5_000, keepFor: 24 * 3600_000 }

/** An answer larger than this, in characters as JSON, is not remembered: only questions have such, and may be asked again. */
const longestAnswer = 65_536

interface Seen {
  readonly print: string
  /** The exchange that did the work, or does it. */
  readonly exchange: ExchangeId
  /** The answer as JSON; absent while it is being worked on. */
  readonly answer?: string
}

export interface Happened<Answer> {
  readonly answer: Answer
  /** The exchange that gave this answer, when it was an earlier copy's. */
  readonly first?: ExchangeId
}

/**
 * `answer` must survive JSON. Throws what `work` throws; `message-id-reused`; `state-unavailable` when the state is away, or the
 * first copy takes too long.
 */
export async function once<Answer>(
  ledger: Ledger,
  copy: Copy,
  work: () => Promise<Answer>,
  times: OnceTimes = usualTimes,
): Promise<Happened<Answer>> {
  const claimed = await claim(ledger, copy, times).catch((error: unknown) => {
    if (copy.bestEffort && error instanceof GatewayError && error.kind === 'state-unavailable') return undefined
    throw error
  })
  if (claimed === undefined) return { answer: await work() }
  if (typeof claimed !== 'number') return { answer: JSON.parse(claimed.answer) as Answer, first: claimed.exchange }
  const mine = new Claim(ledger, copy, claimed, times)
  let answer: Answer
  try {
    answer = await work()
  } catch (error) {
    await mine.end(undefined)
    throw error
  }
  await mine.end(JSON.stringify(answer))
  return { answer }
}

/** The revision of our claim, or what became of the first copy. */
async function claim(ledger: Ledger, copy: Copy, times: OnceTimes): Promise<number | Required<Seen>> {
  const { key, print, exchange, other } = copy
  const write = (revision: number) =>
    ledger.write<Seen>(key, revision, {
      record: { print, exchange },
      due: 'not due',
      keepFor: times.lease,
      listed: false,
    })
  let waited = 0
  for (let pause = 10; ; pause = Math.min(200, pause * 2)) {
    if (await write(0)) return 1
    const stored = await ledger.read<Seen>(key)
    if (!stored) continue // it ended in between
    const { record, revision } = stored
    if (record.print !== print) {
      if (other === 'refused')
        throw new GatewayError('message-id-reused', 'Another message came with the same id; each needs its own.')
      if (await write(revision)) return revision + 1
    } else if (record.answer !== undefined) return { ...record, answer: record.answer }
    else if (waited >= times.patience)
      throw new GatewayError('state-unavailable', 'The same message is still being worked on; send it again later.')
    await new Promise((resolve) => setTimeout(resolve, pause))
    waited += pause
  }
}

/** Our claim on a message, kept up while we work. */
class Claim {
  private readonly ledger: Ledger
  private readonly copy: Copy
  private readonly times: OnceTimes
  private readonly timer: NodeJS.Timeout
  private revision: number
  private renewing: Promise<unknown> = Promise.resolve()

  constructor(ledger: Ledger, copy: Copy, revision: number, times: OnceTimes) {
    this.ledger = ledger
    this.copy = copy
    this.revision = revision
    this.times = times
    this.timer = setInterval(() => {
      this.renewing = this.renewing.then(() => this.change((at) => this.write(at, undefined, times.lease)))
    }, times.lease / 3)
  }

  /** Remembers the answer; without one, and with one that is too long, forgets that the message ever came. Never rejects. */
  async end(answer: string | undefined): Promise<void> {
    clearInterval(this.timer)
    await this.renewing
    await this.change((revision) =>
      answer === undefined || answer.length > longestAnswer
        ? this.ledger.remove(this.copy.key, revision)
        : this.write(revision, answer, this.times.keepFor),
    )
  }

  private write(revision: number, answer: string | undefined, keepFor: number): Promise<boolean> {
    const { key, print, exchange } = this.copy
    const record: Seen = answer === undefined ? { print, exchange } : { print, exchange, answer }
    return this.ledger.write(key, revision, { record, due: 'not due', keepFor, listed: false })
  }

  /** Makes a change if the claim still is ours. What the state cannot take now it does not get: the lease runs out by itself. */
  private async change(make: (revision: number) => Promise<boolean>): Promise<void> {
    try {
      if (await make(this.revision)) {
        this.revision++
        return
      }
      // A renewal whose answer was lost may have been carried out all the same.
      const stored = await this.ledger.read<Seen>(this.copy.key)
      if (stored?.record.exchange !== this.copy.exchange) return
      if (await make(stored.revision)) this.revision = stored.revision + 1
    } catch {
      // Nothing more can be done about it.
    }
  }
}
