import { always, drop, hold, message, text, toLegacy, toModern, via } from '#mapping'

export default message('group-capacity-compliance-error', {
  legacy: 'UpdateCableCapacityForecast',
  of: 'response',
  modern: 'GroupCapacityComplianceError',
  why: 'An operator who rejects a forecast cannot meet it. OSCP 1.0 can say so only in its answer, 2.0 at any time.',
  rules: [
    toModern(drop('status', 'Only Rejected becomes a compliance error.')),
    toModern(drop('rejectedCableId[]', 'The correlation with the forecast names the group.')),
    toModern(via('info', 'message', text(500, 'The charge spot operator rejected the forecast.'))),
    toLegacy(
      hold(
        'message',
        always,
        'compliance',
        'OSCP 1.0 has no message for it; it is kept, counted and shown to the operator.',
      ),
    ),
    toLegacy(hold('forecasted_blocks[]', always, 'compliance', 'OSCP 1.0 has no message for it.')),
    toModern(drop('forecasted_blocks[]', 'OSCP 1.0 rejects a forecast as a whole.')),
  ],
})
