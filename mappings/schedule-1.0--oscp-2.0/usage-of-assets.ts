import { each, groups, message, shape, via } from '#mapping'
import { combinedAsset } from '../oscp-1.0--oscp-2.0/combined-asset.ts'
import { meterTotals, usageRules } from './usage-rules.ts'

export default message('usage-of-assets', {
  legacy: 'AggregatedUsage',
  modern: 'UpdateAssetMeasurements',
  why: 'Some peers send the usage of single assets where a group is meant; a capacity optimizer takes one combined asset.',
  rules: [
    via('StationId', 'group_id', groups),
    each('Usage', 'measurements', [...usageRules('energy_measurement.'), ...combinedAsset]),
    shape('Usage', 'measurements', meterTotals('energy_measurement')),
  ],
})
