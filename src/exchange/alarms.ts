/** Every alarm by its name, so that each can be counted before it was ever raised. What it means stands in observer.ts. */
import type { Alarm } from './observer.ts'

const names: Readonly<Record<Alarm, true>> = {
  'adjustment not decided': true,
  'agenda failure': true,
  'certificate not replaced': true,
  'connections refused': true,
  'dead list full': true,
  'delivered but not recorded': true,
  'event missing': true,
  'expired undelivered': true,
  'failure after an answer': true,
  'forecast cannot be met': true,
  'forecasts not fetched': true,
  'handshake failed': true,
  'legacy party silent': true,
  'measurements not taken': true,
  'message given up': true,
  'no fallback': true,
  'no fallback configured': true,
  'owed to nobody': true,
  'peer offline': true,
  'peer spared': true,
  'peer unavailable': true,
  'refused after acceptance': true,
  'registration failed': true,
  'registration suspect': true,
  'reply undelivered': true,
  'segments incomplete': true,
  'session hook failed': true,
  'usage not kept': true,
}

export const alarms = Object.keys(names) as readonly Alarm[]
