/**
 * `oscp-gateway probe`: asks the gateway that runs beside it how it is, where its configuration says that it answers probes.
 * Limits: it waits two seconds; a gateway whose admin listener has no port of its own choosing (port 0) cannot be found.
 */
import { get } from 'node:http'
import { adminAddress } from '../config.ts'
import { exitCodes } from './exit.ts'

const patience = 2000

/** Resolves with the exit code: 0 when the answer is 200, 1 with a line that says what it is instead. */
export function probe(which: string, file: string | undefined): Promise<number> {
  const { host, port } = adminAddress(file)
  return new Promise((resolve) => {
    const fail = (sentence: string) => {
      console.error(`${which}: ${sentence}`)
      resolve(exitCodes.failure)
    }
    const request = get({ host: reachable(host), port, path: `/${which}`, agent: false, timeout: patience })
    request.on('timeout', () => request.destroy(new Error(`no answer within ${patience} ms`)))
    request.on('error', (error) => fail(error.message))
    request.on('response', (response) => {
      let said = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => (said += text))
      response.on('error', (error) => fail(error.message))
      response.on('end', () => {
        if (response.statusCode === 200) resolve(exitCodes.ok)
        else fail(`${response.statusCode} ${said.trim()}`)
      })
    })
  })
}

/** Who listens on every address is asked on loopback. */
function reachable(host: string): string {
  return { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host
}
