/**
 * What this process has seen lately and the state does not keep: alarms, why deliveries failed, forecasts as they came.
 * Limits: of this process, since its start; the newest 100 alarms, the last 12 forecasts of a group, 100,000 blocks altogether.
 */
import type { LedgerKey } from '../../exchange/ledger.ts'
import type { DeliveryLine, Observer } from '../../exchange/observer.ts'
import type { Block } from '../../exchange/schedule.ts'
import type { Failure, RaisedAlarm, Version } from '../../ops/console/data.ts'
import { reason } from '../../ops/log.ts'

const mostAlarms = 100
const mostVersions = 12
const mostBlocks = 100_000

export class Watch {
  private readonly now: () => number
  private readonly raised: RaisedAlarm[] = []
  private readonly failures = new Map<string, Failure>()
  /** Those that heard of a forecast last are the last. */
  private readonly heard = new Map<string, Version[]>()
  private blocks = 0

  constructor(now: () => number) {
    this.now = now
  }

  readonly observer: Observer = {
    exchanged: () => undefined,
    attempted: ({ peer, outcome, status, sentence }: DeliveryLine) => {
      if (outcome === 'unavailable') this.failures.set(peer, { at: this.now(), status, sentence })
      else this.failures.delete(peer)
    },
    alarm: (alarm, { peer, link, group, error }) => {
      this.raised.unshift({ at: this.now(), alarm, peer, link, group, error: reason(error).error })
      this.raised.splice(mostAlarms)
    },
  }

  alarms(): readonly RaisedAlarm[] {
    return [...this.raised]
  }

  /** Why the last delivery to it failed; undefined when it did not, or was another process's. */
  failureOf(peer: string): Failure | undefined {
    return this.failures.get(peer)
  }

  /** A forecast was received for a schedule and stored as this version of it. */
  hears(key: LedgerKey, version: number, blocks: readonly Block[]): void {
    const name = nameOf(key)
    const known = this.heard.get(name) ?? []
    known.push({ version, at: this.now(), blocks })
    this.blocks += blocks.length
    if (known.length > mostVersions) this.blocks -= known.shift()!.blocks.length
    this.heard.delete(name)
    this.heard.set(name, known)
    for (const [oldest, versions] of this.heard) {
      if (this.blocks <= mostBlocks) break
      this.heard.delete(oldest)
      for (const version of versions) this.blocks -= version.blocks.length
    }
  }

  /** The oldest first. */
  versionsOf(key: LedgerKey): readonly Version[] {
    return this.heard.get(nameOf(key)) ?? []
  }
}

function nameOf({ peer, id }: LedgerKey): string {
  return `${peer} ${id}`
}
