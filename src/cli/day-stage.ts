/** How the day demo tells what happens: a line with a tick is printed once its fact is seen at a party or in the console. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Line } from '../../test/peers/fake/fake.ts'
import type { Entry, Forecast, Span } from '../../test/peers/fake/script.ts'
import type { DayWorld, Name } from './day-world.ts'
import { clock } from './demo-chart.ts'
import type { Terminal } from './terminal.ts'

/** How long a fact may take to become true, in milliseconds of real time. */
const patience = 20_000

export class DayStage {
  readonly world: DayWorld
  private readonly terminal: Terminal
  /** Who is away now says nothing. */
  private readonly away = new Set<Name>()

  constructor(world: DayWorld, terminal: Terminal) {
    this.world = world
    this.terminal = terminal
  }

  /** What happens. */
  tell(sentence: string): void {
    this.terminal.paragraph(`${this.time()}    ${sentence}`, undefined, 8)
  }

  /** A fact. Throws when it does not become true. */
  async see(sentence: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    for (const deadline = performance.now() + patience; !(await isSo()); await sleep(20))
      if (performance.now() > deadline)
        throw new Error(`The demo saw otherwise at ${this.time()}: ${sentence}\n${this.lately()}`)
    this.terminal.paragraph(`${this.time()}  ✓ ${sentence}`, 'green', 8)
  }

  /** One message, with what is left out as a script would have it. Resolves when it is answered. */
  send(who: Name, entry: Omit<Entry, 'at'>): Promise<void> {
    return this.world.fakes[who].send({ at: 0, ...entry })
  }

  async leave(who: Name): Promise<void> {
    this.away.add(who)
    await this.world.fakes[who].leave()
  }

  async comeBack(who: Name): Promise<void> {
    await this.world.fakes[who].comeBack()
    this.away.delete(who)
  }

  /** A sign of life of everybody who is there; what is not answered is a fact that does not hold. */
  async beat(): Promise<void> {
    const present = (Object.keys(this.world.fakes) as Name[]).filter((name) => !this.away.has(name))
    await Promise.all(
      present.map(async (name) => {
        // Grid North speaks to two operators at one address, and to each by its identity.
        for (const identity of name === 'dso' ? ['VOLT', 'AMP'] : [undefined])
          await this.send(name, { heartbeat: { interval: 30 * 60_000 }, identity })
        const last = this.lines(name, 'sent', 'Heartbeat').at(-1)
        if (!last?.isFine) throw new Error(`The heartbeat of ${name} at ${this.time()} was not taken: ${last?.answer}`)
      }),
    )
  }

  lines(who: Name, direction: Line['direction'], message: string): Line[] {
    return this.world.lines[who].filter((line) => line.direction === direction && line.message === message)
  }

  /** How the last message of this name was answered that it sent. */
  answer(who: Name, message: string): string {
    return this.lines(who, 'sent', message).at(-1)?.answer ?? 'nothing'
  }

  /** What a party holds to now, such as `40 KW`. */
  held(who: Name, about: string): string | undefined {
    return this.world.fakes[who].holds().find((holding) => holding.about === about)?.limit
  }

  /** What the console says needs a person, the most urgent first. */
  async needs(): Promise<string[]> {
    const answer = await fetch(`${this.world.gateway.adminUrl}/console/api/overview`)
    const { needs } = (await answer.json()) as { needs: { sentence: string }[] }
    return needs.map(({ sentence }) => sentence)
  }

  /** The last messages of everybody, for whoever looks for what went wrong. */
  private lately(): string {
    return Object.entries(this.world.lines)
      .flatMap(([who, lines]) =>
        lines
          .slice(-4)
          .map((line) => `${clock(line.at)} ${who} ${line.direction} ${line.message} ${line.about}: ${line.answer}`),
      )
      .join('\n')
  }

  private time(): string {
    return clock(this.world.clock.now())
  }
}

/** A forecast of these, from the quarter hour that runs, for a day. */
export function dayAhead(of: Readonly<Record<string, number>>, load: Forecast['load']): Pick<Entry, 'forecast'> {
  return { forecast: { carries: of, load, blocks: 96, from: 0 } }
}

/** One figure from now on. */
export function figure(about: string, capacity: number, hours: number): Span {
  return { about, capacity, from: 0, for: hours * 3600_000 }
}
