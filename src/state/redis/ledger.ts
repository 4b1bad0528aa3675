/**
 * The ledger in Redis: a hash per record, a sorted set per peer of what is due, and every change one atomic script.
 * Limits: Redis acknowledges before its replicas have a write, so a failover may undo the last ones. A claim whose reply was
 * lost leaves its records leased to nobody until the lease ends. Removing a record that is not there answers true.
 */
import { randomUUID } from 'node:crypto'
import { GatewayError } from '../../errors.ts'
import type { PeerId } from '../../exchange/ids.ts'
import type { AgendaDepth, Change, Ledger, LedgerKey, Stored, Survey, Write } from '../../exchange/ledger.ts'
import { answered, closeRedis, defineScript, type RedisClient, redisKey } from './client.ts'

/** The first character of a value says how the rest is written: '1' is JSON. */
const valueVersion = '1'

/** A record's hash: `r` revision, `d` value, `t` token of the last write, `x` token of the last removal. */
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

export class RedisLedger implements Ledger {
  private readonly client: RedisClient
  private readonly newToken: () => string
  private readonly waitForReplica: number | undefined
  private readonly scripts

  constructor(client: RedisClient, options: RedisLedgerOptions = {}) {
    this.client = client
    this.newToken = options.newToken ?? randomUUID
    this.waitForReplica = options.waitForReplica
    this.scripts = {
      write: defineScript<number>(client, 'ledger-write'),
      writeAll: defineScript<number>(client, 'ledger-write-all'),
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
    const [revision, value] = await answered(this.client.hmget(recordKey(peer, id), 'r', 'd'))
    if (!revision) return undefined
    return { ...decode<T>(value ?? ''), revision: Number(revision) }
  }

  async write<T>(
    { peer, id }: LedgerKey,
    revision: number,
    { record, text = JSON.stringify(record), due, keepFor, listed }: Write<T>,
  ): Promise<boolean> {
    const value = valueVersion + text
    const when = typeof due === 'string' ? due : due.in
    const reply = await this.scripts.write(
      [recordKey(peer, id), agendaKey(peer), indexKey(peer)],
      [revision, value, Math.ceil(keepFor), this.newToken(), id, when, named(listed)],
    )
    return this.replicated(reply === 1)
  }

  async writeAll(peer: PeerId, changes: readonly Change[]): Promise<boolean> {
    const keys = [agendaKey(peer), indexKey(peer), ...changes.map(({ id }) => recordKey(peer, id))]
    const args = changes.flatMap((change) => {
      const { id, revision } = change
      if ('remove' in change) return [id, revision, 'remove', '', 0, '', '']
      const { record, text = JSON.stringify(record), keepFor, due, listed } = change.write
      const value = valueVersion + text
      const when = typeof due === 'string' ? due : due.in
      return [id, revision, 'write', value, Math.ceil(keepFor), when, named(listed)]
    })
    return this.replicated((await this.scripts.writeAll(keys, [this.newToken(), ...args])) === 1)
  }

  async remove({ peer, id }: LedgerKey, revision: number): Promise<boolean> {
    const keys = [recordKey(peer, id), agendaKey(peer), indexKey(peer)]
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
    await closeRedis(this.client)
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

function decode<T>(value: string): { record: T; text: string } {
  if (!value.startsWith(valueVersion)) {
    throw new GatewayError('state-unavailable', 'The state store holds a record of a newer version of the gateway.')
  }
  try {
    const text = value.slice(valueVersion.length)
    return { record: JSON.parse(text) as T, text }
  } catch (cause) {
    throw new GatewayError('state-unavailable', 'The state store holds a record that cannot be read.', { cause })
  }
}
