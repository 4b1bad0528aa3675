/**
 * A fake party at work: sends by its script, answers by its script, is away by its script, and tells each message in a line.
 * Limits: what it holds is in memory, and its times are those of the clock it is given; its pauses are real time.
 */
import { answersOf } from './answers.ts'
import { startLegacy } from './legacy.ts'
import { startModern } from './modern.ts'
import type { Answer, Entry, FakeRole, LegacyScript, ModernScript, Script } from './script.ts'

/** One message, or something that happens to the fake itself. */
export interface Line {
  /** Milliseconds since 1970, by the fake's clock. */
  readonly at: number
  readonly direction: 'sent' | 'received' | 'note'
  readonly message: string
  /** What it is about, in short. */
  readonly about: string
  /** How it was answered, in short. */
  readonly answer: string
  /** False where it was refused, or got no answer. */
  readonly isFine: boolean
}

/** What the fake was told that holds now. */
export interface Holding {
  readonly about: string
  readonly limit: string
}

/** A party without the script's timing. */
export interface Acting {
  /** Where it is called; undefined for one that only calls. */
  readonly url: string | undefined
  /** Sends what an entry of `sends` says, and resolves when there is an answer, or none. */
  send(entry: Entry): Promise<void>
  holds(): Holding[]
  /** Closes its port and every connection. */
  leave(): Promise<void>
  comeBack(): Promise<void>
}

export interface FakeOptions {
  readonly tell: (line: Line) => void
  readonly now?: () => number
}

export interface Fake extends Acting {
  readonly role: FakeRole
  /** How it answers from now on; without an argument as its script says. */
  behave(answers?: readonly Answer[]): void
  /** Sends refused or unanswered, and messages received that it found wrong. */
  problems(): number
  stop(): Promise<void>
}

export async function startFake(role: FakeRole, script: Script, options: FakeOptions): Promise<Fake> {
  const { now = Date.now } = options
  const started = performance.now()
  let problems = 0
  const tell = (line: Omit<Line, 'at'>) => {
    if (!line.isFine) problems++
    options.tell({ at: now(), ...line })
  }
  const elapsed = () => performance.now() - started
  let choose = answersOf(script.answers, elapsed)
  const stage: Stage = { tell, now, choose: (message) => choose(message) }
  const acting =
    role === 'dso' || role === 'csp'
      ? await startLegacy(role, script as LegacyScript, stage)
      : await startModern(role, script as ModernScript, stage)
  const timers = new Set<NodeJS.Timeout>()
  const after = (ms: number, work: () => Promise<void>) => {
    const timer = setTimeout(() => {
      timers.delete(timer)
      work().catch((error: Error) => note(`cannot: ${error.message}`, false))
    }, ms)
    timers.add(timer)
  }
  const note = (message: string, isFine = true) => tell({ direction: 'note', message, about: '', answer: '', isFine })
  for (const entry of script.sends) {
    const work = async () => {
      if (entry.every !== undefined) after(entry.every, work)
      if (!isAway) await acting.send(entry)
    }
    after(entry.at, work)
  }
  let isAway = false
  const leave = async () => {
    note('goes away')
    isAway = true
    await acting.leave()
  }
  const comeBack = async () => {
    await acting.comeBack()
    isAway = false
    note('is back')
  }
  for (const { from, for: long } of script.outages) {
    after(from, leave)
    after(from + long, comeBack)
  }
  return {
    ...acting,
    leave,
    comeBack,
    role,
    behave(answers = script.answers) {
      choose = answersOf(answers, elapsed)
    },
    problems: () => problems,
    async stop() {
      for (const timer of timers) clearTimeout(timer)
      await acting.leave()
    },
  }
}

/** What a party needs to act. */
export interface Stage {
  readonly tell: (line: Omit<Line, 'at'>) => void
  readonly now: () => number
  /** How the script has this message answered; asked once for each. */
  readonly choose: (message: string) => Answer | undefined
}
