#!/usr/bin/env node
/** The command `oscp-gateway`. `start` by itself, which is what a container runs, does not wait for all the others to be named. */
const [command = 'start', ...more] = process.argv.slice(2)

if (command === 'start' && more.length === 0) {
  // The bundle knows its own errors only.
  const { start, report } = await import('#start')
  process.exitCode = await start(undefined).catch(report)
} else await import('./commands.ts')
