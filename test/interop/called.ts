/** The gateway calling services on foreign stacks: what 2.0 parties say arrives there, and the answers, rejections and faults come back. */
import { type Finding, times, type Version } from './calls.ts'
import { granted, type Host, hostOnNodeSoap, hostOnPhp } from './hosts.ts'
import { groupOf, type Legacy, openWorld, otherGroupOf, password, until, user, type World } from './world.ts'

interface Hosted {
  readonly stack: string
  readonly role: 'dso' | 'csp'
  readonly version: Version
  readonly host: Host
  readonly party: string
  readonly passwordType: 'text' | 'digest'
}

/** One gateway that calls services of every stack, role and version. */
export async function callEveryHost(): Promise<Finding[]> {
  const hosted: Hosted[] = []
  try {
    for (const role of ['dso', 'csp'] as const)
      for (const version of ['1.1', '1.2'] as const) {
        const about = { role, version }
        const party = `${role}-${version === '1.1' ? 11 : 12}`
        const node = await hostOnNodeSoap(`${party}-node`, role, version)
        hosted.push({ ...about, stack: 'npm soap', host: node, party: `${party}-node`, passwordType: 'digest' })
        const php = await hostOnPhp(`${party}-php`, role, version)
        hosted.push({ ...about, stack: 'SoapServer', host: php, party: `${party}-php`, passwordType: 'text' })
      }
    const parties = hosted.map(({ party, role, version, host, passwordType }): [string, Legacy] => {
      const out = { usernameToken: { username: user, password, passwordType } }
      const settings = { url: host.url, soapVersion: version, heartbeatEvery: '1s', security: { out } }
      return [party, { role, settings }]
    })
    const world = await openWorld(Object.fromEntries(parties))
    try {
      return (await Promise.all(hosted.map((one) => findingsOf(one, world)))).flat()
    } finally {
      await world.stop()
    }
  } finally {
    await Promise.all(hosted.map(({ host }) => host.stop()))
  }
}

async function findingsOf(hosted: Hosted, world: World): Promise<Finding[]> {
  const { stack, role, version, passwordType } = hosted
  const findings: Finding[] = []
  const about = { stack, role: `${role.toUpperCase()} called`, version, how: `http, ${passwordType}` }
  for (const [operation, check] of Object.entries(role === 'dso' ? dsoChecks : cspChecks))
    try {
      await check(hosted, world)
      findings.push({ ...about, operation, wrong: undefined })
    } catch (error) {
      findings.push({ ...about, operation, wrong: (error as Error).message })
    }
  return findings
}

type Check = (hosted: Hosted, world: World) => Promise<void>

const block = (capacity: number) => ({
  ...{ capacity, phase: 'ALL', unit: 'KW' },
  ...{ start_time: times.start, end_time: times.end },
})
const forecast = (group: string, capacity: number) => ({
  ...{ group_id: group, type: 'CONSUMPTION' },
  forecasted_blocks: [block(capacity)],
})

/** The party says it, and must be taken at its word. */
async function say(party: World['fp'], name: string, body: object): Promise<void> {
  const { status, body: said } = await party.send(name, body)
  if (status !== 204) throw new Error(`${name} was answered ${status} ${said}`)
}

/** A call that the host got, with this in it, from whom it should be. */
async function heard({ host }: Hosted, operation: string, ...parts: string[]): Promise<void> {
  const calls = () => host.told().filter((call) => call.operation === operation)
  const fits = () => calls().find(({ value }) => parts.every((part) => JSON.stringify(value).includes(part)))
  try {
    await until(operation, () => fits() !== undefined, 15_000)
  } catch (error) {
    throw new Error(`${operation} with ${parts} did not come; there was ${JSON.stringify(calls()).slice(0, 600)}`, {
      cause: error,
    })
  }
  const { identity, user: name } = fits()!
  if (identity !== 'CSP-1' || name !== user) throw new Error(`came from ${name} of ${identity}`)
}

/** A forecast that a party got for a group. */
async function gotForecast(party: World['fp'], group: string, capacity: number): Promise<void> {
  const has = () =>
    party.got('update_group_capacity_forecast').some(({ body, status }) => {
      const blocks = (body.forecasted_blocks ?? []) as { capacity: number; unit: string; start_time: string }[]
      const [first] = blocks
      const same =
        first?.capacity === capacity && first.unit === 'KW' && Date.parse(first.start_time) === Date.parse(times.start)
      return status === 204 && body.group_id === group && same
    })
  await until(`${capacity} KW for ${group}`, has, 15_000)
}

/** Each is answered, or there would be an alarm by the time of the fifth. */
async function heartbeat(hosted: Hosted, { gateway }: World): Promise<void> {
  await heard(hosted, 'Heartbeat')
  const count = () => hosted.host.told().filter(({ operation }) => operation === 'Heartbeat').length
  await until('five heartbeats', () => count() >= 5, 15_000)
  const silent = gateway.log.find((line) => line.includes('party silent') && line.includes(`"${hosted.party}"`))
  if (silent) throw new Error(`was answered, but not understood: ${silent}`)
}

const dsoChecks: Readonly<Record<string, Check>> = {
  async GetCapacityForecast(hosted, { fp }) {
    await heard(hosted, 'GetCapacityForecast')
    await gotForecast(fp, groupOf(hosted.party), granted)
  },
  async RequestAdjustedCapacity(hosted, { fp }) {
    await say(fp, 'adjust_group_capacity_forecast', forecast(groupOf(hosted.party), 61.25))
    await heard(hosted, 'RequestAdjustedCapacity', '61.25')
    await gotForecast(fp, groupOf(hosted.party), 61.25)
  },
  async UpdateAggregatedUsage(hosted, { fp }) {
    const measured = { value: 3.75, unit: 'KWH', phase: 'ALL', direction: 'IMPORT' }
    const interval = { initial_measure_time: times.start, measure_time: times.end }
    const measurements = [{ ...measured, ...interval }]
    await say(fp, 'update_group_measurements', { group_id: groupOf(hosted.party), measurements })
    await heard(hosted, 'UpdateAggregatedUsage', '3.75')
  },
  Heartbeat: heartbeat,
}

async function complained(party: World['cp'], group: string, words: string): Promise<void> {
  const complaints = () => party.got('group_capacity_compliance_error')
  const has = () => complaints().some(({ body }) => JSON.stringify(body).includes(words))
  try {
    await until(`a compliance error that says ${words}`, has, 15_000)
  } catch (error) {
    throw new Error(
      `nobody complained of ${group}: ${JSON.stringify(complaints().map(({ body }) => body)).slice(0, 400)}`,
      { cause: error },
    )
  }
}

const cspChecks: Readonly<Record<string, Check>> = {
  async UpdateCableCapacityForecast(hosted, { cp }) {
    await say(cp, 'update_group_capacity_forecast', forecast(groupOf(hosted.party), 71.5))
    await heard(hosted, 'UpdateCableCapacityForecast', '71.5')
  },
  async 'UpdateCableCapacityForecast (rejected)'(hosted, { cp }) {
    await say(cp, 'update_group_capacity_forecast', forecast(otherGroupOf(hosted.party), 13))
    await complained(cp, otherGroupOf(hosted.party), `${hosted.party}: thirteen & unlucky`)
  },
  async 'UpdateCableCapacityForecast (fault)'(hosted, { cp }) {
    await say(cp, 'update_group_capacity_forecast', forecast(otherGroupOf(hosted.party), 14))
    await complained(cp, otherGroupOf(hosted.party), `${hosted.party}: fourteen <is> too much`)
  },
  Heartbeat: heartbeat,
}
