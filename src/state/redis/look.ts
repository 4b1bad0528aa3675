/**
 * A look at what keeps the state: whether Redis may throw records away, and whether it forgets them when it restarts.
 * Limits: it reads INFO, never CONFIG, which is often forbidden; when snapshots are made INFO does not say.
 */
import { Cluster, type Redis } from 'ioredis'
import type { RedisClient } from './client.ts'

export interface Remark {
  readonly level: 'info' | 'warn'
  readonly sentence: string
}

/** Looks after every (re)connection, and tells what it has not told in the same words before. */
export function lookAtRedis(client: RedisClient, tell: (remark: Remark) => void): void {
  let told = ''
  const look = async () => {
    const servers: Redis[] = client instanceof Cluster ? client.nodes('master') : [client]
    const remarks = (await Promise.all(servers.map(remarksOn))).flat()
    const distinct = [...new Map(remarks.map((remark) => [remark.sentence, remark])).values()]
    const all = distinct.map(({ sentence }) => sentence).join(' ')
    if (all === told) return
    told = all
    for (const remark of distinct) tell(remark)
  }
  // A connection that is lost while looking comes back, and is looked at then.
  client.on('ready', () => void look().catch(() => undefined))
}

async function remarksOn(server: Redis): Promise<Remark[]> {
  let text: string
  try {
    text = await server.info()
  } catch (error) {
    if (!(error instanceof Error && /NOPERM|unknown command/i.test(error.message))) throw error
    const sentence = 'Redis does not let us read INFO: whether it evicts and persists is not checked.'
    return [{ level: 'info', sentence }]
  }
  return judge(text)
}

/** What an answer to INFO means for state that must not be lost. */
export function judge(info: string): Remark[] {
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1]
  const policy = field('maxmemory_policy') ?? 'noeviction'
  const role = field('role') === 'slave' ? 'replica' : 'primary'
  const remarks: Remark[] = [{ level: 'info', sentence: `Redis ${field('redis_version') ?? '?'}, ${role}.` }]
  const warn = (sentence: string) => remarks.push({ level: 'warn', sentence })
  if (policy !== 'noeviction' && field('maxmemory') !== '0')
    warn(`Redis may throw away what is owed: its maxmemory-policy is ${policy}, and should be noeviction.`)
  if (field('aof_enabled') === '0')
    warn('Redis keeps no append-only file: a restart forgets at least what came after its last snapshot.')
  if (role === 'replica') warn('This Redis is a replica and takes no writes.')
  return remarks
}
