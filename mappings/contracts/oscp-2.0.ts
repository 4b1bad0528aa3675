// OSCP 2.0 messages as this project sends them; what it accepts beyond that is written in src/contract/accept.ts.
import { z } from 'zod'
import { jsonContract } from '#mapping'

const instant = z.iso.datetime({ offset: true })
const phase = z.enum(['UNKNOWN', 'ONE', 'TWO', 'THREE', 'ALL'])
const groupId = z.string().min(1).describe('The group of assets behind one constraint, agreed out of band.')

const forecastedBlock = z
  .object({
    capacity: z.number().min(0).describe('The limit in `unit`, a magnitude; the direction is in the message type.'),
    phase: phase.describe('The phase or phases the capacity is about.'),
    unit: z.enum(['A', 'W', 'KW', 'WH', 'KWH']).describe('Unit of `capacity`.'),
    start_time: instant.describe('First instant of the block.'),
    end_time: instant.describe('First instant after the block.'),
  })
  .describe('A half-open span of time with one capacity.')

const forecast = {
  group_id: groupId,
  type: z
    .enum(['CONSUMPTION', 'GENERATION', 'FALLBACK_CONSUMPTION', 'FALLBACK_GENERATION', 'OPTIMUM'])
    .describe('What the capacities limit.'),
  forecasted_blocks: z.array(forecastedBlock).min(1).describe('The forecast, one entry per block and phase.'),
}

const updateGroupCapacityForecast = z
  .object(forecast)
  .describe('Capacity Provider to Flexibility Provider: what a group may draw, block by block.')

const adjustGroupCapacityForecast = z
  .object(forecast)
  .describe('Flexibility Provider to Capacity Provider: the absolute capacities it would like instead.')

const groupCapacityComplianceError = z
  .object({
    message: z.string().min(1).describe('Why the forecast cannot be met, for people.'),
    forecasted_blocks: z.array(forecastedBlock).min(1).optional().describe('The blocks that cannot be met.'),
  })
  .describe('Flexibility Provider to Capacity Provider: the forecast named by X-Correlation-ID cannot be met.')

const energyMeasurement = z
  .object({
    value: z.number().describe('The energy, or the reading of a register, in `unit`.'),
    phase: phase.describe('The phase or phases that were measured.'),
    unit: z.enum(['WH', 'KWH']).describe('Unit of `value`.'),
    direction: z.enum(['NET', 'IMPORT', 'EXPORT']).describe('Which register of the meter.'),
    energy_type: z
      .enum(['FLEXIBLE', 'NONFLEXIBLE', 'TOTAL'])
      .optional()
      .describe('What part of the load; absent is TOTAL.'),
    measure_time: instant.describe('When the value was read.'),
    initial_measure_time: instant.optional().describe('Since when it has been counted; absent for a running register.'),
  })
  .describe('One energy value.')

const updateGroupMeasurements = z
  .object({
    group_id: groupId,
    measurements: z.array(energyMeasurement).min(1).describe('What was measured.'),
  })
  .describe('Flexibility Provider to Capacity Provider: the energy a group has used.')

const instantaneousMeasurement = z
  .object({
    value: z.number().describe('Positive into the asset.'),
    phase: phase.describe('The phase or phases that were measured.'),
    unit: z.enum(['A', 'W', 'KW', 'WH', 'KWH']).describe('Unit of `value`.'),
    measure_time: instant.describe('When the value was read.'),
  })
  .describe('One momentary value.')

const updateAssetMeasurements = z
  .object({
    group_id: groupId,
    measurements: z
      .array(
        z.object({
          asset_id: z.string().min(1).describe('The asset.'),
          asset_category: z.enum(['CHARGING', 'CONSUMPTION', 'GENERATION', 'STORAGE']).describe('What kind of asset.'),
          energy_measurement: energyMeasurement.optional().describe('Its energy.'),
          instantaneous_measurement: instantaneousMeasurement.optional().describe('Its power or current now.'),
        }),
      )
      .min(1)
      .describe('One entry per asset.'),
  })
  .describe('Flexibility Provider to Capacity Optimizer: what single assets have used.')

const heartbeat = z
  .object({ offline_mode_at: instant.describe('From this instant the sender may be taken for offline.') })
  .describe('I am alive.')

const register = z
  .object({
    token: z.string().min(1).max(4096).describe('The token the receiver must use to call the sender.'),
    version_url: z
      .array(
        z.object({
          version: z.string().min(1).describe('An OSCP version, such as 2.0.'),
          base_url: z.string().min(1).describe('Where the sender serves that version.'),
        }),
      )
      .min(1)
      .describe('The versions the sender speaks, or the one it chose.'),
  })
  .describe('Exchanges tokens and addresses; the answer is a Register the other way.')

const requiredBehaviour = z
  .object({
    heartbeat_interval: z
      .number()
      .min(1)
      .optional()
      .describe('Seconds between heartbeats the sender wants; absent for none.'),
    measurement_configuration: z
      .array(z.enum(['CONTINUOUS', 'INTERMITTENT']))
      .describe('The styles of measurement the sender takes; none is no preference.'),
  })
  .describe('What the sender asks of the receiver.')

const handshake = z
  .object({ required_behaviour: requiredBehaviour.optional() })
  .describe('Opens, or opens again, the exchange of messages.')

const handshakeAcknowledge = z
  .object({ required_behaviour: requiredBehaviour.optional() })
  .describe('Answers a Handshake; both sides are online then.')

const answer = z
  .object({
    verdict: z.enum(['ACCEPTED', 'REFUSED']).describe('A 2xx status accepts; 400, 404, 409 and 422 refuse.'),
    message: z.string().optional().describe('The `message` of an error body, for people.'),
    refused: z.array(z.string()).optional().describe('What was refused, as the side that asked calls it.'),
  })
  .describe('The HTTP answer to any message: a status, and a body when it is an error.')

const forecastWithId = z
  .object({ forecast_id: z.string().optional().describe('What OSCP 1.0 calls this forecast.'), ...forecast })
  .describe('A forecast as it is stored.')

const storedForecastsQuery = z
  .object({
    group_id: z.array(z.string()).optional().describe('The groups asked for; none for all.'),
    start_time: instant.optional().describe('Blocks that end after this instant.'),
    end_time: instant.optional().describe('Blocks that start before this instant.'),
  })
  .describe('What the gateway asks its own state.')

const storedForecasts = z
  .object({
    verdict: z.enum(['ACCEPTED', 'REFUSED']).describe('Whether the question could be answered.'),
    message: z.string().optional().describe('Why not, for people.'),
    forecasts: z.array(forecastWithId).optional().describe('What is stored, one entry per group.'),
  })
  .describe('What the state answered.')

const adjustmentAnswer = z
  .object({
    verdict: z
      .enum(['GRANTED', 'REFUSED', 'PENDING'])
      .describe('What became of the request; a 2.0 peer says only that it has it.'),
    message: z.string().optional().describe('Why not, for people.'),
    forecast: forecastWithId.optional().describe('What holds now.'),
  })
  .describe('The answer to a request for other capacities.')

const wire = {
  Register: register,
  Handshake: handshake,
  HandshakeAcknowledge: handshakeAcknowledge,
  Heartbeat: heartbeat,
  UpdateGroupCapacityForecast: updateGroupCapacityForecast,
  AdjustGroupCapacityForecast: adjustGroupCapacityForecast,
  GroupCapacityComplianceError: groupCapacityComplianceError,
  UpdateGroupMeasurements: updateGroupMeasurements,
  UpdateAssetMeasurements: updateAssetMeasurements,
}

export default jsonContract('oscp-2.0', 'OSCP 2.0', wire, {
  Answer: answer,
  StoredForecastsQuery: storedForecastsQuery,
  StoredForecasts: storedForecasts,
  AdjustmentAnswer: adjustmentAnswer,
})
