// One cable's forecast and one group's forecast: shared by every message that carries one.
import {
  decimal,
  drop,
  each,
  grid,
  groups,
  instant,
  notAfter,
  oneUnit,
  phases,
  refuse,
  shape,
  spread,
  tightest,
  toLegacy,
  toModern,
  via,
} from '#mapping'
import { powerUnit } from './values.ts'

export const forecast = [
  via('cableId', 'group_id', groups),
  each('block', 'forecasted_blocks', [
    via('startTime', 'start_time', instant),
    via('endTime', 'end_time', instant),
    toModern(refuse('endTime', notAfter('startTime'), 'invalid-message', 'A block must end after it starts.')),
    toLegacy(refuse('end_time', notAfter('start_time'), 'invalid-message', 'A block must end after it starts.')),
    via('capacity', 'capacity', decimal),
    drop('remainingCapacity', 'OSCP 2.0 states limits, not what is left of them.'),
  ]),
  spread('capacityUnit', 'forecasted_blocks[].unit', powerUnit, 'A forecast whose blocks differ in unit is refused.'),
  shape('block', 'forecasted_blocks', grid),
  shape('block', 'forecasted_blocks', tightest),
  shape('block', 'forecasted_blocks', phases),
  shape('block', 'forecasted_blocks', oneUnit),
]
