/**
 * Puts a running gateway under another configuration between two messages: new parts over the same listeners, state and journal.
 * Limits: what cannot be changed while it runs stays as it was; whatever cannot be used changes nothing at all.
 */
import { type Config, changesBetween, type SettingChange, withoutRestart } from '../config.ts'
import type { Crossing } from '../mapping/crossings.ts'
import type { Log } from '../ops/log.ts'
import { reason } from '../ops/log.ts'
import { begin } from './beginning.ts'
import type { Faces } from './faces.ts'
import type { Parts } from './parts.ts'
import type { Phase } from './readiness.ts'
import type { Shift } from './shift.ts'

export interface Running {
  readonly shift: Shift
  readonly faces: Faces
  readonly phase: Phase
  readonly log: Log
  /** Throws FindingsError, and then has opened nothing. */
  readonly assemble: (config: Config, crossings: readonly Crossing[]) => Parts
}

/** Resolves with what differs, also if it needs a restart. Throws FindingsError. */
export async function reconfigure(
  { shift, faces, phase, log, assemble }: Running,
  wanted: Config,
  crossings: readonly Crossing[],
): Promise<SettingChange[]> {
  const old = shift.current
  const changes = changesBetween(old.config, wanted)
  if (changes.every(({ needsRestart }) => needsRestart) && hashesOf(crossings) === hashesOf(old.crossings)) {
    old.certificates.reload()
    return changes
  }
  const config = withoutRestart(old.config, wanted)
  const next = assemble(config, crossings)
  log.level = config.log
  // Nobody takes work off the agenda until the new parts do; what was taken is finished by those who took it.
  old.dsoFlows.stop()
  old.certificates.stop()
  old.console.stop()
  old.events.drain()
  await old.agenda.stop()
  next.certificates.attach(faces)
  phase.beginning?.stop()
  const beginning = begin({ ledger: next.ledger, sessions: next.party.sessions, log, patience: 0, pause: 100 })
  shift.replace(next).catch((error: unknown) => log.error(reason(error), 'the parts before did not end'))
  await beginning.tried.catch((error: unknown) => log.error(reason(error), 'sessions cannot begin'))
  phase.beginning = beginning
  if (!phase.draining) {
    next.agenda.start()
    next.dsoFlows.start()
  }
  return changes
}

function hashesOf(crossings: readonly Crossing[]): string {
  return crossings.map(({ id, hash }) => `${id} ${hash}`).join()
}
