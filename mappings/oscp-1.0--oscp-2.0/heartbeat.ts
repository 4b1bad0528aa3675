import { clock, config, drop, fill, message, toLegacy, toModern } from '#mapping'

export default message('heartbeat', {
  legacy: 'Heartbeat',
  modern: 'Heartbeat',
  why: 'Each side says that it is alive. A 1.0 heartbeat asks for the time; a 2.0 heartbeat promises the next one.',
  rules: [
    toModern(fill('offline_mode_at', config('offline deadline'), 'OSCP 1.0 does not say when silence means offline.')),
    toLegacy(drop('offline_mode_at', 'OSCP 1.0 has no place for it; the gateway itself watches the deadline.')),
  ],
  answered: 'gateway',
  answer: [
    toLegacy(fill('currentTime', clock, 'The answer to a heartbeat is the time at the gateway.')),
    toModern(drop('currentTime', 'OSCP 2.0 answers a heartbeat with nothing.')),
  ],
})
