/** Opens traces where the configuration says where to tell them; otherwise nothing is put around anything. */
import type { HttpClient } from '../http/outbound.ts'
import { reason } from '../ops/log.ts'
import { openTracing, type Tracing, untraced } from '../ops/trace.ts'
import { atMostEvery } from './at-most-every.ts'
import type { PartsOptions } from './parts.ts'

/** `client` calls the collector. */
export function tracingOf({ config, log, version }: PartsOptions, client: HttpClient): Tracing {
  if (!config.traces) return untraced
  const { endpoint, headers, sampling } = config.traces
  const onProblem = atMostEvery(
    30_000,
    () => performance.now(),
    (error: Error) => log.warn(reason(error), 'traces'),
  )
  return openTracing({ endpoint, headers, sampling, client, version, onProblem })
}
