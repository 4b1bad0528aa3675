/** Settings of traces: whether they are told, where to, and of how many exchanges. Limits: form only; the collector is not called. */
import { z } from 'zod'
import { headers } from './profile.ts'
import { httpUrl } from './values.ts'

export const traces = z
  .strictObject({
    endpoint: httpUrl.describe('Where spans are posted as OTLP JSON, such as http://collector:4318/v1/traces.'),
    headers: headers
      .default({})
      .meta({ secret: true })
      .describe('Headers that the collector wants, such as an API key.'),
    headersFile: z.string().optional().describe('File with more of them, one `name: value` a line.'),
    sampling: z
      .number()
      .min(0)
      .max(1)
      .default(1)
      .describe(
        'Share of the exchanges that begin here which are traced; who calls with a trace of its own decides itself.',
      ),
  })
  .describe('Traces of OpenTelemetry. Default: none.')

export type Traces = z.output<typeof traces>

/** With the headers of the file laid over those in place; `report` hears what is wrong with it. */
export function fillTraces(
  given: Traces | undefined,
  readFile: (path: string) => string | undefined,
  report: (rule: string, sentence: string) => void,
): Traces | undefined {
  if (given?.headersFile === undefined) return given
  const content = readFile(given.headersFile)
  if (content === undefined) report('traces.headersFile', 'names a file that cannot be read')
  const lines = (content ?? '').split(/\r?\n/).filter((line) => line.trim() !== '')
  const pairs = lines.map((line) => /^([^\s:]+)\s*:\s*(\S.*?)\s*$/.exec(line)?.slice(1) ?? [])
  const read = headers.safeParse(Object.fromEntries(pairs))
  if (pairs.some((pair) => pair.length === 0) || !read.success)
    report('traces.headersFile', 'names a file whose lines are not all `name: value`')
  return { ...given, headers: { ...given.headers, ...(read.data ?? {}) } }
}
