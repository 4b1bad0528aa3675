// OSCP 2.0 messages as this project sends them.
import { z } from 'zod'
import { jsonContract } from '#mapping'

const instant = z.iso.datetime({ offset: true })

const forecastedBlock = z
  .object({
    capacity: z.number().min(0).describe('The limit in `unit`, a magnitude; the direction is in the message type.'),
    phase: z.enum(['UNKNOWN', 'ONE', 'TWO', 'THREE', 'ALL']).describe('The phase or phases the capacity is about.'),
    unit: z.enum(['A', 'W', 'KW', 'WH', 'KWH']).describe('Unit of `capacity`.'),
    start_time: instant.describe('First instant of the block.'),
    end_time: instant.describe('First instant after the block.'),
  })
  .describe('A half-open span of time with one capacity.')

const updateGroupCapacityForecast = z
  .object({
    group_id: z.string().min(1).describe('The group of assets behind one constraint, agreed out of band.'),
    type: z
      .enum(['CONSUMPTION', 'GENERATION', 'FALLBACK_CONSUMPTION', 'FALLBACK_GENERATION', 'OPTIMUM'])
      .describe('What the capacities limit.'),
    forecasted_blocks: z.array(forecastedBlock).min(1).describe('The forecast, one entry per block and phase.'),
  })
  .describe('Capacity Provider to Flexibility Provider: what a group may draw, block by block.')

const heartbeat = z
  .object({ offline_mode_at: instant.describe('From this instant the sender may be taken for offline.') })
  .describe('I am alive.')

const answer = z
  .object({
    verdict: z.enum(['ACCEPTED', 'REFUSED']).describe('A 2xx status accepts; 400, 404, 409 and 422 refuse.'),
    message: z.string().optional().describe('The `message` of an error body, for people.'),
    refused: z.array(z.string()).describe('What was refused, as the side that asked calls it.'),
  })
  .describe('The HTTP answer to any message: a status, and a body when it is an error.')

export default jsonContract('oscp-2.0', 'OSCP 2.0', {
  UpdateGroupCapacityForecast: updateGroupCapacityForecast,
  Heartbeat: heartbeat,
  Answer: answer,
})
