import { each, groups, message, shape, via } from '#mapping'
import { meterTotals, usageRules } from './usage-rules.ts'
import { result } from './values.ts'

export default message('aggregated-usage', {
  legacy: 'AggregatedUsage',
  modern: 'UpdateGroupMeasurements',
  why: 'The operator reports what was drawn at a station, as two readings of a meter; the energy is their difference.',
  rules: [
    via('StationId', 'group_id', groups),
    each('Usage', 'measurements', usageRules('')),
    shape('Usage', 'measurements', meterTotals()),
  ],
  answer: result,
})
