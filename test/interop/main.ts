/**
 * `npm run interop`: SOAP stacks that are not ours call a running gateway, and are called by it. What came of every operation is printed
 * as a table; the exit code is 1 when anything failed. It takes a minute or two, and is stopped after ten.
 */
import { authority } from '../support/certificates.ts'
import { callEveryHost } from './called.ts'
import { callFrom, type Finding, pushed, type Run, type Stack, stacksFolder, times } from './calls.ts'
import { gsoapProgram } from './gsoap.ts'
import { ensureStacks, pythonWithZeep } from './programs.ts'
import { cable, groupOf, type Legacy, openWorld, password, user, type World } from './world.ts'

setTimeout(() => {
  console.error('It took longer than ten minutes.')
  process.exit(1)
}, 600_000).unref()

const secured = { security: { in: { usernameToken: { users: [{ username: user, password }] } } } }
const callers: Record<string, Legacy> = {
  dso: { role: 'dso' },
  'dso-secured': { role: 'dso', settings: secured },
  csp: { role: 'csp' },
  'csp-secured': { role: 'csp', settings: secured },
}

async function stacksFor({ gateway }: World): Promise<Stack[]> {
  const published = async (party: string) => (await fetch(`${gateway.soap}/oscp/1.0/${party}?wsdl`)).text()
  const programs = {
    dso: await gsoapProgram('dso', await published('dso')),
    csp: await gsoapProgram('csp', await published('csp')),
  }
  const python = pythonWithZeep()
  return [
    { name: 'zeep', command: () => [python, '-B', `${stacksFolder}/zeep-client.py`] },
    { name: 'PHP', command: () => ['php', `${stacksFolder}/php-client.php`] },
    { name: 'gSOAP', command: (role) => [programs[role]] },
  ]
}

/** What a question is answered with must have been said before. */
async function sayLimits({ cp }: World): Promise<void> {
  const block = { capacity: pushed, phase: 'ALL', unit: 'KW', start_time: times.start, end_time: times.end }
  for (const party of ['csp', 'csp-secured']) {
    const body = { group_id: groupOf(party), type: 'CONSUMPTION', forecasted_blocks: [block] }
    const { status, body: said } = await cp.send('update_group_capacity_forecast', body)
    if (status !== 204) throw new Error(`the gateway did not take the limit of ${cable}: ${status} ${said}`)
  }
}

async function callersAgainst(world: World, stacks: readonly Stack[], ca?: string): Promise<Finding[]> {
  await sayLimits(world)
  const runs: Run[] = stacks.flatMap((stack) =>
    (['dso', 'csp'] as const).flatMap((role) =>
      (['1.1', '1.2'] as const).flatMap((version) =>
        (['none', 'text', 'digest'] as const).map((token) => ({ stack, role, version, token, ...(ca ? { ca } : {}) })),
      ),
    ),
  )
  const findings: Finding[] = []
  for (const run of runs) findings.push(...(await callFrom(run, world)))
  return findings
}

async function main(): Promise<number> {
  ensureStacks()
  const findings: Finding[] = []
  const plain = await openWorld(callers)
  let stacks: Stack[]
  try {
    stacks = await stacksFor(plain)
    findings.push(...(await callersAgainst(plain, stacks)))
  } finally {
    await plain.stop()
  }
  const { caFile, issue } = authority()
  const encrypted = await openWorld(callers, issue())
  try {
    findings.push(...(await callersAgainst(encrypted, stacks, caFile)))
  } finally {
    await encrypted.stop()
  }
  findings.push(...(await callEveryHost()))
  return print(findings)
}

/** One line per stack, role, operation and version: `ok`, or what failed and how it was called. */
function print(findings: readonly Finding[]): number {
  const rows = new Map<string, Finding[]>()
  for (const one of findings) {
    const key = [one.stack.padEnd(10), one.role.padEnd(10), one.operation.padEnd(46), one.version].join(' ')
    rows.set(key, [...(rows.get(key) ?? []), one])
  }
  for (const [key, ones] of [...rows].sort(([a], [b]) => a.localeCompare(b))) {
    const bad = ones.filter(({ wrong }) => wrong !== undefined)
    const ways = ones.map(({ how }) => how).join('; ')
    console.log(`${key}  ${bad.length === 0 ? `ok  (${ways})` : 'FAILED'}`)
    for (const { how, wrong } of bad) console.log(`    ${how}: ${wrong}`)
  }
  const failed = findings.filter(({ wrong }) => wrong !== undefined).length
  console.log(`\n${findings.length} checks, ${failed} failed`)
  return failed === 0 ? 0 : 1
}

try {
  process.exit(await main())
} catch (error) {
  console.error(error instanceof Error && !error.cause ? error.message : error)
  process.exit(1)
}
