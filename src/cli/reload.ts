/**
 * What SIGHUP does to a running gateway: configuration, mappings and files are read again, and taken up if all of it can be used.
 * Limits: one after the other; signals that come meanwhile are one more reading.
 */
import type { Gateway } from '../app.ts'
import { type Config, describeChange } from '../config.ts'
import { FindingsError } from '../contract/model.ts'
import { type Log, reason } from '../ops/log.ts'
import { type Prepared, prepare } from './prepare.ts'

/** A handler of the signal; `load` reads the configuration as the start did. */
export function reloader(gateway: Pick<Gateway, 'reconfigure' | 'reload'>, log: Log, load: () => Config): () => void {
  let [isReading, again] = [false, false]
  return () => {
    again = true
    if (!isReading) void read()
  }

  async function read(): Promise<void> {
    isReading = true
    while (again) {
      again = false
      log.info('reading the configuration again, and certificates')
      await reloadOnce(gateway, log, load)
    }
    isReading = false
  }
}

async function reloadOnce(
  gateway: Pick<Gateway, 'reconfigure' | 'reload'>,
  log: Log,
  load: () => Config,
): Promise<void> {
  try {
    const { config, crossings }: Prepared<Config> = await prepare(load)
    const changes = await gateway.reconfigure(config, crossings)
    for (const change of changes)
      if (change.needsRestart) log.warn({ setting: change.setting }, `not taken up: ${describeChange(change)}`)
    const taken = changes.filter(({ needsRestart }) => !needsRestart).map(describeChange)
    log.info({ changes: taken, mappings: crossings.map(({ id, hash }) => `${id} ${hash}`) }, 'reloaded')
  } catch (error) {
    if (error instanceof FindingsError)
      for (const { file, rule, sentence } of error.findings)
        log.error({ problem: `${file}: ${rule}: ${sentence}` }, 'reload')
    else log.error(reason(error), 'reload')
    log.error('nothing of it is taken up: what was in force stays in force')
    // Files of certificates may have changed all the same.
    gateway.reload()
  }
}
