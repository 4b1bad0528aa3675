/**
 * Peers as section 12 of the protocol file describes them, reduced to how they register and shake hands.
 * Limits: written from that description, not from our machines; each forgets, overwrites and gives up as its family does.
 */
import type { Value } from '../../src/mapping/compile.ts'
import type { Answer, Message, Party, World } from './world.ts'

export interface Family {
  readonly name: string
  /** Whether it calls back on a Register: always, or only when that correlates to nothing. */
  readonly callsBack: 'always' | 'uncorrelated'
  /** Before its 204 (PY), or this much after it, in milliseconds. */
  readonly callsBackAfter: number | 'inside'
  readonly correlates: boolean
  /** Pauses between its attempts, in milliseconds; none: one attempt. */
  readonly retries: readonly number[]
  readonly changes: boolean
  readonly heartbeats: boolean
  /** How many intervals ahead its heartbeats promise. */
  readonly horizon: number
  readonly baseUrl: (url: string) => string
  readonly handshake: Value
  readonly acknowledge: (demands: Value) => Value
  /** Answers 400 to an acknowledgement without correlation. */
  readonly demandsCorrelation: boolean
  /** How long after registration it starts the handshake, when that is its part. */
  readonly handshakeAfter: number
}

const asked = (interval: number) => ({
  required_behaviour: { heartbeat_interval: interval, measurement_configuration: ['CONTINUOUS'] },
})

export const families: readonly Family[] = [
  {
    name: 'PY',
    callsBack: 'uncorrelated',
    callsBackAfter: 'inside',
    correlates: true,
    retries: [],
    changes: true,
    heartbeats: true,
    horizon: 3,
    baseUrl: (url) => url,
    handshake: asked(300),
    acknowledge: (demands) => ({
      required_behaviour: {
        heartbeat_interval: (demands.required_behaviour as Value | undefined)?.heartbeat_interval,
      },
    }),
    demandsCorrelation: false,
    handshakeAfter: 5000,
  },
  {
    name: 'SN',
    callsBack: 'always',
    callsBackAfter: 1000,
    correlates: false,
    retries: [1000, 10_000],
    changes: false,
    heartbeats: true,
    horizon: 2,
    baseUrl: (url) => url,
    handshake: { required_behaviour: { heartbeat_interval: 300.0, measurement_configuration: ['INTERMITTENT'] } },
    acknowledge: () => ({ required_behaviour: {} }),
    demandsCorrelation: false,
    handshakeAfter: 2000,
  },
  {
    name: 'ELMO',
    callsBack: 'always',
    callsBackAfter: 10,
    correlates: false,
    retries: [],
    changes: true,
    heartbeats: false,
    horizon: 0,
    baseUrl: (url) => new URL(url).pathname,
    handshake: { required_behaviour: { measurement_configuration: ['CONTINUOUS'] } },
    acknowledge: () => ({}),
    demandsCorrelation: true,
    handshakeAfter: 5000,
  },
]

export interface OtherOptions {
  readonly family: Family
  readonly url: string
  /** Where it knows us to be before we say so. */
  readonly ourUrl: string
  /** Whether it starts handshakes. */
  readonly upstream: boolean
}

export class Other implements Party {
  readonly name: string
  /** The one token it accepts: an old one is gone as soon as there is a new one. */
  accepts: string | undefined
  /** What it calls us with, and where. */
  uses: { token: string; url: string } | undefined
  registered = false
  online = false
  private readonly world: World
  private readonly options: OtherOptions
  private count = 0
  private waitsFor: string[] = []
  private beatEvery: number | undefined
  private beating = false

  constructor(world: World, options: OtherOptions) {
    this.world = world
    this.options = options
    this.name = options.family.name
    world.add(options.url, this)
  }

  /** It got our TOKEN_A out of band. */
  start(tokenA: string): void {
    this.uses = { token: tokenA, url: this.options.ourUrl }
    void this.register(undefined)
  }

  async handle({ method, message, token, body = {}, request, correlation }: Message): Promise<Answer> {
    const { family } = this.options
    if (message === 'Heartbeat' && !family.heartbeats) return { status: 404 }
    if (token !== this.accepts) return { status: 403 }
    if (message === 'Register') return this.takeRegister(method, body, request, correlation)
    if (!this.registered) return { status: 403 }
    if (message === 'Handshake') {
      this.demand(body)
      const answer = family.acknowledge(body)
      return {
        status: 204,
        after: () =>
          this.world.at(
            50,
            () => void this.tell('HandshakeAcknowledge', answer, family.name === 'SN' ? request : undefined),
          ),
      }
    }
    if (message === 'HandshakeAcknowledge') {
      if (family.demandsCorrelation && correlation === undefined) return { status: 400 }
      this.demand(body)
      this.goOnline()
    }
    return { status: 204 }
  }

  private async takeRegister(method: string, body: Value, request: string, correlation: string | undefined) {
    const { family } = this.options
    if (method !== 'POST' && !family.changes) return { status: 405 }
    if (method === 'DELETE') {
      this.accepts = undefined
      this.uses = undefined
      this.registered = false
      this.online = false
      return { status: 204 }
    }
    const versions = body.version_url as { version: string; base_url: string }[]
    if (!versions?.some(({ version }) => version === '2.0')) return { status: 400 }
    this.uses = { token: body.token as string, url: versions[0]!.base_url }
    if (method === 'PUT') return { status: 204 }
    const answers = correlation !== undefined && this.waitsFor.includes(correlation)
    const back = family.callsBack === 'always' || !answers
    if (!back) {
      this.complete()
      return { status: 204 }
    }
    if (family.callsBackAfter === 'inside') {
      await this.register(request)
      return { status: 204 }
    }
    const after = family.callsBackAfter
    return { status: 204, after: () => this.world.at(after, () => void this.register(request)) }
  }

  private async register(correlation: string | undefined): Promise<void> {
    const { family, url } = this.options
    this.accepts = `${this.name}-token-${this.count++}`
    const body = { token: this.accepts, version_url: [{ version: '2.0', base_url: family.baseUrl(url) }] }
    for (const pause of [...family.retries, undefined]) {
      const answer = await this.tell('Register', body, family.correlates ? correlation : undefined)
      if (answer && answer.status < 300) {
        // One that was called first, and has called back, has done its part.
        if (correlation !== undefined) this.complete()
        return
      }
      if (pause === undefined) return
      await new Promise<void>((resolve) => this.world.at(pause, resolve))
    }
  }

  private complete(): void {
    const first = !this.registered
    this.registered = true
    if (first && this.options.upstream)
      this.world.at(
        this.options.family.handshakeAfter,
        () => void this.tell('Handshake', this.options.family.handshake),
      )
  }

  private async tell(message: string, body: Value, correlation?: string): Promise<Answer | undefined> {
    if (!this.uses) return undefined
    const request = `${this.name}-${this.count++}`
    if (message === 'Register') this.waitsFor = [...this.waitsFor, request]
    const { token, url } = this.uses
    const answer = await this.world.send(this.name, url, { method: 'POST', message, token, body, request, correlation })
    if (message === 'HandshakeAcknowledge' && answer && answer.status < 300) this.goOnline()
    return answer
  }

  private demand(body: Value): void {
    const interval = (body.required_behaviour as Value | undefined)?.heartbeat_interval
    this.beatEvery = typeof interval === 'number' ? interval * 1000 : undefined
  }

  private goOnline(): void {
    this.online = true
    if (this.beating || this.beatEvery === undefined || !this.options.family.heartbeats) return
    this.beating = true
    const beat = () => {
      const until = new Date(this.world.now + this.options.family.horizon * this.beatEvery!)
      const offline_mode_at =
        this.name === 'PY' ? until.toISOString().replace('T', ' ').slice(0, 19) : until.toISOString()
      void this.tell('Heartbeat', { offline_mode_at })
      this.world.at(this.beatEvery!, beat)
    }
    beat()
  }
}
