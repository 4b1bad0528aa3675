/**
 * The ledger in Redis: a hash per record, a sorted set per peer of what is due, and every change one atomic script.
 * Limits: Redis acknowledges before its replicas have a write, so a failover may undo the last ones. A claim whose reply was
 * lost leaves its records leased to nobody until the lease ends. Removing a record that is not there answers true.
 */
import { randomUUID } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { GatewayError } from '../../errors.ts'
import type { PeerId } from '../../exchange/ids.ts'
import type { AgendaDepth, Change, Ledger, LedgerKey, Stored, Survey, Write } from '../../exchange/ledger.ts'
import { answered, atOnce, closeRedis, defineScript, type RedisClient, redisKey, together } from './client.ts'
import { Gathering } from './gathering.ts'

/** The first character of a value says how the rest is written: '1' is JSON, '2' JSON without the members that are kept apart. */
const whole = '1'
const withoutMembers = '2'

/**
 * A record's hash: `r` revision, `d` value, `t` token of the last write, `x` token of the last removal; and with this before
 * their path, members that are kept apart.
 */
const apart = 'm:'

const recordKey = (peer: PeerId, id: string): string => redisKey(peer, 'record', id)

/** Score: when it is due, in milliseconds by Redis' clock; member: the record's id. The one key here without a TTL. */
const agendaKey = (peer: PeerId): string => redisKey(peer, 'agenda')

/** Score: when the record expires; member: its id. Only of records that are listed. */
const indexKey = (peer: PeerId): string => redisKey(peer, 'index')

export interface RedisLedgerOptions {
  /** A write that no replica has within this many milliseconds is refused; it may have happened. */
  readonly waitForReplica?: number | undefined
  readonly newToken?: () => string
}

/** Some 3,000 schedules of a day; bytes, roughly. */
const mostKept = 32 * 1024 * 1024

/** Of several replicas each writes what the others have written: then it is better to ask. In milliseconds. */
const rivalsStay = 60_000

interface Written {
  readonly token: string
  readonly stored: Stored<unknown>
  readonly size: number
}

const sizeOf = ({ size }: Written): number => size

export class RedisLedger implements Ledger {
  private readonly client: RedisClient
  private readonly newToken: () => string
  private readonly waitForReplica: number | undefined
  private readonly gathering: Gathering
  private readonly scripts
  /** Which write each lasting record came from. */
  private readonly tokens = new WeakMap<object, string>()
  /** When somebody else was found to have written such a record before; by the clock of this process. */
  private rivalled = Number.NEGATIVE_INFINITY
  /** Lasting records as this process wrote them last: while the token is the same, they need not be read and parsed. */
  private readonly written = new LRUCache<string, Written>({ maxSize: mostKept, sizeCalculation: sizeOf })

  constructor(client: RedisClient, options: RedisLedgerOptions = {}) {
    this.client = client
    this.newToken = options.newToken ?? randomUUID
    this.waitForReplica = options.waitForReplica
    this.gathering = new Gathering(
      // Of several it is not known which somebody else has written: each is asked for by itself then.
      (peer, changes) => (changes.length === 1 ? this.writeAll(peer, changes) : this.make(peer, changes)),
      (work) => atOnce(client, work),
    )
    this.scripts = {
      write: defineScript<number>(client, 'ledger-write'),
      remove: defineScript<number>(client, 'ledger-remove'),
      claim: defineScript<string[]>(client, 'ledger-claim'),
      sift: defineScript<string[]>(client, 'ledger-sift'),
      list: defineScript<string[]>(client, 'ledger-list'),
      agenda: defineScript<[number, number]>(client, 'ledger-agenda'),
      survey: defineScript<[number, number, string[], (string | null)[]]>(client, 'ledger-survey'),
      ready: defineScript<string>(client, 'ready'),
    }
  }

  async read<T>({ peer, id }: LedgerKey): Promise<Stored<T> | undefined> {
    const key = recordKey(peer, id)
    const known = this.written.get(key)
    together(this.client)
    if (known) {
      const [token, revision] = await answered(this.client.hmget(key, 't', 'r'))
      if (!revision) return undefined
      if (token === known.token) return known.stored as Stored<T>
      this.written.delete(key)
    }
    const { r: revision, d: value = '', t: token = '', ...members } = await answered(this.client.hgetall(key))
    if (!revision) return undefined
    const record = decode<T>(value, members)
    if (value.startsWith(withoutMembers)) this.tokens.set(record as object, token)
    return { record, revision: Number(revision) }
  }

  recall<T>({ peer, id }: LedgerKey): Stored<T> | undefined {
    if (this.rivalled > performance.now() - rivalsStay) return undefined
    return this.written.get(recordKey(peer, id))?.stored as Stored<T> | undefined
  }

  write<T>({ peer, id }: LedgerKey, revision: number, write: Write<T>): Promise<boolean> {
    return this.gathering.add(peer, { id, revision, write })
  }

  async writeAll(peer: PeerId, changes: readonly Change[]): Promise<boolean> {
    const isWritten = await this.make(peer, changes)
    if (!isWritten) for (const change of changes) this.forget(recordKey(peer, change.id), change)
    return isWritten
  }

  private async make(peer: PeerId, changes: readonly Change[]): Promise<boolean> {
    const token = this.newToken()
    const keys = [agendaKey(peer), indexKey(peer), ...changes.map(({ id }) => recordKey(peer, id))]
    const made = (mayStay: boolean) =>
      this.scripts.write(keys, [token, ...changes.flatMap((change) => this.argumentsOf(peer, change, mayStay))])
    let reply = await made(true)
    // A member that should be there is not, as in a record of an earlier release.
    if (reply === -1) reply = await made(false)
    const isWritten = await this.replicated(reply === 1)
    if (isWritten) for (const change of changes) this.remember(recordKey(peer, change.id), change, token)
    return isWritten
  }

  async remove({ peer, id }: LedgerKey, revision: number): Promise<boolean> {
    const keys = [recordKey(peer, id), agendaKey(peer), indexKey(peer)]
    this.written.delete(recordKey(peer, id))
    const reply = await this.scripts.remove(keys, [revision, this.newToken(), id])
    return reply === 1
  }

  async claim(peer: PeerId, limit: number, leaseMs: number): Promise<string[]> {
    const kept: string[] = []
    while (kept.length < limit) {
      const wanted = limit - kept.length
      const claimed = await this.scripts.claim([agendaKey(peer)], [wanted, leaseMs])
      if (claimed.length > 0) kept.push(...(await this.sift(peer, claimed)))
      if (claimed.length < wanted) break
    }
    return kept
  }

  async list(peer: PeerId, prefix: string): Promise<string[]> {
    const ids = await this.scripts.list([indexKey(peer)], [])
    return ids.filter((id) => id.startsWith(prefix))
  }

  async agenda(peer: PeerId): Promise<AgendaDepth> {
    const [size, overdueMs] = await this.scripts.agenda([agendaKey(peer)], [])
    return { size, overdueMs }
  }

  async survey(peer: PeerId, known: readonly string[]): Promise<Survey> {
    const keys = [agendaKey(peer), indexKey(peer), ...known.map((id) => recordKey(peer, id))]
    const [size, overdueMs, ids, tokens] = await this.scripts.survey(keys, [])
    return { agenda: { size, overdueMs }, ids, marks: tokens.map((token) => token ?? undefined) }
  }

  async isReady(): Promise<boolean> {
    const token = this.newToken()
    return this.scripts.ready([redisKey('ready', 'probe')], [token]).then(
      (reply) => reply === token,
      () => false,
    )
  }

  async close(): Promise<void> {
    this.gathering.makeAll()
    await closeRedis(this.client)
  }

  /**
   * What the script is told of a change. The token of the write that it is based on, where that is known, guards against another
   * of the same revision, as there may be after a failover. `mayStay`: what the record has already need not be written.
   */
  private argumentsOf(peer: PeerId, change: Change, mayStay: boolean): (string | number)[] {
    const { id, revision } = change
    const known = this.written.get(recordKey(peer, id))
    const ours = known?.stored.revision === revision ? known.token : ''
    if ('remove' in change) return [id, revision, ours, 'remove', '', 0, '', '', 0]
    const { record, lasting, keepFor, due, listed } = change.write
    const over = lasting?.over && this.tokens.get(lasting.over)
    const value = lasting ? withoutMembers + lasting.text() : whole + JSON.stringify(record)
    const when = typeof due === 'string' ? due : due.in
    const members = Object.entries(lasting?.apart ?? {}).flatMap(([path, member]) => {
      if (!member) return [apart + path, 'none', '']
      if (mayStay && over !== undefined && member.as !== undefined) return [apart + path, 'as', apart + member.as]
      return [apart + path, 'json', member.json()]
    })
    const rest = [Math.ceil(keepFor), when, named(listed), members.length / 3, ...members]
    return [id, revision, over ?? ours, 'write', value, ...rest]
  }

  private remember(key: string, change: Change, token: string): void {
    if ('remove' in change || !change.write.lasting) {
      this.written.delete(key)
      return
    }
    const stored = { record: change.write.record, revision: change.revision + 1 }
    this.tokens.set(stored.record as object, token)
    this.written.set(key, { token, stored, size: change.write.lasting.size })
  }

  /** Somebody else wrote first. */
  private forget(key: string, { revision }: Change): void {
    if (this.written.get(key)?.stored.revision === revision) this.rivalled = performance.now()
    this.written.delete(key)
  }

  /** Commands of one connection keep their order, so this waits for the write before it. */
  private async replicated(isWritten: boolean): Promise<boolean> {
    if (!isWritten || this.waitForReplica === undefined) return isWritten
    const replicas = await answered(this.client.wait(1, this.waitForReplica))
    if (replicas >= 1) return true
    throw new GatewayError('state-unavailable', 'No replica of the state store took the record in time.')
  }

  /**
   * Records expire, agenda entries do not. The claim cannot look at records, whose keys it would have to make up (a script
   * names its keys beforehand), so a second script drops the entries that outlived theirs.
   */
  private sift(peer: PeerId, ids: string[]): Promise<string[]> {
    return this.scripts.sift([agendaKey(peer), ...ids.map((id) => recordKey(peer, id))], ids)
  }
}

/** As the scripts are told. */
function named(listed: false | undefined): string {
  return listed === false ? 'unlisted' : 'listed'
}

function decode<T>(value: string, fields: Readonly<Record<string, string>>): T {
  if (!value.startsWith(whole) && !value.startsWith(withoutMembers))
    throw new GatewayError('state-unavailable', 'The state store holds a record of a newer version of the gateway.')
  try {
    const record = JSON.parse(value.slice(1))
    if (value.startsWith(withoutMembers))
      for (const [field, text] of Object.entries(fields))
        if (field.startsWith(apart)) put(record, field.slice(apart.length).split('.'), JSON.parse(text))
    return record as T
  } catch (cause) {
    throw new GatewayError('state-unavailable', 'The state store holds a record that cannot be read.', { cause })
  }
}

function put(record: Record<string, unknown>, [name = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) record[name] = value
  else put(record[name] as Record<string, unknown>, rest, value)
}
