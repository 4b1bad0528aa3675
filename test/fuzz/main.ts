/**
 * `npm run fuzz`: generated and broken messages against our XML scanner and against a running gateway, guided by what of its code they
 * reach. The exit code is 1 when anything was found. FUZZ_MINUTES says how long (5), FUZZ_SEED repeats a run.
 * Limits: a run is repeated by its seed only as far as time does not decide; every finding is printed with its input.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { root } from '../support/command.ts'
import { campaign } from './campaign.ts'
import { openGuide } from './guide.ts'
import type { XmlReport } from './xml-process.ts'

const minutes = Number(process.env.FUZZ_MINUTES ?? 5)
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31)
if (!(minutes > 0) || !Number.isInteger(seed)) {
  console.error('FUZZ_MINUTES must be a number above zero, and FUZZ_SEED a whole number.')
  process.exit(1)
}
console.log(`fuzzing for ${minutes} minutes; FUZZ_SEED=${seed} repeats it`)
const until = Date.now() + minutes * 60_000
setTimeout(
  () => {
    console.error('It did not end in time.')
    process.exit(1)
  },
  minutes * 60_000 + 60_000,
).unref()

async function xmlPart(): Promise<XmlReport> {
  const child = fork(join(import.meta.dirname, 'xml-process.ts'), [seed, until, 1_000_000].map(String), {
    cwd: root,
    execArgv: ['--import', 'tsx', '--conditions=source'],
  })
  process.once('exit', () => child.kill('SIGKILL'))
  const [report] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [XmlReport | number]
  if (typeof report === 'object' && report !== null) return report
  return { documents: 0, files: 0, findings: [`the XML part ended with ${report}`] }
}

const guide = await openGuide()
const [xml, gateway] = await Promise.all([xmlPart(), campaign({ seed, until, guide })])
const statuses = Object.entries(gateway.statuses).sort(([a], [b]) => a.localeCompare(b))
console.log(`${xml.documents} documents and ${xml.files} of the conformance suite against saxes`)
console.log(
  `${gateway.envelopes} envelopes and ${gateway.bodies} JSON bodies to a gateway: ${statuses.map(([key, n]) => `${key} ${n}`).join(', ')}`,
)
console.log(
  `${guide.functions} functions of src reached, ${guide.blocksMissing} blocks in these not; ${gateway.kept} inputs led to something new`,
)
const findings = [...xml.findings, ...gateway.findings]
for (const finding of findings) console.log(`\nFOUND ${finding}`)
console.log(`\n${findings.length} findings`)
process.exit(findings.length === 0 ? 0 : 1)
