// Energy as two readings of a meter, and OSCP 2.0 measurements, at the top of a list item or in a part of it.
import { drop, fill, instant, notAfter, type Rule, refuse, stored, toLegacy, toModern, usage, via } from '#mapping'
import { energyUnit } from '../oscp-1.0--oscp-2.0/values.ts'

/** `at` is '' or what leads to the measurement in an item, with its dot. */
export const usageRules = (at: string): Rule[] => [
  toModern(drop('ScheduleId', 'OSCP 2.0 measurements belong to a group and a time, not to a schedule.')),
  toLegacy(fill('ScheduleId', stored('forecast id'), 'Looked up by station and time in the stored schedules.')),
  via('StartDateTime', `${at}initial_measure_time`, instant),
  via('EndDateTime', `${at}measure_time`, instant),
  toModern(refuse('EndDateTime', notAfter('StartDateTime'), 'invalid-message', 'Usage must end after it starts.')),
  toLegacy(
    refuse(
      `${at}measure_time`,
      notAfter(`${at}initial_measure_time`),
      'invalid-message',
      'A measurement must end after it starts.',
    ),
  ),
  via('MeterUnit', `${at}unit`, energyUnit),
  drop('ChargePoints', 'OSCP 2.0 group measurements do not name charge points.'),
]

export const meterTotals = (inside = '') =>
  usage(inside, { start: 'MeterStart', end: 'MeterEnd', energy: 'difference' })
