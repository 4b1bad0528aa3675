/** SOAP messages of every operation, with headers of every kind, as they should be and as they should not. */
import { createHash } from 'node:crypto'
import { soapUri, type Version } from '../support/soap.ts'
import type { Dice } from './dice.ts'
import { type Element, element } from './tree.ts'
import { badIds, badNumbers, badTimes, canary, goodIds, goodNumbers, goodTimes, start } from './values.ts'

export const password = 'Stroomnet-17'
const wss = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-'
const wsse = `${wss}wssecurity-secext-1.0.xsd`
const wsu = `${wss}wssecurity-utility-1.0.xsd`
const addressings = ['http://www.w3.org/2005/08/addressing', 'http://schemas.xmlsoap.org/ws/2004/08/addressing']

export interface Dialect {
  readonly ns: string
  readonly operations: readonly string[]
}

export const csp: Dialect = {
  ns: 'urn:oscp-gateway:oscp-1.0:Csp',
  operations: ['UpdateCableCapacityForecast', 'Heartbeat'],
}
export const dso: Dialect = {
  ns: 'urn:oscp-gateway:oscp-1.0:Dso',
  operations: ['GetCapacityForecast', 'RequestAdjustedCapacity', 'UpdateAggregatedUsage', 'Heartbeat'],
}

export interface Envelope {
  readonly version: Version
  readonly operation: string
  readonly root: Element
}

/** `secured`: the party must show who it is. */
export function envelope(dialect: Dialect, secured: boolean, dice: Dice): Envelope {
  const version = dice.pick(['1.1', '1.2'] as const)
  const operation = dice.often(0.95)
    ? dice.pick(dialect.operations)
    : dice.pick(['Unknown', ...csp.operations, ...dso.operations])
  const uri = dice.often(0.98) ? soapUri[version] : dice.pick([...Object.values(soapUri), 'urn:none'])
  const blocks = headers(dialect.ns, operation, version, dice)
  if (dice.often(secured ? 0.93 : 0.07)) blocks.push(security(version, dice))
  const body = element(uri, 'Body', request(dialect.ns, operation, dice))
  const header = blocks.length > 0 || dice.often(0.2) ? [element(uri, 'Header', ...blocks)] : []
  return { version, operation, root: element(uri, 'Envelope', ...header, body) }
}

function request(ns: string, operation: string, dice: Dice): Element {
  const is = (name: string, ...children: (Element | string)[]) => element(ns, name, ...children)
  const value = (name: string, good: readonly string[], bad: readonly string[]) =>
    is(name, dice.often(0.985) ? dice.pick(good) : dice.pick(bad))
  const id = (name: string) => value(name, goodIds, badIds)
  const number = (name: string) => value(name, goodNumbers, badNumbers)
  const time = (name: string) => value(name, goodTimes, badTimes)
  const maybe = (share: number, make: () => Element) => (dice.often(share) ? [make()] : [])
  const some = (make: () => Element) => dice.times(dice.pick([1, 1, 1, 2, 3, 8, dice.often(0.02) ? 300 : 0]), make)
  /** Mostly in the right order. */
  const span = () => {
    const [from, to] = [dice.pick(goodTimes), dice.pick(goodTimes)].sort((a, b) => Date.parse(a) - Date.parse(b))
    return dice.often(0.9) ? [is('startTime', from!), is('endTime', to!)] : [time('startTime'), time('endTime')]
  }
  const block = () => is('block', ...span(), number('capacity'), ...maybe(0.2, () => number('remainingCapacity')))
  const unit = () => value('capacityUnit', ['A', 'W', 'kW'], ['KW', 'kw', '', canary])
  const forecast = (name: string) =>
    is(name, id('cableId'), ...maybe(0.5, () => id('forecastId')), unit(), ...some(block))
  const point = () => is('chargePoint', id('chargePointId'), ...maybe(0.5, () => number('energy')))
  const usage = () =>
    is(
      'block',
      ...span(),
      number('energy'),
      ...maybe(0.3, () => number('meterStart')),
      ...maybe(0.3, () => number('meterEnd')),
      ...maybe(0.3, point),
    )
  const used = () =>
    is(
      'aggregatedUsage',
      id('cableId'),
      ...maybe(0.5, () => id('forecastId')),
      value('energyUnit', ['Wh', 'kWh'], ['KWH', canary]),
      ...some(usage),
    )
  const contents: Readonly<Record<string, () => Element[]>> = {
    UpdateCableCapacityForecast: () => some(() => forecast('cableCapacityForecast')),
    GetCapacityForecast: () => [
      ...maybe(0.6, () => id('cableId')),
      ...maybe(0.4, () => time('startTime')),
      ...maybe(0.4, () => time('endTime')),
    ],
    RequestAdjustedCapacity: () => [forecast('requestedCapacity')],
    UpdateAggregatedUsage: () => some(used),
  }
  const name = operation[0]!.toLowerCase() + operation.slice(1) + (dice.often(0.99) ? 'Request' : 'Response')
  return is(name, ...(contents[operation]?.() ?? []))
}

function headers(ns: string, operation: string, version: Version, dice: Dice): Element[] {
  const blocks: Element[] = []
  if (dice.often(0.4)) blocks.push(element(ns, 'cspIdentity', dice.often(0.8) ? 'CSP-1' : dice.pick(badIds)))
  if (dice.often(0.2)) blocks.push(...addressing(operation, dice))
  if (dice.often(0.05)) blocks.push(element('urn:other', dice.pick(['trace', 'Security', '__proto__']), 'x'))
  for (const block of blocks) if (dice.often(0.05)) block.attributes.push(...understanding(version, dice))
  return blocks
}

function understanding(version: Version, dice: Dice): [string, string][] {
  const uri = soapUri[version]
  const role = version === '1.1' ? 'actor' : 'role'
  const roles = [
    'http://schemas.xmlsoap.org/soap/actor/next',
    `${uri}/role/next`,
    `${uri}/role/ultimateReceiver`,
    'urn:other',
    '',
  ]
  const all: [string, string][] = [[`xmlns:e="${uri}" e:mustUnderstand`, dice.pick(['1', 'true', '0', 'maybe'])]]
  if (dice.often(0.4)) all.push([`e:${role}`, dice.pick(roles)])
  return all
}

function addressing(operation: string, dice: Dice): Element[] {
  const ns = dice.pick(addressings)
  const is = (name: string, ...children: (Element | string)[]) => element(ns, name, ...children)
  const anonymous = [
    'http://www.w3.org/2005/08/addressing/anonymous',
    'http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous',
  ]
  const addresses = [
    ...anonymous,
    ...anonymous,
    `${ns}/none`,
    'http://127.0.0.1:9/reply',
    'file:///etc/passwd',
    'urn:x',
    '',
    'http://[',
    'HTTP://ALLOWED.INVALID/x',
  ]
  const reference = () =>
    is(
      dice.pick(['Address', 'Address', 'Address', 'ReferenceParameters', 'ReferenceProperties', 'Metadata']),
      dice.often(0.8) ? dice.pick(addresses) : element('urn:p', 'p', 'q'),
    )
  const all = [
    is('Action', dice.often(0.9) ? `/${operation}` : dice.pick(['/Other', '', 'x'])),
    is('MessageID', dice.pick(['urn:uuid:1', `urn:uuid:${dice.below(1e9)}`, '', 'x'.repeat(5000), ' a b '])),
    is('To', dice.pick(['http://x.invalid/', '', 'x'])),
    is('ReplyTo', ...dice.times(dice.below(3), reference)),
    is('FaultTo', ...dice.times(dice.below(3), reference)),
    is('From', reference()),
    is('RelatesTo', 'urn:uuid:0'),
  ]
  return all.filter(() => dice.often(0.5))
}

function security(version: Version, dice: Dice): Element {
  const at = (seconds: number) => new Date(Date.parse(start) + seconds * 1000).toISOString()
  const created = dice.often(0.95) ? at(dice.below(60)) : dice.pick(badTimes)
  const nonce = Buffer.from(`${dice.below(1e9)}`).toString('base64')
  const right = dice.often(0.85)
  const digest = createHash('sha1')
    .update(Buffer.from(nonce, 'base64'))
    .update(created)
    .update(right ? password : canary)
  const kind = dice.often(0.95) ? dice.pick(['Text', 'Digest']) : 'Other'
  const secret = element(wsse, 'Password', kind === 'Digest' ? digest.digest('base64') : right ? password : canary)
  if (dice.often(0.9)) secret.attributes.push(['Type', `${wss}username-token-profile-1.0#Password${kind}`])
  const token = element(
    wsse,
    'UsernameToken',
    element(wsse, 'Username', dice.often(0.8) ? 'grid' : dice.pick([canary, '', '__proto__', 'constructor'])),
    ...(dice.often(0.97) ? [secret] : []),
    ...(dice.often(0.95) ? [element(wsse, 'Nonce', dice.often(0.95) ? nonce : dice.pick(['!', '', 'A', canary]))] : []),
    ...(dice.often(0.95) ? [element(wsu, 'Created', created)] : []),
  )
  const timestamp = element(wsu, 'Timestamp', element(wsu, 'Created', created), element(wsu, 'Expires', at(300)))
  const block = element(wsse, 'Security', ...(dice.often(0.9) ? [token] : []), ...(dice.often(0.4) ? [timestamp] : []))
  if (dice.often(0.5)) block.attributes.push([`xmlns:m="${soapUri[version]}" m:mustUnderstand`, '1'])
  return block
}
