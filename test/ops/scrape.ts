/** What a gateway says on /metrics, read by a parser of the test's own. */
import { expect } from 'chai'

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Every line that is no comment must be a sample. */
export function parseMetrics(text: string): Sample[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name, inner = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
      expect(name, line).to.be.a('string')
      const labels = [...inner.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, said]) => [label!, said!])
      return { name: name!, labels: Object.fromEntries(labels), value: Number(value) }
    })
}

export async function scrape(adminUrl: string): Promise<Sample[]> {
  const answer = await fetch(`${adminUrl}/metrics`)
  expect(answer.status).to.equal(200)
  expect(answer.headers.get('content-type')).to.match(/^text\/plain; version=0\.0\.4/)
  return parseMetrics(await answer.text())
}

/** The sum of the samples of this name with these labels; undefined when there is none. */
export function sumOf(
  samples: readonly Sample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const found = samples.filter(
    (sample) =>
      sample.name === `oscp_gateway_${name}` &&
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  )
  return found.length > 0 ? found.reduce((sum, { value }) => sum + value, 0) : undefined
}
