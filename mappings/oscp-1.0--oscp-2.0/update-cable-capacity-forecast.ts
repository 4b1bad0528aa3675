import {
  constant, decimal, drop, each, fill, groups, instant, keep, message, not, notAfter, phases, refuse, shape, split, spread,
  text, tightest, toLegacy, toModern, until, via,
} from '#mapping'
import { acknowledgement, powerUnit } from './values.ts'

export default message('update-cable-capacity-forecast', {
  legacy: 'UpdateCableCapacityForecast',
  modern: 'UpdateGroupCapacityForecast',
  why: 'The DSO announces what this operator may draw per cable; 2.0 renames cable to group and types the forecast.',
  rules: [
    split('cableCapacityForecast', 'Rejected if any cable was refused, with the refused cables listed; else Accepted.'),
    via('cableId', 'group_id', groups),
    toModern(fill('type', constant('CONSUMPTION'), 'OSCP 1.0 knows one kind of forecast.')),
    toLegacy(refuse('type', not('CONSUMPTION'), 'untranslatable', 'OSCP 1.0 knows one kind of forecast.')),
    keep('forecastId', until('last block + 7 days'), 'It is needed again when usage is reported.'),
    each('block', 'forecasted_blocks', [
      via('startTime', 'start_time', instant),
      via('endTime', 'end_time', instant),
      toModern(refuse('endTime', notAfter('startTime'), 'invalid-message', 'A block must end after it starts.')),
      toLegacy(refuse('end_time', notAfter('start_time'), 'invalid-message', 'A block must end after it starts.')),
      via('capacity', 'capacity', decimal),
      drop('remainingCapacity', 'OSCP 2.0 states limits, not what is left of them.'),
    ]),
    spread('capacityUnit', 'forecasted_blocks[].unit', powerUnit, 'A forecast whose blocks differ in unit is refused.'),
    shape('block', 'forecasted_blocks', tightest),
    shape('block', 'forecasted_blocks', phases),
  ],
  answer: [
    via('status', 'verdict', acknowledgement),
    via('rejectedCableId[]', 'refused[]', groups),
    via('info', 'message', text(500)),
  ],
})
