/**
 * `npm run soak`: both deployments through two replicas and one Redis for ten minutes (`SOAK_MINUTES`), the first of them with a
 * replica killed every few seconds, the rest with parties, Redis and a replica that go and come back at random.
 * Exit code 1 when anything that was taken is lost, or an older limit was sent after a newer one while all were there.
 */
import { closeScenes } from '../support/scene.ts'
import { soak } from './run.ts'

const minutes = Number(process.env.SOAK_MINUTES ?? 10)
if (!(minutes > 0)) {
  console.error('SOAK_MINUTES must be a number above 0')
  process.exit(2)
}
const killingMs = Math.min(60_000, minutes * 30_000)
const outagesMs = minutes * 60_000 - killingMs
const mb = (bytes: number) => `${Math.round(bytes / 1e6)} MB`

try {
  const outcome = await soak({ killingMs, outagesMs, pauseMs: 400, random: Math.random, say: console.log })
  const { taken, delivered, dead, lost, duplicates, refused, disorder, disorderInOutages, kills, outages, rss } =
    outcome
  console.log(`taken              ${taken}`)
  console.log(`delivered          ${delivered}   (a limit that a newer one replaced first need not be)`)
  console.log(`in the dead lists  ${dead}`)
  console.log(`lost               ${lost.length}   ${lost.slice(0, 10).join(', ')}`)
  console.log(`delivered again    ${duplicates}`)
  console.log(`refused, and said again  ${refused}`)
  console.log(`older after newer  ${disorder.length}   ${disorder.slice(0, 5).join(', ')}`)
  console.log(`  around outages   ${disorderInOutages.length}   ${disorderInOutages.slice(0, 5).join(', ')}`)
  console.log(`replicas killed    ${kills}`)
  for (const [what, count] of Object.entries(outages)) console.log(`${what.padEnd(18)} ${count}`)
  console.log(`memory of a gateway ${mb(rss[0])} at the start, ${mb(rss[1])} at the end`)
  console.log(`alarms             ${JSON.stringify(outcome.alarms)}`)
  process.exitCode = lost.length > 0 || disorder.length > 0 ? 1 : 0
} finally {
  await closeScenes()
}
process.exit()
