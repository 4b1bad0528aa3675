// The quarter-hour schedule differs from the base dialect in every name, and in what it can say at all.
import { crossing } from '#mapping'
import modern from '../contracts/oscp-2.0.ts'
import legacy from '../contracts/schedule-1.0.ts'
import aggregatedUsage from './aggregated-usage.ts'
import cableCapacityForecast from './cable-capacity-forecast.ts'
import heartbeat from './heartbeat.ts'
import rejectedForecast from './rejected-forecast.ts'
import usageOfAssets from './usage-of-assets.ts'

const ended = 'The gateway ends it itself; OSCP 1.0 parties are provisioned by configuration.'

export default crossing('schedule-1.0--oscp-2.0', {
  legacy,
  modern,
  messages: [heartbeat, cableCapacityForecast, aggregatedUsage, usageOfAssets, rejectedForecast],
  unsupported: {
    Register: ended,
    Handshake: ended,
    HandshakeAcknowledge: ended,
    AdjustGroupCapacityForecast: 'This dialect has no operation that asks for other capacities.',
  },
})
