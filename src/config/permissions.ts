/** Settings of what one party may do here: how often it may speak. */
import { z } from 'zod'

export const rateLimit = z
  .strictObject({
    perSecond: z
      .number()
      .min(0.001, 'must be at least 0.001')
      .max(100_000, 'must be at most 100000')
      .describe('Messages a second it may send for long.'),
    burst: z.int().min(1).max(1_000_000).describe('Messages it may send at once after it has been silent.'),
  })
  .optional()
