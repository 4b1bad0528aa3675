/** Alert rules and dashboard ask for metrics, labels and values that a running gateway has, and lead to a part of the runbook. */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parser } from '@prometheus-io/lezer-promql'
import { expect } from 'chai'
import { parse } from 'yaml'
import { errorTable } from '../../src/errors.ts'
import { alarms } from '../../src/exchange/alarms.ts'
import { startCpo } from '../peers/cpo.ts'
import { connectDso } from '../peers/dso.ts'
import { authority } from '../support/certificates.ts'
import { clockFrom, eventually, startTestGateway } from '../support/gateway.ts'
import { cable, closeLater, closeScenes, span, start } from '../support/scene.ts'
import { parseMetrics, type Sample } from './scrape.ts'

const root = resolve(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly annotations: { readonly summary: string; readonly runbook: string }
}
const rules = (parse(read('deploy/prometheus/alerts.yaml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
)

interface Panel {
  readonly title: string
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[]
}
const { panels } = JSON.parse(read('deploy/grafana/oscp-gateway.json')) as { panels: Panel[] }
const queries = panels.flatMap(({ title, targets = [] }) => targets.map((target) => ({ title, ...target })))

/** What Grafana puts in for its variables. */
const filled = (expr: string) => expr.replaceAll('$__rate_interval', '5m').replaceAll('$instance', '.*')

interface Asked {
  readonly metric: string
  readonly matchers: readonly { readonly label: string; readonly is: string; readonly value: string }[]
}

/** The metrics and label matchers of an expression, and the labels it groups by; a grammar error fails. */
function analyse(expr: string): { asked: Asked[]; groupedBy: string[] } {
  const asked: { metric: string; matchers: { label: string; is: string; value: string }[] }[] = []
  const groupedBy: string[] = []
  parser.parse(expr).iterate({
    enter({ type, from, to, node }) {
      const text = expr.slice(from, to)
      if (type.isError) throw new Error(`no PromQL at ${from}: ${expr}`)
      if (type.name === 'VectorSelector') asked.push({ metric: text.split('{')[0]!, matchers: [] })
      if (type.name === 'UnquotedLabelMatcher') {
        const [, label, is, value] = /^(\w+)\s*(=~|!~|!=|=)\s*"(.*)"$/s.exec(text)!
        asked.at(-1)!.matchers.push({ label: label!, is: is!, value: value! })
      }
      if (type.name === 'LabelName' && node.parent?.type.name === 'GroupingLabels') groupedBy.push(text)
    },
  })
  return { asked, groupedBy }
}

describe('Alert rules and dashboard', function () {
  this.timeout(30_000)
  let samples: Sample[]
  let names: Set<string>

  before(async () => {
    const { certFile, keyFile } = authority().issue()
    const cpo = closeLater(await startCpo())
    const gateway = closeLater(
      await startTestGateway({
        now: clockFrom(start),
        config: {
          listen: {
            soap: '127.0.0.1:0',
            rest: '127.0.0.1:0',
            admin: '127.0.0.1:0',
            restTls: { certFile, keyFile },
          },
          peers: { dso: { role: 'dso' }, cpo: { role: 'fp', url: cpo.url, token: cpo.token } },
          links: { link: { legacy: 'dso', modern: 'cpo' } },
        },
      }),
    )
    const dso = await connectDso({ wsdlUrl: `${gateway.soapUrl}/oscp/1.0/dso?wsdl` })
    await dso.sendForecast([cable('c1', span('06:00', '07:00', 11))])
    await eventually('all of it is there', async () => {
      const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text()
      samples = parseMetrics(text)
      names = new Set(samples.map(({ name }) => name))
      return names.has('oscp_gateway_delivery_delay_seconds_bucket')
    })
  })
  after(closeScenes)

  const known: Readonly<Record<string, readonly string[]>> = {
    alarm: alarms,
    kind: Object.keys(errorTable),
    state: ['closed', 'half-open', 'open'],
    limit: ['covered', 'uncovered'],
    verb: ['filled', 'dropped', 'kept', 'restored', 'converted', 'held'],
  }
  /** Prometheus adds these to what it scrapes. */
  const added = ['instance', 'job']

  function check(title: string, expr: string): void {
    const { asked, groupedBy } = analyse(filled(expr))
    expect(asked, title).not.to.have.length(0)
    const labels = new Set(added)
    for (const { metric, matchers } of asked) {
      expect([...names], `${title}: ${metric}`).to.include(metric)
      for (const sample of samples)
        if (sample.name === metric) for (const label of Object.keys(sample.labels)) labels.add(label)
      for (const { label, is, value } of matchers) {
        expect([...labels], `${title}: ${metric}`).to.include(label)
        if (added.includes(label)) continue
        const values = is.endsWith('~') ? value.split('|') : [value]
        expect(known, `${title}: values of ${label}`).to.have.property(label)
        expect(known[label], title).to.include.members(values)
      }
    }
    for (const label of groupedBy) expect([...labels], title).to.include(label)
  }

  for (const { alert, expr, annotations } of rules)
    it(`has an alert ${alert} that can fire, and says what to do then`, () => {
      check(alert, expr)
      const { asked, groupedBy } = analyse(expr)
      const used = [...annotations.summary.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label!)
      const kept =
        groupedBy.length > 0
          ? groupedBy
          : samples
              .filter(({ name }) => name === asked[0]!.metric)
              .flatMap(({ labels }) => Object.keys(labels))
              .concat(added)
      expect(kept, alert).to.include.members(used)
      const [file, anchor] = annotations.runbook.split('#') as [string, string]
      expect(anchorsOf(file)).to.include(anchor)
    })

  for (const { title, expr, legendFormat } of queries)
    it(`has a panel ${title} with something to show: ${legendFormat || 'a table'}`, () => {
      check(title, expr)
      const used = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!)
      const { groupedBy } = analyse(filled(expr))
      if (groupedBy.length > 0) expect(groupedBy, title).to.include.members(used)
    })

  it('find faults: an unknown metric, label, value, or bad grammar', () => {
    expect(() => check('x', 'oscp_gateway_nothing > 0')).to.throw(/oscp_gateway_nothing/)
    expect(() => check('x', 'oscp_gateway_peer_online{pear="x"}')).to.throw(/pear/)
    expect(() => check('x', 'oscp_gateway_alarms_total{alarm="no such alarm"}')).to.throw(/no such alarm/)
    expect(() => check('x', 'sum by (link) (oscp_gateway_peer_online)')).to.throw(/link/)
    expect(() => check('x', 'oscp_gateway_peer_online ==')).to.throw(/no PromQL/)
  })

  it('know every metric that is documented', () => {
    const table = read('docs/watching.md').split('| Metrics | What they say |')[1]!.split('\n\n')[0]!
    const documented = [...table.matchAll(/`([a-z_]+)`/g)].map(([, name]) => `oscp_gateway_${name}`)
    const own = [...names].filter((name) => name.startsWith('oscp_gateway_'))
    const bare = new Set(own.map((name) => name.replace(/_(?:bucket|sum|count)$/, '')))
    expect([...bare].filter((name) => !documented.includes(name))).to.deep.equal([])
  })
})

describe('The runbook', () => {
  it('has a part for every kind of error and every alarm', () => {
    const anchors = anchorsOf('docs/runbook.md')
    const wanted = [...Object.keys(errorTable), ...alarms.map((alarm) => alarm.replaceAll(' ', '-'))]
    expect(wanted.filter((name) => !anchors.includes(name))).to.deep.equal([])
  })

  it('leads nowhere that does not exist', () => {
    const anchors = anchorsOf('docs/runbook.md')
    const links = [...read('docs/runbook.md').matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor!)
    expect(links.filter((anchor) => !anchors.includes(anchor))).to.deep.equal([])
  })
})

function anchorsOf(file: string): string[] {
  const headings = [...read(file).matchAll(/^#+ (.+)$/gm)].map(([, title]) => title!)
  return headings.map((title) =>
    title
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .trim()
      .replaceAll(' ', '-'),
  )
}
