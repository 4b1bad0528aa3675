/** Makes inputs for either face: new ones, and ones grown out of inputs that reached something new. */

import { later } from '../support/secured.ts'
import { freshness, heartbeatBody, lay, sign, token } from '../support/signing.ts'
import { mutated } from '../xml/documents.ts'
import { bodyOf, changed, written } from './bodies.ts'
import type { Dice } from './dice.ts'
import { csp, dso, type Envelope, envelope, password } from './envelopes.ts'
import { registering, type Target, tokens } from './target.ts'
import { change, copyOf, write } from './tree.ts'
import { canary, goodTimes } from './values.ts'
import { compressed, damaged, type Input, soapWire } from './wire.ts'

const dsoParties = ['dso', 'dso', 'dso-secured', 'dso-secured', 'dso-basic', 'dso-schedule']
const cspParties = ['csp', 'csp', 'csp-strict']

/** A message before it is written, so that it can be changed further. */
export interface Seed {
  readonly input: Input
  /** Another input that differs from it a little. */
  readonly grow: (dice: Dice) => Seed
}

export function soapSeed(target: Target, dice: Dice): Seed {
  if (dice.often(0.05)) return signedSeed(target, dice)
  const forDso = dice.often(0.5)
  const party = dice.pick(forDso ? dsoParties : cspParties)
  const made = envelope(forDso ? csp : dso, party === 'dso-secured', dice)
  if (dice.often(0.35)) for (let n = 1 + dice.below(3); n > 0; n--) change(made.root, dice)
  return soapOf(party, made, dice)
}

function soapOf(party: string, made: Envelope, dice: Dice): Seed {
  const text = write(made.root, dice)
  const wire = soapWire(dice.often(0.06) ? mutated(text, dice.random) : text, made.version, made.operation, dice)
  const headers: Record<string, string> = { ...wire.headers }
  if (party === 'dso-basic' || dice.often(0.05)) {
    const right = `Basic ${Buffer.from(`grid:${password}`).toString('base64')}`
    headers.authorization = dice.often(0.9) ? right : dice.pick(['Basic', 'Basic !', `Bearer ${canary}`, 'Basic Og=='])
  }
  const where = dice.often(0.98)
    ? `/oscp/1.0/${party}`
    : dice.pick([
        '/oscp/1.0/nobody',
        '/',
        '/oscp/1.0/__proto__',
        `/oscp/1.0/${party}/x`,
        '/oscp/1.0/%ff',
        '/oscp/1.0/%00',
      ])
  const method = dice.often(0.99) ? 'POST' : dice.pick(['PUT', 'DELETE', 'PATCH', 'OPTIONS'])
  const body = dice.often(0.04) ? damaged(wire.body, dice) : wire.body
  return {
    input: { face: 'soap', method, path: where, headers, body },
    grow: (other) => {
      const root = copyOf(made.root)
      change(root, other)
      return soapOf(party, { ...made, root }, other)
    },
  }
}

let signed = 0

function signedSeed({ signer }: Target, dice: Dice): Seed {
  const pieces = [heartbeatBody(), freshness(later(0), later(300 + (++signed % 3000)))]
  const hash = dice.pick(['sha256', 'sha512', 'sha1', 'md5'] as const)
  const text = lay({
    security: token(signer) + pieces[1]!.xml + sign(signer, pieces, { hash })(),
    body: pieces[0]!.xml,
  })
  const wrong = dice.often(0.7) ? mutated(text, dice.random) : text
  const headers = { 'content-type': 'text/xml' }
  const input: Input = { face: 'soap', method: 'POST', path: '/oscp/1.0/dso-signed', headers, body: Buffer.from(wrong) }
  return {
    input,
    grow: (other) => ({
      input: { ...input, body: Buffer.from(mutated(wrong, other.random)) },
      grow: (next) => signedSeed({ signer } as Target, next),
    }),
  }
}

interface Route {
  readonly message: string
  readonly paths: readonly string[]
  readonly method: string
  readonly token: (dice: Dice) => string
}

const group = (message: string, role: 'fp' | 'cp'): Route => ({
  message,
  // A capacity provider calls the face of a flexibility provider, and the other way round.
  paths: [`/oscp/${role === 'fp' ? 'cp' : 'fp'}/2.0/${pathOf(message)}`, `/oscp/2.0/${pathOf(message)}`],
  method: 'POST',
  token: (dice) => (role === 'cp' ? tokens.cp : dice.pick([tokens.fp, tokens.strict])),
})
const session = (message: string, method: string): Route => ({
  message,
  paths: [`/oscp/cp/2.0/${pathOf(message)}`, `/oscp/fp/2.0/${pathOf(message)}`, `/oscp/2.0/${pathOf(message)}`],
  method,
  token: (dice) => dice.pick(registering),
})

const routes: readonly Route[] = [
  ...(['fp', 'cp'] as const).flatMap((role) => [
    ...Array.from({ length: 2 }, () => group('Heartbeat', role)),
    group('AdjustGroupCapacityForecast', role),
  ]),
  ...Array.from({ length: 4 }, () => group('UpdateGroupCapacityForecast', 'cp')),
  group('GroupCapacityComplianceError', 'fp'),
  ...Array.from({ length: 2 }, () => group('UpdateGroupMeasurements', 'fp')),
  group('UpdateAssetMeasurements', 'fp'),
  ...['Register', 'Handshake', 'HandshakeAcknowledge', 'Heartbeat'].map((message) => session(message, 'POST')),
  session('Register', 'PUT'),
  session('Register', 'DELETE'),
]

function pathOf(message: string): string {
  return message.replace(/(?<=[a-z])[A-Z]/g, (c) => `_${c}`).toLowerCase()
}

export function restSeed(target: Target, dice: Dice): Seed {
  const route = dice.pick(routes)
  let body = bodyOf(target.schemas[route.message] ?? {}, dice)
  if (dice.often(0.35)) for (let n = 1 + dice.below(2); n > 0; n--) body = changed(body, dice)
  return restOf(route, body, dice)
}

function restOf(route: Route, body: ReturnType<typeof bodyOf>, dice: Dice): Seed {
  const text = dice.often(0.05) ? mutated(written(body), dice.random) : written(body)
  const path = dice.often(0.97)
    ? dice.pick(route.paths)
    : dice.pick([
        '/oscp/co/2.0/heartbeat',
        '/oscp/cp/2.0/__proto__',
        '/oscp/cp/2.0/request_capacity_price',
        '/x',
        '/oscp/cp/2.1/heartbeat',
        '/oscp/%ff/2.0/heartbeat',
      ])
  const method = dice.often(0.98) ? route.method : dice.pick(['GET', 'PUT', 'DELETE', 'PATCH', 'HEAD'])
  const right = route.token(dice)
  const scheme = dice.pick(['Token ', 'Token ', 'Bearer ', 'token ', ''])
  const headers: Record<string, string> = {
    'x-request-id': dice.often(0.9) ? `r${dice.below(1e9)}` : dice.pick(['', 'x'.repeat(300), canary, 'a, b', 'é']),
  }
  if (dice.often(0.99))
    headers.authorization = dice.often(0.95)
      ? scheme + right
      : dice.pick([`Token ${canary}`, 'Token', 'Basic eDp5', `Token  ${right}`, ''])
  if (dice.often(0.97))
    headers['content-type'] = dice.often(0.93)
      ? 'application/json'
      : dice.pick([
          'application/json; charset=utf-8',
          'application/json;charset=UTF-16',
          'APPLICATION/JSON',
          'text/json',
          'application/vnd.x+json',
          'text/plain',
          '',
          canary,
        ])
  if (dice.often(0.2)) headers['x-correlation-id'] = dice.pick([`r${dice.below(1e9)}`, '', canary])
  if (dice.often(0.06)) {
    headers['x-segment-index'] = dice.pick(['1', '2', '0', '-1', '1e3', '01', '', '99999999999', canary])
    headers['x-segment-count'] = dice.pick(['1', '2', '0', '1000', '99999999999', '', canary])
  }
  if (dice.often(0.1)) headers['x-request-id'] = `twice${dice.below(20)}`
  const bytes = dice.often(0.95)
    ? Buffer.from(text)
    : dice.pick([
        Buffer.from(text, 'utf16le'),
        Buffer.from(text, 'latin1'),
        Buffer.from(`\uFEFF${text}`),
        Buffer.alloc(0),
      ])
  const wire = compressed(bytes, headers, dice)
  const damage = dice.often(0.03) ? damaged(wire.body, dice) : wire.body
  return {
    input: { face: 'rest', method, path, headers: wire.headers, body: damage },
    grow: (other) => restOf(route, changed(structuredCloneOf(body), other), other),
  }
}

/** With the classes of its values kept, which structuredClone does not. */
function structuredCloneOf<T>(value: T): T {
  if (Array.isArray(value)) return value.map(structuredCloneOf) as T
  if (typeof value !== 'object' || value === null) return value
  const copy = Object.create(Object.getPrototypeOf(value) as object) as Record<string, unknown>
  for (const [key, inner] of Object.entries(value)) copy[key] = structuredCloneOf(inner)
  return copy as T
}

/** So that generated blocks lie in time that has not passed. */
export const firstInstant = goodTimes[0]!
