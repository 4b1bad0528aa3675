import { constant, drop, each, fill, message, not, refuse, same, split, text, toLegacy, toModern, via } from '#mapping'
import { forecast } from './forecast.ts'
import { adjustment } from './values.ts'

const consumptionOnly = [
  toModern(fill('type', constant('CONSUMPTION'), 'OSCP 1.0 knows one kind of forecast.')),
  toLegacy(refuse('type', not('CONSUMPTION'), 'untranslatable', 'OSCP 1.0 can ask for consumption only.')),
]

export default message('request-adjusted-capacity', {
  legacy: 'RequestAdjustedCapacity',
  modern: 'AdjustGroupCapacityForecast',
  why: 'The operator asks for other capacities, as absolute figures. A 2.0 answer is only "received"; the grant is a forecast.',
  rules: [
    split('requestedCapacity', 'cableId', 'One request is about one cable.'),
    ...consumptionOnly,
    toModern(drop('forecastId', 'OSCP 2.0 asks about a group and a time, not about a forecast.')),
    ...forecast,
  ],
  answerAs: 'AdjustmentAnswer',
  answer: [
    via('status', 'verdict', adjustment),
    each('cableCapacityForecast', 'forecast', [same('forecastId', 'forecast_id'), ...consumptionOnly, ...forecast]),
    via('info', 'message', text(500)),
  ],
})
