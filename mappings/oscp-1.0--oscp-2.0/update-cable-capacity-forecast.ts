import { constant, fill, hold, keep, message, oneOf, same, split, text, toLegacy, toModern, until, via } from '#mapping'
import { forecast } from './forecast.ts'
import { acknowledgement } from './values.ts'

export default message('update-cable-capacity-forecast', {
  legacy: 'UpdateCableCapacityForecast',
  modern: 'UpdateGroupCapacityForecast',
  why: 'The DSO announces what this operator may draw per cable; 2.0 renames cable to group and types the forecast.',
  rules: [
    split(
      'cableCapacityForecast',
      'cableId',
      'Rejected if any cable was refused, with the refused cables listed; else Accepted.',
    ),
    toModern(fill('type', constant('CONSUMPTION'), 'OSCP 1.0 knows one kind of forecast.')),
    toLegacy(hold('type', oneOf('GENERATION', 'FALLBACK_GENERATION'), 'shown', 'OSCP 1.0 limits consumption only.')),
    toLegacy(
      hold(
        'type',
        oneOf('OPTIMUM'),
        'optimum',
        'OSCP 1.0 has limits only; an optimum may tighten them where the link says so.',
      ),
    ),
    toLegacy(
      hold(
        'type',
        oneOf('FALLBACK_CONSUMPTION'),
        'fallback',
        'It holds when the capacity provider goes offline, and is sent then.',
      ),
    ),
    keep('forecastId', until('last block + 7 days'), 'It is needed again when usage is reported.'),
    ...forecast,
  ],
  answer: [
    via('status', 'verdict', acknowledgement),
    same('rejectedCableId[]', 'refused[]'),
    via('info', 'message', text(500)),
  ],
})
