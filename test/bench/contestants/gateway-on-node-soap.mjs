/**
 * What one would write without us: the npm package `soap` hosts the WSDL, each forecast is claimed in Redis, renamed to JSON
 * and posted with undici. No checks, no journal, no retries. Arguments: port, sink, Redis.
 */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { Redis } from 'ioredis'
import { listen } from 'soap'
import { Pool } from 'undici'

const [, , at, sink, redisUrl] = process.argv
const redis = new Redis(redisUrl, { enableAutoPipelining: true })
const pool = new Pool(sink)
const instant = (date) => date.toISOString()
let count = 0

const port = {
  async UpdateCableCapacityForecast({ cableCapacityForecast }) {
    const request = `request-${process.pid}-${count++}`
    for (const { cableId, capacityUnit, block } of [cableCapacityForecast].flat()) {
      const [, isEnded] = await Promise.all([
        redis.set(`on-node-soap:seen:${request}`, 1, 'PX', 60_000, 'NX'),
        redis.exists('on-node-soap:ended'),
      ])
      if (isEnded) return { status: 'Rejected' }
      const forecasted_blocks = [block].flat().map(({ startTime, endTime, capacity }) => {
        const times = { start_time: instant(startTime), end_time: instant(endTime) }
        return { capacity: Number(capacity), phase: 'ALL', unit: capacityUnit.toUpperCase(), ...times }
      })
      const { statusCode, body } = await pool.request({
        path: '/update_group_capacity_forecast',
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: 'Token on-node-soap', 'x-request-id': request },
        body: JSON.stringify({ group_id: cableId, type: 'CONSUMPTION', forecasted_blocks }),
      })
      await body.dump()
      if (statusCode !== 204) return { status: 'Rejected' }
    }
    return { status: 'Accepted' }
  },
  async Heartbeat() {
    await redis.set('on-node-soap:alive', Date.now(), 'PX', 180_000)
    return { currentTime: new Date().toISOString() }
  },
}
const server = createServer()
listen(server, {
  path: '/oscp/1.0/dso',
  xml: readFileSync(new URL('../../../wsdl/oscp-1.0/CspService.wsdl', import.meta.url), 'utf8'),
  services: { CspService: { CspServiceSoap11: port, CspServiceSoap12: port } },
  callback: () => server.listen(Number(at), '127.0.0.1'),
})
