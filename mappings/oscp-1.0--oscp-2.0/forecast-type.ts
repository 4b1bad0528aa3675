// OSCP 1.0 has one kind of forecast, 2.0 five: which of them is a limit in force, and what becomes of the others.
import { constant, fill, hold, oneOf, toLegacy, toModern } from '#mapping'

export const forecastType = [
  toModern(fill('type', constant('CONSUMPTION'), 'OSCP 1.0 knows one kind of forecast.')),
  toLegacy(hold('type', oneOf('GENERATION', 'FALLBACK_GENERATION'), 'shown', 'OSCP 1.0 limits consumption only.')),
  toLegacy(
    hold(
      'type',
      oneOf('OPTIMUM'),
      'optimum',
      'OSCP 1.0 has limits only; an optimum may tighten them where the link says so.',
    ),
  ),
  toLegacy(
    hold(
      'type',
      oneOf('FALLBACK_CONSUMPTION'),
      'fallback',
      'It holds when the capacity provider goes offline, and is sent then.',
    ),
  ),
]
