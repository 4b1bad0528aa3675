import {
  decimal,
  drop,
  each,
  fill,
  groups,
  instant,
  message,
  notAfter,
  refuse,
  shape,
  split,
  spread,
  stored,
  text,
  toLegacy,
  toModern,
  usage,
  via,
} from '#mapping'
import { acknowledgement, energyUnit } from './values.ts'

export default message('update-aggregated-usage', {
  legacy: 'UpdateAggregatedUsage',
  modern: 'UpdateGroupMeasurements',
  why: 'The operator reports the energy a cable has used. 1.0 speaks of intervals, 2.0 of intervals or of register readings.',
  rules: [
    split('aggregatedUsage', 'cableId', 'Rejected if any cable was refused, named in info; else Accepted.'),
    via('cableId', 'group_id', groups),
    toModern(drop('forecastId', 'OSCP 2.0 measurements belong to a group and a time, not to a forecast.')),
    toLegacy(fill('forecastId', stored('forecast id'), 'Looked up by cable and time in the stored forecasts.')),
    each('block', 'measurements', [
      via('startTime', 'initial_measure_time', instant),
      via('endTime', 'measure_time', instant),
      toModern(refuse('endTime', notAfter('startTime'), 'invalid-message', 'A block must end after it starts.')),
      toLegacy(
        refuse(
          'measure_time',
          notAfter('initial_measure_time'),
          'invalid-message',
          'A measurement must end after it starts.',
        ),
      ),
      via('energy', 'value', decimal),
      drop('chargePoint[]', 'OSCP 2.0 group measurements do not name charge points.'),
    ]),
    spread('energyUnit', 'measurements[].unit', energyUnit, 'Usage whose measurements differ in unit is refused.'),
    shape('block', 'measurements', usage()),
  ],
  answer: [
    via('status', 'verdict', acknowledgement),
    toLegacy(drop('refused[]', 'The 1.0 answer has no list for it; the cables are named in info.')),
    via('info', 'message', text(500)),
  ],
})
