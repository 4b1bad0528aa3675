/**
 * `npm run container`: builds the Dockerfile's two images on a stand-in base and runs them read-only as their user, without an engine. What was
 * seen is printed line by line; the exit code is 1 when anything was not as it should be. It takes two minutes, and is stopped after fifteen.
 */
import { Builder } from './images.ts'
import { seePeers } from './peers.ts'
import { seePlain } from './plain.ts'
import { Report } from './report.ts'
import { seeRunning } from './running.ts'

setTimeout(() => {
  console.error('It took longer than fifteen minutes.')
  process.exit(1)
}, 900_000).unref()

const built = {
  VERSION: '9.8.7',
  REVISION: '0123abc',
  CREATED: '2026-01-02T03:04:05Z',
  SOURCE: 'https://example.org/oscp-gateway',
}

const report = new Report()
const builder = new Builder()
try {
  const plain = builder.build(undefined, built)
  const base = builder.baseBytes()
  report.say(
    `base of this machine (Node ${process.version}): ${megabytes(base)}; the gateway adds ${megabytes(plain.bytes - base)}`,
  )
  await seePlain(report, plain, built)
  await seeRunning(report, plain, built)
  const peers = builder.build('peers', built)
  report.say(`the simulated peers add ${megabytes(peers.bytes - plain.bytes)}`)
  await seePeers(report, peers)
} finally {
  builder.close()
}
process.exitCode = report.close()

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
