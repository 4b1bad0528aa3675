/** Values that fit a field, and values that somebody gets wrong; both ends of every range, and what means something to a program. */
import { start } from '../support/secured.ts'

/** Stands for a secret or a value of a partner: no refusal may repeat it. */
export const canary = 'k4n4r1e'

const day = '2026-03-03'

export { start }

export const goodTimes = ['00:00', '06:00', '06:15', '06:30', '07:00', '12:00', '23:45'].flatMap((t) => [
  `${day}T${t}:00Z`,
  `${day}T${t}:00.000+01:00`,
])
export const badTimes = [
  '2026-02-30T00:00:00Z',
  '2026-03-29T02:30:00',
  `${day}T24:00:00Z`,
  `${day}T23:59:60Z`,
  `${day}T06:00:00.1234567Z`,
  `${day}T06:00:00.0000000Z`,
  '-0001-01-01T00:00:00Z',
  '0000-01-01T00:00:00Z',
  '99999-12-31T23:59:59Z',
  '9999-12-31T23:59:59Z',
  '275760-09-13T00:00:00Z',
  `${day}T06:00:00+14:00`,
  `${day}T06:00:00-14:01`,
  `${day}T06:00:00+99:99`,
  `${day}`,
  '1772517600',
  `${day}t06:00:00z`,
  ` ${day}T06:00:00Z\n`,
  `${day}T06:00:00.${'0'.repeat(500)}Z`,
  canary,
]
export const goodNumbers = ['0', '11', '1.50', '0.001', '22.5', '999999999999999', '007']
export const badNumbers = [
  '-0',
  '-1',
  '1e3',
  'INF',
  'NaN',
  '9999999999999999',
  '0.1234567890123456',
  '.5',
  '5.',
  '+5',
  '0x10',
  '1,5',
  '٣',
  '1 000',
  `1${'0'.repeat(400)}`,
  `0.${'0'.repeat(400)}1`,
  `1.${canary}`,
]
export const goodIds = ['007', 'CABLE-17', 'hub', 'é', 'x'.repeat(255), '😀']
export const badIds = [
  '',
  ' ',
  'x'.repeat(256),
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  ' 007 ',
  'a\nb',
  'a\tb',
  '\u0085',
  '\u2028',
  '../../etc/passwd',
  '{{x}} %s $(x)',
  '*',
  'a/b c%2f',
  '😀'.repeat(200),
]
export const words = [
  'Accepted',
  'Rejected',
  'kW',
  'KW',
  'A',
  'W',
  'kWh',
  'Wh',
  'ALL',
  'ONE',
  'CONSUMPTION',
  'OPTIMUM',
  canary,
  '',
]
