/** One gateway of our own, and a peer that does exactly what a test says. */
import type { Ledger } from '../../src/exchange/ledger.ts'
import type { Value } from '../../src/mapping/compile.ts'
import type { SessionPeer, SessionProfile } from '../../src/session/api.ts'
import type { SessionsOptions } from '../../src/session/sessions.ts'
import { MemoryLedger } from '../../src/state/memory/ledger.ts'
import { type Answer, type Message, Own, type Party, peerId, World } from './world.ts'

export const ourUrl = 'https://gateway.example/oscp/2.0'
export const peerUrl = 'https://peer.example/oscp/2.0'

export class Scripted implements Party {
  readonly name = 'peer'
  readonly got: Message[] = []
  /** Statuses by message, or `METHOD message`; 204 for the rest. */
  answers: Record<string, Answer | number | undefined> = {}
  async handle(message: Message): Promise<Answer> {
    this.got.push(message)
    const answer = this.answers[`${message.method} ${message.message}`] ?? this.answers[message.message] ?? 204
    return typeof answer === 'number' ? { status: answer } : answer
  }
  last(message: string): Message | undefined {
    return this.got.findLast((one) => one.message === message)
  }
  count(message: string): number {
    return this.got.filter((one) => one.message === message).length
  }
}

export interface SceneOptions {
  readonly role?: 'cp' | 'fp'
  readonly registration?: SessionPeer['registration']
  readonly token?: string
  readonly url?: string | undefined
  readonly profile?: Partial<SessionProfile>
  readonly hooks?: Pick<SessionsOptions, 'onOnline' | 'onOffline' | 'mayBeat'>
  readonly ledger?: (now: () => number) => Ledger
}

export class Scene {
  readonly world = new World()
  readonly peer = new Scripted()
  readonly own: Own
  /** How long a message of the peer is given to have its effect. */
  settleMs = 100
  private requests = 0

  constructor(options: SceneOptions = {}) {
    const registration = options.registration ?? 'they start'
    const now = () => this.world.now
    this.world.add(peerUrl, this.peer)
    this.own = new Own(this.world, {
      name: 'we',
      ourUrl,
      ledger: options.ledger?.(now) ?? new MemoryLedger(now),
      peer: {
        id: peerId('peer'),
        role: options.role ?? 'fp',
        registration,
        url: 'url' in options ? options.url : peerUrl,
        token: registration === 'they start' ? undefined : (options.token ?? 'its-token'),
        inboundToken: registration === 'none' ? 'our-token' : undefined,
        profile: { heartbeatInterval: 60_000, ...options.profile },
      },
      ...(options.hooks ? { hooks: options.hooks } : {}),
    })
  }

  /** What the peer says to us, answered as on the wire. */
  async say(message: string, body: Value | undefined, given: Partial<Message> = {}): Promise<number> {
    const request = `p${this.requests++}`
    const answer = await this.own.handle({
      method: 'POST',
      message,
      token: this.token,
      body,
      request,
      correlation: undefined,
      ...given,
    })
    answer.after?.()
    await this.world.run(this.settleMs)
    return answer.status
  }

  /** The token of ours that the peer knows: that of our last Register. */
  get token(): string {
    const register = this.peer.got.findLast(({ message, method }) => message === 'Register' && method !== 'DELETE')
    return (register?.body?.token as string | undefined) ?? 'our-token'
  }

  async registered(): Promise<void> {
    const token = await this.own.sessions.issueToken(this.own.peer.id, 7 * 24 * 3600_000)
    await this.own.sessions.start()
    await this.say('Register', register('peer-token-0'), { token })
  }

  /** Registered, and online by whichever handshake is due. */
  async online(demands: Value = behaviour(60)): Promise<void> {
    await this.registered()
    await this.shakeHands(demands)
  }

  async shakeHands(demands: Value = behaviour(60)): Promise<void> {
    if (this.own.peer.role === 'fp') {
      await this.world.run(2000)
      await this.say('HandshakeAcknowledge', demands, { correlation: this.peer.last('Handshake')!.request })
    } else {
      await this.say('Handshake', demands)
      await this.world.run(100)
    }
  }

  async state(): Promise<string> {
    return (await this.own.view()).state
  }
}

export function register(token: string, url = peerUrl, version = '2.0'): Value {
  return { token, version_url: [{ version, base_url: url }] }
}

export function behaviour(heartbeat_interval?: number): Value {
  const measurement_configuration = ['CONTINUOUS']
  return {
    required_behaviour:
      heartbeat_interval === undefined
        ? { measurement_configuration }
        : { heartbeat_interval, measurement_configuration },
  }
}
