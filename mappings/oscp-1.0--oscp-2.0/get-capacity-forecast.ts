import {
  constant,
  each,
  fill,
  groups,
  hold,
  instant,
  message,
  oneOf,
  same,
  text,
  toLegacy,
  toModern,
  via,
} from '#mapping'
import { forecast } from './forecast.ts'
import { acknowledgement } from './values.ts'

export default message('get-capacity-forecast', {
  legacy: 'GetCapacityForecast',
  modern: 'StoredForecastsQuery',
  why: 'OSCP 2.0 only pushes: an operator who asks is answered from the stored forecasts, and a DSO is asked to fill them.',
  rules: [
    via('cableId[]', 'group_id[]', groups),
    via('startTime', 'start_time', instant),
    via('endTime', 'end_time', instant),
  ],
  answered: 'state',
  answerAs: 'StoredForecasts',
  answer: [
    via('status', 'verdict', acknowledgement),
    each('cableCapacityForecast', 'forecasts', [
      same('forecastId', 'forecast_id'),
      toModern(fill('type', constant('CONSUMPTION'), 'OSCP 1.0 knows one kind of forecast.')),
      toLegacy(
        hold(
          'type',
          oneOf('GENERATION', 'FALLBACK_GENERATION', 'OPTIMUM', 'FALLBACK_CONSUMPTION'),
          'shown',
          'OSCP 1.0 is asked for limits in force only.',
        ),
      ),
      ...forecast,
    ]),
    via('info', 'message', text(500)),
  ],
})
