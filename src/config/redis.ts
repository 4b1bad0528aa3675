/**
 * Settings of the state store: one server, one that Sentinels name, or a Cluster; how it is reached, and who we are to it.
 * Limits: whether the files of TLS can be used is found out where they are read, at start.
 */
import { z } from 'zod'
import { peerTls } from './listening.ts'
import { address, duration } from './values.ts'

const addresses = z.array(address).min(1, 'must name at least one')

const sentinels = z.strictObject({
  name: z.string().min(1).describe('What the Sentinels call the group of servers.'),
  hosts: addresses.describe('The Sentinels, host:port; any that answers is asked.'),
  username: z.string().min(1).optional().describe('ACL user at the Sentinels.'),
  password: z.string().min(1).optional().meta({ secret: true }).describe('Its password, or theirs without a user.'),
  passwordFile: z.string().optional().describe('File that holds that password.'),
  tls: z.boolean().optional().describe('Whether the Sentinels speak TLS. Default: as the servers do.'),
})

const cluster = z.strictObject({
  hosts: addresses.describe('Some of its servers, host:port; the others are learned from them.'),
})

export const redis = z
  .strictObject({
    url: z
      .string()
      .regex(/^rediss?:\/\//, 'must be a redis:// or rediss:// URL')
      .refine((url) => URL.canParse(url), 'must be a redis:// or rediss:// URL')
      .optional()
      .meta({ secret: true })
      .describe('One server; user, password and database as in any Redis URL, `rediss` for TLS.'),
    sentinels: sentinels.optional().describe('A server that Sentinels name, also after a failover.'),
    cluster: cluster.optional().describe('A Redis Cluster.'),
    username: z.string().min(1).optional().describe('ACL user. Default: the one of the URL, or the default user.'),
    password: z.string().min(1).optional().meta({ secret: true }).describe('Its password.'),
    passwordFile: z.string().optional().describe('File that holds that password.'),
    database: z.int().min(0).optional().describe('Number of the database; a Cluster has one only.'),
    tls: peerTls.optional().describe('TLS with these files, `{}` for public authorities. Default: by the URL.'),
    waitForReplica: duration
      .refine((ms) => ms >= 1 && ms <= 400, 'must be between 1ms and 400ms')
      .optional()
      .describe('A write counts only once a replica has it, within this time. Default: once the server has it.'),
  })
  .superRefine((given, context) => {
    const report = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    const ways = [given.url, given.sentinels, given.cluster].filter((way) => way !== undefined).length
    if (ways !== 1) report('url', 'give one of url, sentinels and cluster')
    if (given.password !== undefined && given.passwordFile !== undefined)
      report('password', 'give either password or passwordFile')
    if (given.sentinels?.password !== undefined && given.sentinels.passwordFile !== undefined)
      report('sentinels', 'has both password and passwordFile')
    if (given.cluster && given.database !== undefined) report('database', 'has no meaning in a Cluster')
    if (given.cluster && given.waitForReplica !== undefined)
      report('waitForReplica', 'cannot be asked of a Cluster; see min-replicas-to-write of its servers')
  })

export type RedisConfig = z.output<typeof redis>
