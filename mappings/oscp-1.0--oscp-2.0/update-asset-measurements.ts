import {
  decimal,
  drop,
  each,
  fill,
  groups,
  instant,
  message,
  notAfter,
  refuse,
  shape,
  split,
  spread,
  stored,
  toLegacy,
  toModern,
  usage,
  via,
} from '#mapping'
import { combinedAsset } from './combined-asset.ts'
import { energyUnit } from './values.ts'

export default message('update-asset-measurements', {
  legacy: 'UpdateAggregatedUsage',
  modern: 'UpdateAssetMeasurements',
  why: 'Some peers send the usage of single assets where a group is meant; a capacity optimizer takes one combined asset.',
  rules: [
    split('aggregatedUsage', 'cableId', 'One 2.0 message is about one group.'),
    via('cableId', 'group_id', groups),
    toModern(drop('forecastId', 'OSCP 2.0 measurements belong to a group and a time, not to a forecast.')),
    toLegacy(fill('forecastId', stored('forecast id'), 'Looked up by cable and time in the stored forecasts.')),
    each('block', 'measurements', [
      via('startTime', 'energy_measurement.initial_measure_time', instant),
      via('endTime', 'energy_measurement.measure_time', instant),
      toModern(refuse('endTime', notAfter('startTime'), 'invalid-message', 'A block must end after it starts.')),
      toLegacy(
        refuse(
          'energy_measurement.measure_time',
          notAfter('energy_measurement.initial_measure_time'),
          'invalid-message',
          'A measurement must end after it starts.',
        ),
      ),
      via('energy', 'energy_measurement.value', decimal),
      ...combinedAsset,
      drop('chargePoint[]', 'The energy of all charge points is one combined asset.'),
    ]),
    spread(
      'energyUnit',
      'measurements[].energy_measurement.unit',
      energyUnit,
      'Usage whose measurements differ in unit is refused.',
    ),
    shape('block', 'measurements', usage('energy_measurement')),
  ],
})
