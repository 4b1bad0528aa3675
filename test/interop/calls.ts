/** Foreign stacks calling the gateway: which runs there are, and what must have come of every call, on both sides. */
import { join } from 'node:path'
import { outputOf } from './programs.ts'
import { cable, groupOf, password, until, user, type World } from './world.ts'

export type Version = '1.1' | '1.2'
export type Role = 'dso' | 'csp'
export type Token = 'none' | 'text' | 'digest'

/** One call, or one thing that was to come of it, and what is wrong with it. */
export interface Finding {
  readonly stack: string
  readonly role: string
  readonly operation: string
  readonly version: Version
  readonly how: string
  readonly wrong: string | undefined
}

export interface Stack {
  readonly name: string
  /** The command that makes the calls of this role, without what is particular to a run. */
  readonly command: (role: Role) => readonly [string, ...string[]]
}

export interface Run {
  readonly stack: Stack
  readonly role: Role
  readonly version: Version
  readonly token: Token
  readonly ca?: string
}

interface Outcome {
  readonly call: string
  readonly answer?: Record<string, unknown>
  readonly fault?: { readonly codes: readonly string[]; readonly reason: string }
}

export const stacksFolder = join(import.meta.dirname, 'stacks')
const operations: Record<Role, Record<string, string>> = {
  dso: {
    forecast: 'UpdateCableCapacityForecast',
    'unknown cable': 'UpdateCableCapacityForecast (unknown cable)',
    'bad block': 'UpdateCableCapacityForecast (fault)',
    heartbeat: 'Heartbeat',
  },
  csp: {
    question: 'GetCapacityForecast',
    wish: 'RequestAdjustedCapacity',
    usage: 'UpdateAggregatedUsage',
    'bad block': 'RequestAdjustedCapacity (fault)',
    heartbeat: 'Heartbeat',
  },
}

/** Tomorrow, so that no block has passed. */
const day = new Date(Date.now() + 24 * 3600_000).toISOString().slice(0, 10)
export const times = { start: `${day}T06:00:00Z`, end: `${day}T06:15:00Z` }
let made = 0

export async function callFrom(run: Run, world: World): Promise<Finding[]> {
  const { role, version, token } = run
  const party = token === 'none' ? role : `${role}-secured`
  const capacity = `${100 + ++made}.5`
  const about = {
    stack: run.stack.name,
    role: `as ${role.toUpperCase()}`,
    version,
    how: `${run.ca ? 'https' : 'http'}${token === 'none' ? '' : `, ${token}`}`,
  }
  const judged = async (operation: string, judge: () => Promise<void> | void): Promise<Finding> => {
    try {
      await judge()
      return { ...about, operation, wrong: undefined }
    } catch (error) {
      return { ...about, operation, wrong: (error as Error).message.replace(/\s+/g, ' ') }
    }
  }
  const findings: Finding[] = []
  let outcomes: Outcome[] = []
  const ran = await judged('all', async () => {
    outcomes = await outcomesOf(run, world, { party, capacity, password })
  })
  if (ran.wrong !== undefined) findings.push(ran)
  for (const [call, operation] of Object.entries(operations[role]))
    findings.push(
      await judged(operation, () =>
        checkAnswer(
          role,
          version,
          call,
          outcomes.find((one) => one.call === call),
          capacity,
        ),
      ),
    )
  findings.push(
    await judged(role === 'dso' ? 'forecast at the FP' : 'wish and usage at the CP', () =>
      checkArrival(role, party, capacity, world),
    ),
  )
  if (token !== 'none')
    findings.push(
      await judged('Heartbeat (wrong password)', async () => {
        const [refused] = await outcomesOf(run, world, { party, capacity, password: 'wrong', only: 'heartbeat' })
        requireFault(version, refused, 'Sender', /password|UsernameToken|agreed/i)
      }),
    )
  return findings
}

async function outcomesOf(
  { stack, role, version, token, ca = '' }: Run,
  { gateway }: World,
  more: { party: string; capacity: string; password: string; only?: string },
): Promise<Outcome[]> {
  const endpoint = `${gateway.soap}/oscp/1.0/${more.party}`
  const all = {
    ...{
      role,
      version,
      token,
      ca,
      user,
      cable,
      ...times,
      identity: 'CSP-1',
      wsdl: `${endpoint}?wsdl`,
      endpoint,
      only: '',
    },
    ...more,
  }
  const [command, ...args] = stack.command(role)
  const given = Object.entries(all).map(([key, value]) => `${key}=${value}`)
  const printed = await outputOf(command, [...args, ...given], 60_000)
  return printed
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Outcome)
}

function checkAnswer(role: Role, version: Version, call: string, outcome: Outcome | undefined, capacity: string): void {
  if (call === 'bad block')
    return requireFault(
      version,
      outcome,
      'Sender',
      role === 'dso' ? /cableCapacityForecast.*block\[0\]\.endTime/ : /requestedCapacity\.block\[0\]\.endTime/,
    )
  const answer = outcome?.answer
  if (!answer)
    throw new Error(outcome ? `was answered ${JSON.stringify(outcome.fault ?? outcome)}` : 'was not answered')
  const expected = {
    forecast: 'Accepted',
    'unknown cable': 'Rejected',
    question: 'Accepted',
    wish: 'Pending',
    usage: 'Accepted',
  }
  const status = expected[call as keyof typeof expected] as string | undefined
  if (answer.status !== status) throw new Error(`was answered ${JSON.stringify(answer)} instead of ${status}`)
  if (call === 'unknown cable' && (String(answer.rejectedCableId) !== '0815' || !/0815/.test(String(answer.info))))
    throw new Error(`does not say which cable: ${JSON.stringify(answer)}`)
  if (call === 'heartbeat' && !(Math.abs(Date.parse(String(answer.currentTime)) - Date.now()) < 120_000))
    throw new Error(`tells the time ${JSON.stringify(answer)}`)
  if (call === 'question') {
    const [forecast] = answer.cableCapacityForecast as {
      cableId: string
      capacityUnit: string
      block: { capacity: unknown }[]
    }[]
    const told = [forecast?.cableId, forecast?.capacityUnit, Number(forecast?.block[0]?.capacity)]
    if (String(told) !== String([cable, 'kW', pushed]))
      throw new Error(`tells ${JSON.stringify(answer)} after ${capacity}`)
  }
}

/** What the capacity provider has said before anybody asks. */
export const pushed = 77.25

function requireFault(
  version: Version,
  outcome: Outcome | undefined,
  side: 'Sender' | 'Receiver',
  reason: RegExp,
): void {
  const { fault } = outcome ?? {}
  if (!fault) throw new Error(`was no fault: ${JSON.stringify(outcome)}`)
  const code = version === '1.2' ? side : side === 'Sender' ? 'Client' : 'Server'
  if (!new RegExp(`(^|[:}])${code}$`).test(fault.codes[0] ?? '') || !reason.test(fault.reason))
    throw new Error(`was the fault ${JSON.stringify(fault)}`)
}

interface Message {
  readonly group_id: string
  readonly forecasted_blocks?: readonly { capacity: number; unit: string; start_time: string; end_time: string }[]
  readonly measurements?: readonly {
    value: number
    unit: string
    initial_measure_time?: string
    measure_time: string
  }[]
}

async function checkArrival(role: Role, party: string, capacity: string, { fp, cp }: World): Promise<void> {
  const group = groupOf(party)
  const at = (time: string) => Date.parse(time)
  const arrived = (peer: World['fp'], name: string, fits: (message: Message) => boolean) =>
    until(`${name} of ${capacity} for ${group}`, () =>
      peer
        .got(name)
        .some(({ body, status }) => status === 204 && body.group_id === group && fits(body as unknown as Message)),
    )
  const asked = ({ forecasted_blocks: [block] = [] }: Message) =>
    block !== undefined &&
    block.capacity === Number(capacity) &&
    block.unit === 'KW' &&
    at(block.start_time) === at(times.start) &&
    at(block.end_time) === at(times.end)
  if (role === 'dso') return arrived(fp, 'update_group_capacity_forecast', asked)
  await arrived(cp, 'adjust_group_capacity_forecast', asked)
  await arrived(cp, 'update_group_measurements', ({ measurements: [one] = [] }) =>
    Boolean(one && one.value === Number(capacity) && one.unit === 'KWH' && at(one.measure_time) === at(times.end)),
  )
}
