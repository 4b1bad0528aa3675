/**
 * OSCP 1.0 services hosted by stacks that are not ours, for the gateway to call: the npm package `soap`, and PHP's SoapServer.
 * Limits: they listen on loopback; a limit of 13 is rejected and one of 14 answered with a fault, anything else is taken.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listen } from 'soap'
import { root } from '../support/command.ts'
import { stacksFolder, times, type Version } from './calls.ts'
import { startProgram } from './programs.ts'
import { cable, password, until, user } from './world.ts'

/** What the host was told, as it read it. */
export interface Told {
  readonly operation: string
  readonly value: unknown
  readonly identity?: string
  readonly user?: string
}

export interface Host {
  readonly url: string
  readonly told: () => readonly Told[]
  stop(): Promise<void>
}

/** What a DSO tells who asks what holds. */
export const granted = 55.5

const service = (role: 'dso' | 'csp') => (role === 'dso' ? 'DsoService' : 'CspService')
const wsdlFile = (role: 'dso' | 'csp') => join(root, `wsdl/oscp-1.0/${service(role)}.wsdl`)

interface Block {
  readonly capacity: string | number
}

/** A request as the package hands it over: an element that occurs once is no list, and times are dates. */
interface Request {
  readonly cableCapacityForecast?: Forecast | readonly Forecast[]
  readonly requestedCapacity?: Forecast
}

type Operation = (value: unknown, _: unknown, headers: unknown) => object
type Note = (operation: string, answer: (request: Request) => object) => Operation

interface Forecast {
  readonly cableId: string
  readonly block: Block | readonly Block[]
}

const capacityOf = (forecast: Forecast | undefined): number => Number([forecast?.block ?? []].flat()[0]?.capacity)

function holds(capacity: number): object {
  const block = { startTime: times.start, endTime: times.end, capacity }
  return { status: 'Accepted', cableCapacityForecast: { cableId: cable, capacityUnit: 'kW', block } }
}

export async function hostOnNodeSoap(party: string, role: 'dso' | 'csp', version: Version): Promise<Host> {
  const told: Told[] = []
  const shown: { user?: string } = {}
  const note: Note = (operation, answer) => (value, _, headers) => {
    told.push({ operation, value, identity: String((headers as { cspIdentity?: unknown }).cspIdentity), ...shown })
    return answer(value as Request)
  }
  const fault = (reason: string) =>
    version === '1.2'
      ? { Fault: { Code: { Value: 'soap:Sender' }, Reason: { Text: reason } } }
      : { Fault: { faultcode: 'soap:Client', faultstring: reason } }
  const operations = {
    UpdateCableCapacityForecast: note('UpdateCableCapacityForecast', ({ cableCapacityForecast }) => {
      const [first] = [cableCapacityForecast ?? []].flat()
      const capacity = capacityOf(first)
      if (capacity === 14) throw fault(`${party}: fourteen <is> too much`)
      if (capacity !== 13) return { status: 'Accepted' }
      return { status: 'Rejected', rejectedCableId: first!.cableId, info: `${party}: thirteen & unlucky` }
    }),
    GetCapacityForecast: note('GetCapacityForecast', () => holds(granted)),
    RequestAdjustedCapacity: note('RequestAdjustedCapacity', ({ requestedCapacity }) =>
      holds(capacityOf(requestedCapacity)),
    ),
    UpdateAggregatedUsage: note('UpdateAggregatedUsage', () => ({ status: 'Accepted' })),
    Heartbeat: note('Heartbeat', () => ({ currentTime: new Date().toISOString() })),
  }
  const server = createServer((_, response) => response.writeHead(404).end())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const name = service(role)
  const soap = listen(server, {
    path: '/soap',
    // It takes the first port for how, and the last one for what.
    services: { [name]: { [`${name}Soap11`]: operations, [`${name}Soap12`]: operations } },
    xml: readFileSync(wsdlFile(role), 'utf8'),
    forceSoap12Headers: version === '1.2',
  })
  soap.authenticate = (security: { UsernameToken?: Record<string, unknown> } | undefined) => {
    const { Username, Password, Nonce, Created } = security?.UsernameToken ?? {}
    const textOf = (node: unknown) => String((node as { $value?: unknown } | undefined)?.$value ?? node)
    const hash = createHash('sha1')
      .update(Buffer.from(textOf(Nonce), 'base64'))
      .update(textOf(Created))
      .update(password)
    shown.user = textOf(Username)
    return shown.user === user && textOf(Password) === hash.digest('base64')
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/soap`,
    told: () => told,
    async stop() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

export async function hostOnPhp(party: string, role: 'dso' | 'csp', version: Version): Promise<Host> {
  const folder = mkdtempSync(join(tmpdir(), 'oscp-gateway-php-'))
  const log = join(folder, 'told')
  const port = await freePort()
  const child = startProgram('php', ['-S', `127.0.0.1:${port}`, join(stacksFolder, 'php-service.php')], {
    PATH: process.env.PATH,
    ...{ PARTY: party, WSDL: wsdlFile(role), VERSION: version, LOG: log, GRANTED: String(granted), CABLE: cable },
    ...{ START: times.start, END: times.end, SECRET_USER: user, SECRET_PASSWORD: password },
  })
  child.stdout!.resume()
  child.stderr!.resume()
  await until('php listens', () => canConnect(port))
  return {
    url: `http://127.0.0.1:${port}/soap`,
    told: () =>
      (existsSync(log) ? readFileSync(log, 'utf8') : '')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Told),
    async stop() {
      const ended = once(child, 'close')
      child.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
