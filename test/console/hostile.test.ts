/** Whatever parties call their things, the console shows it, and nothing of it is run, loaded or obeyed. */
import { expect } from 'chai'
import { closePages, openPage, violationsOf } from '../support/browser.ts'
import { consoleToken, dayOf, deaths, hostile, openConsoleScene, usageOf } from '../support/console-scene.ts'
import { eventually } from '../support/gateway.ts'
import { closeScenes } from '../support/scene.ts'

/** Groups, ids, words and messages that are all hostile; `pages` are all that show them. */
async function besieged() {
  const scene = await openConsoleScene()
  const { dso, cpo, host, say, url, gateway } = scene
  const names = Object.keys(hostile)
  await dso.sendForecast(names.map((name) => dayOf(`cable-${name}`, (i) => 10 + i, 12)))
  const request = `<b>"${'r'.repeat(100)}`
  host.behave('UpdateAggregatedUsage', { fault: { code: 'Sender', reason: hostile.script } })
  await say('update_group_measurements', usageOf(hostile.script, 5), request)
  await say('update_group_measurements', usageOf(hostile.long, 5), request)
  await deaths(url, 2)
  cpo.behave(() => ({ status: 400, body: { message: `${hostile.script} ${hostile.turning}` } }))
  await dso.sendForecast([dayOf('cable-script', () => 5, 4), dayOf('cable-turning', () => 5, 4)])
  const { exchange } = gateway.observed.exchanges.at(-1)!
  await eventually('the exchange is in the journal', async () => (await fetch(`${url}/exchanges/${exchange}`)).ok)
  const { page, requests, errors } = await openPage()
  await page.goto(`${url}/links/north`)
  const addresses = await page
    .locator('#group-rows th a')
    .evaluateAll((links) => links.map((link) => (link as unknown as { href: string }).href))
  const pages = [
    url,
    `${url}/links/north`,
    ...addresses,
    `${url}/exchanges/${exchange}`,
    ...[...Object.values(hostile), request].map((name) => `${url}/search?q=${encodeURIComponent(name)}`),
    `${url}/dead`,
    `${url}/peers`,
    `${url}/login`,
  ]
  return { ...scene, page, requests, errors, pages, addresses }
}

describe('The console, with hostile names and words,', function () {
  this.timeout(120_000)
  afterEach(async () => {
    await closePages()
    await closeScenes()
  })

  it('shows them on every page, runs nothing, asks nobody else, and sends its policy with every answer', async () => {
    const { page, requests, errors, pages, url, addresses } = await besieged()
    expect(addresses).to.have.length(Object.keys(hostile).length)
    for (const address of pages) {
      const answer = (await page.goto(address))!
      expect(answer.status(), address.slice(0, 200)).to.equal(200)
      expect(await page.title()).not.to.equal('owned')
      expect(await page.locator('main img, main script, main b, main iframe').count(), address.slice(0, 200)).to.equal(
        0,
      )
      expect(
        await page.evaluate('document.documentElement.scrollWidth - innerWidth'),
        address.slice(0, 200),
      ).to.be.at.most(0)
      expect(await page.locator('body').innerText()).not.to.match(/[\u202a-\u202e\u2066-\u2069]/)
      const { 'content-security-policy': policy, ...headers } = answer.headers()
      expect(policy).to.equal(
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      )
      expect(headers).to.include({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
      })
    }
    expect(errors).to.deep.equal([])
    const origins = new Set(requests.filter((one) => !one.startsWith('data:')).map((one) => new URL(one).origin))
    expect([...origins]).to.deep.equal([new URL(url).origin])
  })

  it('has the whole of a long name within reach, and a page for each name, however it is written', async () => {
    const { page, addresses, url } = await besieged()
    const seen: string[] = []
    for (const address of addresses) {
      await page.goto(address)
      const folded = page.locator('h1 details')
      if ((await folded.count()) > 0) await folded.locator('summary').click()
      const whole = page.locator('h1 .whole')
      seen.push((await ((await whole.count()) > 0 ? whole : page.locator('h1 .id')).innerText()).trim())
      expect(address.length).to.be.below(500)
    }
    const shown = (name: string) =>
      name.replace(/[\u202e\u2066\u2069]/g, (mark) => `[U+${mark.codePointAt(0)!.toString(16).toUpperCase()}]`)
    expect(seen.sort()).to.deep.equal(Object.values(hostile).map(shown).sort())
    expect((await fetch(`${url}/links/north/groups/none`)).status).to.equal(404)
    expect((await fetch(`${url}/links/%E0%A4%A`)).status).to.be.within(400, 404)
  })

  for (const scheme of ['light', 'dark'] as const)
    it(`has no fault of accessibility on any page in ${scheme}, on a desk and on a phone`, async () => {
      const { pages, url, addresses } = await besieged()
      const others = [`${url}/search`, `${url}/none`, `${url}/exchanges/none`, `${addresses[0]}?version=1`]
      const shown = [...pages.filter((address) => !address.includes('search') || address.includes('script')), ...others]
      for (const size of [
        { width: 1440, height: 900 },
        { width: 390, height: 844 },
      ]) {
        const { page } = await openPage({ scheme, size })
        await page.goto(`${url}/login`)
        expect(await violationsOf(page)).to.deep.equal([])
        await page.locator('#token').fill(consoleToken)
        await page.locator('button.main').click()
        await page.waitForURL(/dead$/)
        for (const address of shown) {
          await page.goto(address)
          expect(await violationsOf(page), `${address.slice(0, 200)} at ${size.width}`).to.deep.equal([])
        }
      }
    })

  it('would be found faulty, if it were', async () => {
    const { url } = await openConsoleScene()
    const { page } = await openPage()
    await page.goto(`${url}/peers`)
    await page.evaluate("document.querySelector('#filter').labels[0].remove()")
    expect((await violationsOf(page)).join()).to.match(/^label: /)
  })

  it('writes a CSV that a spreadsheet reads as text', async () => {
    const { dso, url } = await openConsoleScene({
      config: {
        links: { north: { legacy: 'grid-north', modern: 'charge-co', groups: { a: '=HYPERLINK("http://evil")' } } },
      },
    })
    await dso.sendForecast([dayOf('a', () => 1, 1)])
    const answer = await fetch(
      `${url}/api/links/north/groups/${encodeURIComponent('=HYPERLINK("http://evil")')}/blocks.csv`,
    )
    const [, line] = (await answer.text()).split('\r\n')
    expect(line).to.match(/^north,"'=HYPERLINK\(""http:\/\/evil""\)",translated,1,/)
  })
})
