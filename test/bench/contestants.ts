/** Everybody who takes part, each as a process of its own; stacks that are not installed are left out. */
import { join } from 'node:path'
import { startRedis } from '../support/redis.ts'
import { compileGsoap, hasPhp } from './foreign.ts'
import { startGateway } from './gateways.ts'
import { freePort, startNode, startProgram } from './machine.ts'
import type { Server } from './rounds.ts'
import type { Sink } from './sink.ts'

export interface Setting {
  readonly home: string
  readonly folder: string
  readonly sink: Sink
}

export const startContestants = async ({ home, folder, sink }: Setting) => {
  const at = (file: string) => join(home, 'test/bench/contestants', file)
  const node = async (file: string, ...args: string[]): Promise<Server> => {
    const port = await freePort()
    return { port, pid: startNode([at(file), String(port), ...args]).pid! }
  }
  const gsoap = async (): Promise<Server | undefined> => {
    const program = compileGsoap(home, folder)
    if (program === undefined) return undefined
    const port = await freePort()
    return { port, pid: startProgram(program, [String(port)]).pid! }
  }
  const php = async (): Promise<Server | undefined> => {
    if (!hasPhp()) return undefined
    const port = await freePort()
    return { port, pid: startProgram('php', ['-q', '-S', `127.0.0.1:${port}`, at('php.php')], {}, true).pid! }
  }
  const redis = await startRedis()
  const gateway = { home, folder, sink: sink.url }
  return {
    redis,
    gsoap: await gsoap(),
    php: await php(),
    nodeHttp: await node('node-http.mjs'),
    koa: await node('koa.mjs'),
    nodeSoap: await node('node-soap.mjs'),
    translateOnly: await node('translate-only.mjs'),
    onNodeSoap: { ...(await node('gateway-on-node-soap.mjs', sink.url, redis.url)), token: 'on-node-soap' },
    withMemory: await startGateway(gateway),
    withRedis: await startGateway({ ...gateway, settings: { redis: { url: redis.url } } }),
  }
}
