/**
 * Our OSCP 2.0 party on a real socket, with a receiver that only notes what it is given; everything else is the real thing.
 * Limits: state is in memory, unless a ledger is given.
 */
import { randomUUID } from 'node:crypto'
import { openParty, type Party } from '../../src/app/party.ts'
import { shippedCrossings } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import type { Ledger } from '../../src/exchange/ledger.ts'
import type { AfterAnswer, ModernRequest } from '../../src/exchange/modern.ts'
import type { Alarm, ExchangeLine, Observer } from '../../src/exchange/observer.ts'
import { listen } from '../../src/http/listen.ts'
import { type HttpClientOptions, httpClient } from '../../src/http/outbound.ts'
import { MemoryLedger } from '../../src/state/memory/ledger.ts'
import { testLog } from '../support/log.ts'

export interface HouseOptions {
  /** Peers as a file would hold them; `cpo` (fp) and `grid` (cp) with agreed tokens by default. */
  readonly peers?: Record<string, unknown>
  readonly ledger?: Ledger
  readonly receive?: (request: ModernRequest) => Promise<AfterAnswer | undefined>
  readonly now?: () => number
  readonly bodyLimit?: number
  readonly http?: HttpClientOptions
}

export interface House {
  readonly url: string
  readonly party: Party
  readonly received: ModernRequest[]
  readonly exchanges: ExchangeLine[]
  readonly alarms: Alarm[]
  readonly logged: string[]
  /** POSTs as the CPO of the default peers would; what is given replaces parts of that. */
  say(path: string, body?: unknown, headers?: Record<string, string | undefined>, method?: string): Promise<Said>
  stop(): Promise<void>
}

export interface Said {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly message: string | undefined
}

export const cpoToken = 'token-that-we-gave-the-cpo'
export const gridToken = 'token-that-we-gave-the-grid'
export const nowhere = 'http://127.0.0.1:9/oscp'

export const agreed = {
  cpo: { role: 'fp', url: nowhere, token: 'x', inboundToken: cpoToken },
  grid: { role: 'cp', url: nowhere, token: 'x', inboundToken: gridToken },
}

export async function openHouse(options: HouseOptions = {}): Promise<House> {
  const now = options.now ?? Date.now
  const raw = {
    peers: options.peers ?? agreed,
    links: {},
    bodyLimit: options.bodyLimit ?? 1_048_576,
    delivery: { timeout: '2s' },
  }
  const config = loadConfig(() => raw, undefined, {})
  const [received, exchanges, alarms, logged]: [ModernRequest[], ExchangeLine[], Alarm[], string[]] = [[], [], [], []]
  const observer: Observer = {
    exchanged: (line) => exchanges.push(line),
    attempted: () => undefined,
    alarm: (alarm) => alarms.push(alarm),
  }
  const http = httpClient(options.http)
  let url = ''
  const party = openParty({
    config,
    crossings: await shipped(),
    ledger: options.ledger ?? new MemoryLedger(now),
    http,
    keepPace: async () => {},
    log: testLog(config, logged),
    observer,
    publicUrl: () => url,
    version: '0.0.0',
    now,
    random: Math.random,
    newId: randomUUID,
  })
  const face = party.face({
    async receive(request) {
      received.push(request)
      return options.receive?.(request)
    },
  })
  const listener = await listen(face.callback, '127.0.0.1', 0)
  url = `http://127.0.0.1:${listener.port}`
  return {
    url,
    party,
    received,
    exchanges,
    alarms,
    logged,
    async say(path, body, headers = {}, method = 'POST') {
      const all: Record<string, string | undefined> = {
        authorization: `Token ${cpoToken}`,
        'content-type': 'application/json',
        'x-request-id': randomUUID(),
        ...headers,
      }
      const given = Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined)
      const content = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }
      const response = await fetch(url + path, { method, headers: given, ...content })
      const text = await response.text()
      return { status: response.status, headers: response.headers, text, message: messageOf(text) }
    },
    async stop() {
      await listener.close(0)
      await face.settled()
      await http.close()
    },
  }
}

let crossings: ReturnType<typeof shippedCrossings> | undefined
/** Compiled once for all tests. */
function shipped() {
  crossings ??= shippedCrossings()
  return crossings
}

function messageOf(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { message?: string }).message
  } catch {
    return undefined
  }
}

/** A block that starts `offset` minutes from now and lasts a quarter hour. */
export function block(more: object = {}, offset = 0): object {
  const start = Math.floor(Date.now() / 60_000) * 60_000 + offset * 60_000
  const time = (at: number) => new Date(at).toISOString()
  return { capacity: 11, phase: 'ALL', unit: 'KW', start_time: time(start), end_time: time(start + 900_000), ...more }
}

export function forecast(more: object = {}): object {
  return { group_id: 'G1', type: 'CONSUMPTION', forecasted_blocks: [block()], ...more }
}

export function measurement(more: object = {}): object {
  return { value: 1, phase: 'ALL', unit: 'KWH', direction: 'IMPORT', measure_time: '2026-03-03T10:15:00.000Z', ...more }
}

export function usage(more: object = {}): object {
  return { group_id: 'G1', measurements: [measurement()], ...more }
}
