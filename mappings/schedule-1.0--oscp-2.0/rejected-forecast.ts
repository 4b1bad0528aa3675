import { always, constant, drop, fill, hold, message, toLegacy, toModern } from '#mapping'

const nowhere = 'This dialect has no message for it; it is kept, counted and shown to the operator.'

export default message('rejected-forecast', {
  legacy: 'CableCapacityForecast',
  of: 'response',
  modern: 'GroupCapacityComplianceError',
  why: 'An operator who rejects a schedule cannot meet it; this dialect does not let it say why.',
  rules: [
    toModern(drop('Result', 'Only Rejected becomes a compliance error.')),
    toModern(
      fill('message', constant('The charge spot operator rejected the schedule.'), 'This dialect does not say why.'),
    ),
    toLegacy(hold('message', always, 'compliance', nowhere)),
    toLegacy(hold('forecasted_blocks[]', always, 'compliance', nowhere)),
    toModern(drop('forecasted_blocks[]', 'A schedule is rejected as a whole.')),
  ],
})
