/** Opens traces where the configuration says where to tell them; otherwise nothing is put around anything. */
import type { HttpClient } from '../http/outbound.ts'
import { reason } from '../ops/log.ts'
import { type Tracing, untraced } from '../ops/tracing.ts'
import { atMostEvery } from './at-most-every.ts'
import type { PartsOptions } from './parts.ts'

/** `client` calls the collector. */
export async function tracingOf({ config, log, version }: PartsOptions, client: HttpClient): Promise<Tracing> {
  if (!config.traces) return untraced
  const { endpoint, headers, sampling } = config.traces
  const { openTracing } = await import('../ops/trace.ts')
  const onProblem = atMostEvery(
    30_000,
    () => performance.now(),
    (error: Error) => log.warn(reason(error), 'traces'),
  )
  return openTracing({ endpoint, headers, sampling, client, version, onProblem })
}
