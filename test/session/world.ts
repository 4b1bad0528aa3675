/**
 * Two parties and a network without real time: what is lost, doubled or late is written in a list, and ends with it.
 * Limits: our own party runs on any ledger; what the agenda would do is done here, from the due times given to the ledger.
 */
import { GatewayError } from '../../src/errors.ts'
import type { PeerId, RequestId } from '../../src/exchange/ids.ts'
import type { Change, Ledger, LedgerKey, Stored, Write } from '../../src/exchange/ledger.ts'
import type { ModernRequest } from '../../src/exchange/modern.ts'
import type { Outcome } from '../../src/exchange/peers.ts'
import type { Value } from '../../src/mapping/compile.ts'
import type { SessionCall, SessionPeer, SessionProfile } from '../../src/session/api.ts'
import { Sessions, type SessionsOptions } from '../../src/session/sessions.ts'
import { Vault } from '../../src/session/vault.ts'

export interface Message {
  readonly method: 'POST' | 'PUT' | 'DELETE'
  readonly message: string
  readonly token: string
  readonly body: Value | undefined
  readonly request: string
  readonly correlation: string | undefined
}

export interface Answer {
  readonly status: number
  readonly body?: unknown
  /** What happens once the answer is on the wire. */
  readonly after?: () => void
}

export interface Party {
  readonly name: string
  handle(message: Message): Promise<Answer>
}

/** What becomes of one message. Delays in milliseconds. */
export interface Fate {
  readonly lost: boolean
  readonly answerLost: boolean
  readonly delay: number
  readonly answerDelay: number
  /** It arrives a second time, so much later. */
  readonly again: number | undefined
}

const good: Fate = { lost: false, answerLost: false, delay: 20, answerDelay: 20, again: undefined }

export const vault = Vault.ephemeral()

export const profile: SessionProfile = {
  handshakeInitiator: 'downstream',
  handshakeBody: 'wrapped',
  measurementConfiguration: ['CONTINUOUS'],
  ackMeasurementConfiguration: [],
  heartbeats: 'on',
  heartbeatInterval: 600_000,
  heartbeatBringsOnline: false,
  forecastsBeforeHandshake: 'refuse',
  requireCorrelation: false,
  tokenMaxLength: 4096,
  allowHttp: false,
}

export class World {
  now = Date.parse('2026-03-02T22:00:00Z')
  readonly log: string[] = []
  /** Messages sent, heartbeats not counted. */
  sent = 0
  readonly fates: Fate[]
  private readonly events: { at: number; order: number; run: () => void }[] = []
  private readonly parties = new Map<string, Party>()
  readonly agendas: Agenda[] = []
  private order = 0
  private seed: number

  constructor(fates: readonly Fate[] = [], seed = 1) {
    this.fates = [...fates]
    this.seed = seed
  }

  random = (): number => {
    this.seed = (this.seed * 1_103_515_245 + 12_345) % 2 ** 31
    return this.seed / 2 ** 31
  }

  /** `url` is the base URL of the party. */
  add(url: string, party: Party): void {
    this.parties.set(url, party)
  }

  at(delay: number, run: () => void): void {
    this.events.push({ at: this.now + delay, order: this.order++, run })
  }

  /** The answer, or undefined after `withinMs` without one. */
  send(from: string, url: string, message: Message, withinMs = 20_000): Promise<Answer | undefined> {
    const to = this.parties.get(url)
    const beat = message.message === 'Heartbeat'
    if (!beat) this.sent++
    const fate = (beat ? undefined : this.fates.shift()) ?? good
    const mark = fate.lost ? ' LOST' : fate.answerLost ? ' answer lost' : ''
    this.log.push(`${this.now % 1e8} ${from}>${to?.name} ${message.method} ${message.message}${mark}`)
    return new Promise((resolve) => {
      this.at(withinMs, () => resolve(undefined))
      const deliver = () => {
        void to?.handle(message).then(
          (answer) => {
            this.log.push(`${this.now % 1e8} ${to.name} answers ${answer.status} to ${message.message}`)
            answer.after?.()
            if (!fate.answerLost) this.at(fate.answerDelay, () => resolve(answer))
          },
          () => {}, // it died before it could answer
        )
      }
      if (!fate.lost) this.at(fate.delay, deliver)
      if (fate.again !== undefined) this.at(fate.delay + fate.again, deliver)
    })
  }

  /** Lets `ms` pass, or less when `until` says that it is enough. */
  async run(ms: number, until: () => boolean = () => false): Promise<void> {
    const end = this.now + ms
    await this.quiet()
    while (!until()) {
      const due = Math.min(...this.agendas.map((agenda) => agenda.next()), ...this.events.map(({ at }) => at))
      if (due > end) break
      this.now = Math.max(this.now, due)
      this.events.sort((a, b) => a.at - b.at || a.order - b.order)
      if (this.events[0] && this.events[0].at <= this.now) this.events.shift()!.run()
      else for (const agenda of this.agendas) agenda.look()
      await this.quiet()
    }
    if (!until()) this.now = end
  }

  private async quiet(): Promise<void> {
    do await new Promise((resolve) => setImmediate(resolve))
    while (this.agendas.some((agenda) => agenda.busy > 0))
  }
}

/** A ledger that remembers what is due, and whose process can be made to die at its n-th write. */
export class Agenda implements Ledger {
  busy = 0
  writes = 0
  /** Dies just before or just after this write. */
  diesAt: { readonly write: number; readonly when: 'before' | 'after' } | undefined
  onDeath: () => void = () => {}
  resume: (key: LedgerKey) => Promise<void> = async () => {}
  private life = 0
  private readonly due = new Map<string, { key: LedgerKey; at: number }>()
  private readonly world: World
  private readonly ledger: Ledger

  constructor(world: World, ledger: Ledger) {
    this.world = world
    this.ledger = ledger
    world.agendas.push(this)
  }

  next(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...[...this.due.values()].map(({ at }) => at))
  }

  look(): void {
    for (const entry of this.due.values())
      if (entry.at <= this.world.now) {
        entry.at = this.world.now + 25_000
        void this.resume(entry.key).catch(() => {})
      }
  }

  recall<T>(key: LedgerKey): Stored<T> | undefined {
    return this.ledger.recall<T>(key)
  }

  list(peer: PeerId, prefix: string): Promise<string[]> {
    return this.ledger.list(peer, prefix)
  }

  agenda(peer: PeerId) {
    return this.ledger.agenda(peer)
  }

  survey(peer: PeerId, known: readonly string[]) {
    return this.ledger.survey(peer, known)
  }

  /** The ledger as one process sees it: not at all once that process has died. */
  asSeenBy(): Ledger {
    const life = this.life
    const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
      if (life !== this.life) return new Promise<T>(() => {})
      this.busy++
      try {
        return await work()
      } finally {
        this.busy--
      }
    }
    return {
      read: (key) => guarded(() => this.ledger.read(key)),
      recall: (key) => this.ledger.recall(key),
      write: (key, revision, write) => guarded(() => this.write(key, revision, write)),
      writeAll: (peer, changes) => guarded(() => this.writeAll(peer, changes)),
      remove: (key, revision) => guarded(() => this.ledger.remove(key, revision)),
      claim: async () => [],
      list: (peer, prefix) => guarded(() => this.ledger.list(peer, prefix)),
      agenda: (peer) => guarded(() => this.ledger.agenda(peer)),
      survey: (peer, known) => guarded(() => this.ledger.survey(peer, known)),
      isReady: async () => true,
      close: async () => {},
    }
  }

  async write<T>(key: LedgerKey, revision: number, write: Write<T>): Promise<boolean> {
    const dies = this.diesAt?.write === this.writes++ ? this.diesAt.when : undefined
    if (dies === 'before') return this.die()
    const written = await this.ledger.write(key, revision, write)
    const id = `${key.peer} ${key.id}`
    if (written && write.due === 'not due') this.due.delete(id)
    else if (written && typeof write.due === 'object') this.due.set(id, { key, at: this.world.now + write.due.in })
    if (dies === 'after') return this.die()
    return written
  }

  /** Sessions keep one record each, and have no use for it. */
  writeAll(peer: PeerId, changes: readonly Change[]): Promise<boolean> {
    return this.ledger.writeAll(peer, changes)
  }

  private die(): Promise<never> {
    this.life++
    this.onDeath()
    throw new Error('the process died')
  }

  read<T>(key: LedgerKey) {
    return this.ledger.read<T>(key)
  }
  remove(key: LedgerKey, revision: number) {
    return this.ledger.remove(key, revision)
  }
  async claim() {
    return []
  }
  async isReady() {
    return true
  }
  async close() {}
}

export interface OwnOptions {
  readonly name: string
  readonly ourUrl: string
  readonly peer: Omit<SessionPeer, 'profile'> & { readonly profile?: Partial<SessionProfile> }
  readonly ledger: Ledger
  readonly hooks?: Pick<SessionsOptions, 'onOnline' | 'onOffline' | 'mayBeat'>
}

/** Our own code as a party, on a ledger that survives it. */
export class Own implements Party {
  readonly name: string
  readonly peer: SessionPeer
  readonly agenda: Agenda
  readonly alarms: string[] = []
  readonly states: string[] = []
  sessions!: Sessions
  private readonly world: World
  private readonly options: OwnOptions
  private ids = 0

  constructor(world: World, options: OwnOptions) {
    this.world = world
    this.options = options
    this.name = options.name
    this.peer = { ...options.peer, profile: { ...profile, ...options.peer.profile } }
    this.agenda = new Agenda(world, options.ledger)
    this.agenda.resume = (key) => this.sessions.resume(key)
    this.agenda.onDeath = () => {
      this.world.log.push(`${this.world.now % 1e8} ${this.name} dies`)
      this.build()
      this.world.at(0, () => void this.sessions.start().catch(() => {}))
    }
    this.build()
    world.add(options.ourUrl, this)
  }

  build(): void {
    const { world, options } = this
    this.sessions = new Sessions({
      peers: [this.peer],
      ledger: this.agenda.asSeenBy(),
      vault,
      call: this.call,
      observer: {
        changed: ({ to }) => {
          this.states.push(to)
          world.log.push(`${world.now % 1e8} ${this.name} is ${to}`)
        },
        called: () => {},
        alarm: (alarm) => void this.alarms.push(alarm),
      },
      baseUrl: () => options.ourUrl,
      attemptMs: 20_000,
      now: () => world.now,
      newId: () => `${this.name}-${this.ids++}`,
      random: world.random,
      ...options.hooks,
    })
  }

  private readonly call: SessionCall = async ({ to, method, message, body, request, correlation, withinMs }) => {
    const sent: Message = { method, message, token: to.token, body, request, correlation }
    return outcomeOf(await this.world.send(this.name, to.url, JSON.parse(JSON.stringify(sent)) as Message, withinMs))
  }

  /** As the REST face does it. */
  async handle({ method, message, token, body, request, correlation }: Message): Promise<Answer> {
    try {
      const { sessions } = this
      const who = await sessions.authenticate(this.peer.role === 'fp' ? 'cp' : 'fp', token)
      if (!who || (who.scope === 'register' && (message !== 'Register' || method === 'DELETE')))
        throw new GatewayError('token-unknown', 'This token is not valid.')
      const given: ModernRequest = {
        exchange: 'e' as ModernRequest['exchange'],
        peer: who.peer,
        face: who.face,
        message,
        value: body ?? {},
        request: request as RequestId,
        correlation: correlation as RequestId | undefined,
        credential: who.credential,
      }
      if (method === 'DELETE') await sessions.remove(given)
      else {
        await sessions.admit(who.peer, message)
        if (/^(?:Update|Adjust|Group)/.test(message)) return { status: 204 }
        const after = await (method === 'PUT' ? sessions.update(given) : sessions.receive(given))
        return after ? { status: 204, after: () => void after() } : { status: 204 }
      }
      return { status: 204 }
    } catch (error) {
      if (error instanceof GatewayError) return { status: error.row.json, body: { message: error.message } }
      throw error
    }
  }

  view() {
    return this.sessions.state(this.peer.id)
  }
}

/** What src/rest makes of an answer, as far as sessions go. */
export function outcomeOf(answer: Answer | undefined): Outcome {
  if (!answer) return { verdict: 'unavailable', sentence: 'The peer did not answer.' }
  const { status, body } = answer
  if (status < 300) return { verdict: 'accepted', status, body }
  if ([401, 403, 408, 429].includes(status) || (status >= 500 && status !== 501))
    return { verdict: 'unavailable', status, sentence: `The peer answered ${status}.` }
  return { verdict: 'refused', status, sentence: `The peer refused with status ${status}.` }
}

export const peerId = (name: string): PeerId => name as PeerId
