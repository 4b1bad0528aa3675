// Everything that crosses between the two protocols, and what does not, with the reason.
import { crossing } from '#mapping'
import legacy from '../contracts/oscp-1.0.ts'
import modern from '../contracts/oscp-2.0.ts'
import getCapacityForecast from './get-capacity-forecast.ts'
import groupCapacityComplianceError from './group-capacity-compliance-error.ts'
import heartbeat from './heartbeat.ts'
import requestAdjustedCapacity from './request-adjusted-capacity.ts'
import updateAggregatedUsage from './update-aggregated-usage.ts'
import updateAssetMeasurements from './update-asset-measurements.ts'
import updateCableCapacityForecast from './update-cable-capacity-forecast.ts'

const ended = 'The gateway ends it itself; OSCP 1.0 parties are provisioned by configuration.'

export default crossing('oscp-1.0--oscp-2.0', {
  legacy,
  modern,
  messages: [
    heartbeat,
    updateCableCapacityForecast,
    getCapacityForecast,
    requestAdjustedCapacity,
    updateAggregatedUsage,
    updateAssetMeasurements,
    groupCapacityComplianceError,
  ],
  unsupported: { Register: ended, Handshake: ended, HandshakeAcknowledge: ended },
})
