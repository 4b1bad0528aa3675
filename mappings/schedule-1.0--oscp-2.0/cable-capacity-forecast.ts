import {
  decimal,
  each,
  grid,
  groups,
  instant,
  keep,
  message,
  notAfter,
  phases,
  refuse,
  shape,
  tightest,
  toLegacy,
  toModern,
  unitPerBlock,
  until,
  via,
} from '#mapping'
import { forecastType } from '../oscp-1.0--oscp-2.0/forecast-type.ts'
import { powerUnit } from '../oscp-1.0--oscp-2.0/values.ts'
import { result } from './values.ts'

export default message('cable-capacity-forecast', {
  legacy: 'CableCapacityForecast',
  modern: 'UpdateGroupCapacityForecast',
  why: 'The grid operator states the limits at one station; a station is a group, and every period says its own unit.',
  rules: [
    ...forecastType,
    keep('ScheduleId', until('last block + 7 days'), 'It is needed again when usage is reported.', 'forecastId'),
    via('StationId', 'group_id', groups),
    each('Period', 'forecasted_blocks', [
      via('StartDateTime', 'start_time', instant),
      via('EndDateTime', 'end_time', instant),
      toModern(
        refuse('EndDateTime', notAfter('StartDateTime'), 'invalid-message', 'A period must end after it starts.'),
      ),
      toLegacy(refuse('end_time', notAfter('start_time'), 'invalid-message', 'A block must end after it starts.')),
      via('Limit', 'capacity', decimal),
      via('ChargingRateUnit', 'unit', powerUnit),
    ]),
    shape('Period', 'forecasted_blocks', grid),
    shape('Period', 'forecasted_blocks', tightest),
    shape('Period', 'forecasted_blocks', phases),
    shape('Period', 'forecasted_blocks', unitPerBlock),
  ],
  answer: result,
})
