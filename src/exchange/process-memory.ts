/**
 * What this process knows of deliveries besides the state: who waits for a verdict, what is on its way, what is not recorded yet.
 * Limits: it outlives the parts that deliver, which are replaced when the configuration is; it ends with the process.
 */
import { Unrecorded } from './unrecorded.ts'
import { Waiting } from './waiting.ts'

export class ProcessMemory {
  readonly waiting = new Waiting()
  readonly unrecorded = new Unrecorded()
  /** The latest attempt for each record, by peer and id. */
  readonly flying = new Map<string, Promise<unknown>>()
  /** The latest delivery past the state, likewise. */
  readonly direct = new Map<string, Promise<unknown>>()
}
