#!/usr/bin/env node
/** What the image's health check runs: `oscp-gateway probe` without loading the gateway, since it runs every ten seconds. */
import { report } from './exit.ts'
import { probe } from './probe.ts'

try {
  process.exitCode = await probe(process.argv[2] ?? 'livez', undefined)
} catch (error) {
  process.exitCode = report(error)
}
