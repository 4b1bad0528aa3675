// Tables of values, total both ways: what has no counterpart is refused with a reason.
import { table } from '#mapping'

export const powerUnit = table(
  'power unit',
  [
    ['A', 'A'],
    ['W', 'W'],
    ['kW', 'KW'],
  ],
  {
    modern: {
      WH: 'OSCP 1.0 states limits as power or current, not as energy.',
      KWH: 'OSCP 1.0 states limits as power or current, not as energy.',
    },
  },
)

export const energyUnit = table('energy unit', [
  ['Wh', 'WH'],
  ['kWh', 'KWH'],
])

export const adjustment = table('adjustment', [
  ['Accepted', 'GRANTED'],
  ['Rejected', 'REFUSED'],
  ['Pending', 'PENDING'],
])

export const acknowledgement = table('acknowledgement', [
  ['Accepted', 'ACCEPTED'],
  ['Rejected', 'REFUSED'],
])
