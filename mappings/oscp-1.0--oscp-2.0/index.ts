// Everything that crosses between the two protocols, and what does not, with the reason.
import { crossing } from '#mapping'
import legacy from '../contracts/oscp-1.0.ts'
import modern from '../contracts/oscp-2.0.ts'
import heartbeat from './heartbeat.ts'
import updateCableCapacityForecast from './update-cable-capacity-forecast.ts'

export default crossing('oscp-1.0--oscp-2.0', {
  legacy,
  modern,
  messages: [heartbeat, updateCableCapacityForecast],
  unsupported: {
    GetCapacityForecast: 'Not carried yet: it has no OSCP 2.0 counterpart and needs the stored forecasts.',
    RequestAdjustedCapacity: 'Not carried yet.',
    UpdateAggregatedUsage: 'Not carried yet.',
    AdjustGroupCapacityForecast: 'Not carried yet.',
    GroupCapacityComplianceError: 'Not carried yet.',
    UpdateGroupMeasurements: 'Not carried yet.',
    UpdateAssetMeasurements: 'Not carried yet.',
    Register: 'Not carried yet.',
    Handshake: 'Not carried yet.',
    HandshakeAcknowledge: 'Not carried yet.',
  },
})
