/** A server on the npm package `soap`, as it comes: the gateway's WSDL, constant answers, nobody to pass anything on to. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { listen } from 'soap'

const port = {
  UpdateCableCapacityForecast: () => ({ status: 'Accepted' }),
  Heartbeat: () => ({ currentTime: new Date().toISOString() }),
}
const server = createServer()
listen(server, {
  path: '/oscp/1.0/dso',
  xml: readFileSync(new URL('../../../wsdl/oscp-1.0/CspService.wsdl', import.meta.url), 'utf8'),
  services: { CspService: { CspServiceSoap11: port, CspServiceSoap12: port } },
  // Before this it answers calls with errors, so nobody can connect before this.
  callback: () => server.listen(Number(process.argv[2]), '127.0.0.1'),
})
