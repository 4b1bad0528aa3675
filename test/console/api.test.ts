/** The JSON beneath the console says what it promises, and the page about it promises what is served. */
import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { eventually } from '../support/gateway.ts'
import { cable, closeScenes, openScene, span, states } from '../support/scene.ts'

type Json = Record<string, unknown>

async function read(url: string): Promise<{ status: number; headers: Headers; body: Json }> {
  const answer = await fetch(url)
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Json }
}

for (const state of states)
  describe(`The console's JSON on ${state} state`, function () {
    this.timeout(30_000)
    afterEach(closeScenes)

    it('says in words which limit has not arrived, at whom, for how long, and why', async () => {
      const { cpo, dso, gateway } = await openScene(state, { link: { groups: { 'CABLE-17': 'FEEDER-1' } } })
      const overview = async () => (await read(`${gateway.adminUrl}/console/api/overview`)).body
      await dso.sendForecast([cable('CABLE-17', span('06:00', '07:00', 11))])
      const calm = await overview()
      expect(calm.isUp).to.equal(true)
      expect(calm.needs).to.deep.equal([])
      cpo.behave(() => ({ status: 503 }))
      await dso.sendForecast([cable('CABLE-17', span('06:00', '07:00', 9))])
      const sentence = await eventually('it is said', async () => {
        const needs = (await overview()).needs as { urgency: string; sentence: string }[]
        return needs.find(({ urgency }) => urgency === 'act')?.sentence
      })
      expect(sentence).to.match(
        /^CABLE-17: the limit of 22:00 UTC has not arrived at cpo, for \d+ seconds?; the peer answers 503\.$/,
      )
      const { body: link } = await read(`${gateway.adminUrl}/console/api/links/link`)
      const [group] = link.groups as Json[]
      expect(group).to.include({ group: 'FEEDER-1', cable: 'CABLE-17', version: 2, settled: 1 })
      expect(group!.attempts).to.be.at.least(1)
      cpo.behave(() => undefined)
      await eventually('it has arrived', async () => ((await overview()).needs as unknown[]).length === 0, 15_000)
    })

    it('shows a group with what was received and delivered, its versions, and as CSV', async () => {
      const { cpo, dso, gateway } = await openScene(state)
      await dso.sendForecast([cable('c1', span('06:00', '07:00', 11))])
      cpo.behave(() => ({ status: 503 }))
      await dso.sendForecast([cable('c1', span('06:30', '07:00', 5))])
      const address = `${gateway.adminUrl}/console/api/links/link/groups/c1`
      const { body } = await read(address)
      const capacities = (name: string) => (body[name] as { capacity: number }[]).map(({ capacity }) => capacity)
      expect(body.isTranslated).to.equal(true)
      expect(capacities('received')).to.deep.equal([11, 5])
      expect(capacities('delivered')).to.deep.equal([11])
      expect((body.versions as Json[]).map(({ version }) => version)).to.deep.equal([1, 2])
      const csv = await (await fetch(`${address}/blocks.csv`)).text()
      expect(csv.split('\r\n')).to.include.members([
        'link,group,series,version,start,end,capacity,unit,phase',
        'link,c1,translated,2,2026-03-03T06:30:00.000Z,2026-03-03T07:00:00.000Z,5,KW,ALL',
        'link,c1,delivered,1,2026-03-03T06:00:00.000Z,2026-03-03T07:00:00.000Z,11,KW,ALL',
      ])
    })

    it('follows an exchange from the message to its delivery, with the page that explains it', async () => {
      const { dso, gateway } = await openScene(state)
      await dso.sendForecast([cable('c1', span('06:00', '07:00', 11))])
      const { exchange } = gateway.observed.exchanges.at(-1)!
      const entries = await eventually('both are in the journal', async () => {
        const { status, body } = await read(`${gateway.adminUrl}/console/api/exchanges/${exchange}`)
        const found = body.entries as Json[] | undefined
        return status === 200 && found?.length === 2 ? found : undefined
      })
      expect(entries[0]).to.include({
        way: 'in',
        outcome: 'accepted',
        page: 'docs/mappings/oscp-1.0--oscp-2.0/update-cable-capacity-forecast.md',
      })
      expect(entries[1]).to.include({ way: 'out', outcome: 'accepted', peer: 'cpo' })
      const { body } = await read(`${gateway.adminUrl}/console/api/exchanges?q=${entries[1]!.request}`)
      expect(body.entries).to.have.length(1)
    })
  })

describe("The console's JSON", function () {
  this.timeout(30_000)
  afterEach(closeScenes)

  it('is served at every address that docs/console.md lists, and at no other', async () => {
    const { dso, gateway } = await openScene('memory')
    await dso.sendForecast([cable('c1', span('06:00', '07:00', 11))])
    const page = readFileSync('docs/console.md', 'utf8')
    const promised = [...page.matchAll(/^\| `(\/console\/api\S*)` \|/gm)].map(([, path]) => path!)
    const { body } = await read(`${gateway.adminUrl}/console/api`)
    const served = (body.routes as { path: string }[]).map(({ path }) => path)
    expect(promised.sort()).to.deep.equal(['/console/api', ...served].sort())
    const { exchange } = gateway.observed.exchanges.at(-1)!
    for (const path of promised) {
      const names: Json = { link: 'link', group: 'c1', exchange }
      const answer = await fetch(gateway.adminUrl + path.replace(/:(\w+)/g, (_, name) => String(names[name])))
      expect(answer.status, path).to.equal(200)
      await answer.body?.cancel()
    }
  })

  it('takes less room on the way for whoever understands gzip, and says the same', async () => {
    const { gateway } = await openScene('memory')
    const ask = async (encoding: string) => {
      const answer = await fetch(`${gateway.adminUrl}/console`, { headers: { 'accept-encoding': encoding } })
      const { headers } = answer
      return { how: headers.get('content-encoding'), type: headers.get('content-type'), text: await answer.text() }
    }
    const [plain, squeezed] = [await ask('identity'), await ask('gzip')]
    expect([plain.how, squeezed.how]).to.deep.equal([null, 'gzip'])
    expect([plain.type, squeezed.type]).to.deep.equal(Array(2).fill('text/html; charset=utf-8'))
    const content = ({ text }: typeof plain) => text.slice(text.indexOf('<main')).replace(/datetime="[^"]*"/g, '')
    expect(content(squeezed)).to.equal(content(plain)).and.to.include('</html>')
    const asset = /\/console\/assets\/console\.css\?v=\w+/.exec(plain.text)![0]
    const style = await fetch(gateway.adminUrl + asset)
    expect(await style.text()).to.equal(readFileSync('src/ops/console/assets/console.css', 'utf8'))
    expect(style.headers.get('content-type')).to.match(/^text\/css/)
  })

  it('answers 404 for what there is not, and says so', async () => {
    const { gateway } = await openScene('memory')
    for (const path of ['links/none', 'links/link/groups/none', 'exchanges/none', 'none']) {
      const { status, body } = await read(`${gateway.adminUrl}/console/api/${path}`)
      expect(status, path).to.equal(404)
      expect(body.message, path).to.be.a('string')
    }
  })

  it('says what came before the process started, or to another one, where it cannot be stepped through', async () => {
    const scene = await openScene('Redis')
    await scene.dso.sendForecast([cable('c1', span('06:00', '07:00', 11))])
    const page = async () => {
      return (await fetch(`${scene.gateway.adminUrl}/console/links/link/groups/c1`)).text()
    }
    const elsewhere = 'v1 came to another replica, or before this process started'
    expect(await page())
      .to.include('<small><time')
      .and.not.to.include(elsewhere)
    await scene.restartGateway()
    expect(await page()).to.include(elsewhere)
    expect((await read(`${scene.gateway.adminUrl}/console/api/links/link/groups/c1`)).body).to.deep.include({
      versions: [],
      isTranslated: true,
    })
  })

  it('shows what was known last while Redis is away, and says that it is old', async () => {
    const { redis, dso, gateway } = await openScene('Redis')
    await dso.sendForecast([cable('c1', span('06:00', '07:00', 11))])
    await read(`${gateway.adminUrl}/console/api/overview`)
    await redis!.kill()
    const body = await eventually('it is said', async () => {
      const { body } = await read(`${gateway.adminUrl}/console/api/overview`)
      return body.isUp === false && body
    })
    expect((body.links as Json[])[0]).to.include({ link: 'link', groups: 1 })
    expect(JSON.stringify(body.needs)).to.include('The state store cannot be reached')
    expect((await fetch(`${gateway.adminUrl}/console/dead`)).status).to.equal(503)
  })

  it('tells listeners what has changed, and how many there may be', async () => {
    const { dso, gateway } = await openScene('memory')
    const listening = new AbortController()
    const listen = () => fetch(`${gateway.adminUrl}/console/api/events`, { signal: listening.signal })
    const first = await listen()
    const reader = first.body!.pipeThrough(new TextDecoderStream()).getReader()
    let heard = ''
    const reading = (async () => {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return
        heard += value
      }
    })().catch(() => undefined)
    try {
      await eventually(
        'the first look was made',
        async () => {
          await dso.sendForecast([cable('c1', span('06:00', '07:00', 11))])
          return heard.includes('event: changed') && /"changed":\[[^\]]*"link link"/.test(heard)
        },
        15_000,
      )
      const others = await Promise.all(Array.from({ length: 32 }, listen))
      expect(others.filter(({ status }) => status === 503)).to.have.length(1)
    } finally {
      listening.abort()
      await reading
    }
  })
})
