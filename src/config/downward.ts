/** How limits of OSCP 2.0 become those of one OSCP 1.0 operator: the settings of a link that only the way down needs. */
import { z } from 'zod'
import { duration } from './values.ts'

const volts = z.number().positive().max(1_000_000)

const voltage = z
  .union([
    volts.transform((given) => ({ low: given, high: given })),
    z
      .strictObject({ low: volts.describe('Least voltage.'), high: volts.describe('Highest voltage.') })
      .refine(({ low, high }) => low <= high, { path: ['high'], message: 'must not be below low' }),
  ])
  .optional()
  .describe(
    'Volts between phase and neutral, one figure or low and high. Default: ampere and power are never converted.',
  )

const safeLimit = z.strictObject({
  capacity: z.number().nonnegative().describe('What the group may draw.'),
  unit: z.enum(['A', 'W', 'KW']).default('KW').describe('Its unit; A is per phase.'),
})

export const downward = z.object({
  grid: duration
    .refine((ms) => ms >= 60_000, 'must be at least 1m')
    .optional()
    .describe('Length of the blocks a 1.0 party wants, such as 15m. Default: blocks keep their edges.'),
  oddBlocks: z
    .boolean()
    .default(true)
    .describe('Whether a block may leave the grid where it cannot be filled; false: that part is left out.'),
  voltage,
  legacyUnit: z
    .enum(['A', 'W', 'kW'])
    .transform((unit) => (unit === 'kW' ? ('KW' as const) : unit))
    .optional()
    .describe('The one unit a 1.0 party is told limits in. Default: the unit they come in; mixed power becomes kW.'),
  optimum: z
    .enum(['show', 'apply'])
    .default('show')
    .describe(
      'apply: a 1.0 operator is told the smaller of limit and OPTIMUM. show: an OPTIMUM is kept, and never sent.',
    ),
  fallback: z
    .record(z.string().min(1), safeLimit)
    .default({})
    .describe('Group id → the limit that is safe while the other side is offline and has left no fallback of its own.'),
})
