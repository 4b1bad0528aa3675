import { clock, drop, fill, message, toLegacy, toModern } from '#mapping'
import base from '../oscp-1.0--oscp-2.0/heartbeat.ts'

export default message('heartbeat', {
  ...base,
  answer: [
    toLegacy(fill('CurrentDateTime', clock, 'The answer to a heartbeat is the time at the gateway.')),
    toModern(drop('CurrentDateTime', 'OSCP 2.0 answers a heartbeat with nothing.')),
  ],
})
