/**
 * Runs the machines on the ledger: every change is stored before anything follows from it, and no lock is held in a call.
 * Limits: a task whose process died is taken again when its lease ends, so every call may be made twice with the same request
 * id. Alarms and lines are said only for changes that were stored.
 */
import type { PeerId, RequestId } from '../exchange/ids.ts'
import type { Ledger, LedgerKey } from '../exchange/ledger.ts'
import type { Outcome } from '../exchange/peers.ts'
import type { SessionCall, SessionPeer, SessionState } from './api.ts'
import { callOf, settle, take, told, untold, withheld } from './calls.ts'
import { dueAt, type Env, fresh, type SessionAlarm, type SessionRecord, sessionId, type Task } from './record.ts'
import { hashOf, newToken } from './tokens.ts'
import type { Vault } from './vault.ts'

/** What a watcher hears of sessions: never a token. */
export interface SessionObserver {
  changed(line: { readonly peer: PeerId; readonly from: SessionState; readonly to: SessionState }): void
  called(line: CallLine): void
  alarm(alarm: SessionAlarm | 'session hook failed', about: { peer: PeerId; sentence?: string; error?: unknown }): void
}

export interface CallLine {
  readonly peer: PeerId
  readonly kind: Task['kind']
  readonly request: RequestId
  readonly attempt: number
  readonly outcome: Outcome['verdict']
  readonly status: number | undefined
  readonly sentence: string | undefined
  readonly error?: unknown
}

export interface RunnerOptions {
  readonly ledger: Ledger
  readonly vault: Vault
  readonly call: SessionCall
  readonly observer: SessionObserver
  /** Our base URL towards a peer of this role. */
  readonly baseUrl: (peer: SessionPeer) => string
  /** Limit of one call, in milliseconds. */
  readonly attemptMs: number
  /** Milliseconds since 1970, UTC. */
  readonly now: () => number
  readonly newId: () => string
  /** A number in [0, 1). */
  readonly random: () => number
  /** Called after a completed handshake until it resolves: whatever the peer must know is sent again, fallbacks first. */
  readonly onOnline?: (peer: PeerId) => Promise<void>
  /** Called after the peer went offline or unregistered until it resolves. */
  readonly onOffline?: (peer: PeerId) => Promise<void>
  /** Whether a heartbeat may go out now: it says that the party behind us is alive, too. */
  readonly mayBeat?: (peer: PeerId) => Promise<boolean>
}

/** Sessions are among the few records that stay: ten years after their last change. */
const keepFor = 10 * 365 * 24 * 3600_000
/** How much longer a lease lasts than the call it covers. */
const leaseMargin = 5_000

export class Runner {
  private readonly options: RunnerOptions
  private readonly running = new Set<Promise<unknown>>()

  constructor(options: RunnerOptions) {
    this.options = options
  }

  get leaseMs(): number {
    return this.options.attemptMs + leaseMargin
  }

  async read(peer: SessionPeer): Promise<SessionRecord> {
    const stored = await this.options.ledger.read<SessionRecord>(keyOf(peer.id))
    return stored?.record ?? fresh(peer, this.options.now())
  }

  /** Stores what `step` makes of the record; `step` runs again when somebody else wrote meanwhile, and may throw. */
  async change(
    peer: SessionPeer,
    step: (record: SessionRecord, env: Env) => SessionRecord,
    rewrite = false,
  ): Promise<SessionRecord> {
    const { ledger, observer } = this.options
    for (;;) {
      const alarms: [SessionAlarm, string][] = []
      const env = this.env(peer, (alarm, sentence) => void alarms.push([alarm, sentence]))
      const stored = await ledger.read<SessionRecord>(keyOf(peer.id))
      const before = stored?.record ?? fresh(peer, env.now)
      const record = step(before, env)
      if (record === before && !(rewrite && stored)) return record
      const at = dueAt(record)
      const due = at === undefined ? 'not due' : { in: Math.max(0, at - env.now) }
      if (!(await ledger.write(keyOf(peer.id), stored?.revision ?? 0, { record, due, keepFor }))) continue
      if (record.state !== before.state) observer.changed({ peer: peer.id, from: before.state, to: record.state })
      for (const [alarm, sentence] of alarms) observer.alarm(alarm, { peer: peer.id, sentence })
      return record
    }
  }

  /** Does what is due, and the tasks `answered`, which waited for an answer to be on the wire. */
  async run(peer: SessionPeer, answered: readonly string[] = []): Promise<void> {
    let due: readonly Task[] = []
    const step = (record: SessionRecord, env: Env) => {
      const taken = take(record, env, this.leaseMs, answered)
      due = taken.due
      return taken.record
    }
    // Written even if nothing changed: the agenda's claim has moved the due time.
    const record = await this.change(peer, step, true)
    const done = await this.track(Promise.allSettled(due.map((task) => this.perform(peer, task, record))))
    for (const one of done) if (one.status === 'rejected') throw one.reason
  }

  /** Resolves when no call is running any more. */
  async settled(): Promise<void> {
    while (this.running.size > 0) await Promise.allSettled(this.running)
  }

  env(peer: SessionPeer, alarm: Env['alarm']): Env {
    const { now, random, newId, baseUrl, vault } = this.options
    const issue = () => {
      const token = newToken()
      return { hash: hashOf(token), sealed: vault.seal(peer.id, token) }
    }
    return { peer, now: now(), random, newId: () => newId() as RequestId, issue, baseUrl: baseUrl(peer), alarm }
  }

  private async perform(peer: SessionPeer, task: Task, record: SessionRecord): Promise<void> {
    if (task.kind === 'tell online' || task.kind === 'tell offline') return this.tell(peer, task)
    if (task.kind === 'heartbeat' && this.options.mayBeat && !(await this.options.mayBeat(peer.id))) {
      await this.change(peer, (current, env) => withheld(current, env, task))
      return
    }
    const outcome = await this.attempt(peer, task, record)
    const { status, verdict } = outcome
    this.options.observer.called({
      peer: peer.id,
      kind: task.kind,
      request: task.request,
      attempt: task.attempts + 1,
      outcome: verdict,
      status,
      sentence: verdict === 'accepted' ? undefined : outcome.sentence,
      ...(verdict === 'unavailable' && outcome.cause !== undefined ? { error: outcome.cause } : {}),
    })
    await this.change(peer, (current, env) => settle(current, env, task, outcome))
    if (verdict === 'accepted' && task.kind === 'register') await this.answeredInline(peer, task, outcome.body)
  }

  /** Set by the facade: a Register may come inside the answer to ours (D-06). */
  answeredInline: (peer: SessionPeer, task: Task, body: unknown) => Promise<void> = async () => {}

  private async attempt(peer: SessionPeer, task: Task, record: SessionRecord): Promise<Outcome> {
    const { vault, attemptMs } = this.options
    const call = callOf(
      task,
      record,
      this.env(peer, () => {}),
      vault,
    )
    if (typeof call === 'string') return { verdict: 'unavailable', sentence: call }
    const { message, method, body, url, token } = call
    const { request, correlation } = task
    const to = { url, token }
    return this.options.call({ peer: peer.id, to, method, message, body, request, correlation, withinMs: attemptMs })
  }

  private async tell(peer: SessionPeer, task: Task): Promise<void> {
    const { onOnline, onOffline, observer } = this.options
    try {
      await (task.kind === 'tell online' ? onOnline : onOffline)?.(peer.id)
      await this.change(peer, (current) => told(current, task))
    } catch (error) {
      observer.alarm('session hook failed', { peer: peer.id, error })
      await this.change(peer, (current, env) => untold(current, env, task))
    }
  }

  private track<T>(work: Promise<T>): Promise<T> {
    this.running.add(work)
    const done = () => this.running.delete(work)
    work.then(done, done)
    return work
  }
}

function keyOf(peer: PeerId): LedgerKey {
  return { peer, id: sessionId }
}
