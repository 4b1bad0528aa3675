/** The console in a browser, over a running gateway: what an operator sees, and that nothing leaves the machine. */
import { expect } from 'chai'
import type { Page } from 'playwright-core'
import { closePages, type Look, openPage } from '../support/browser.ts'
import { dayOf, json, openConsoleScene, usageOf } from '../support/console-scene.ts'
import { eventually } from '../support/gateway.ts'
import { cable, closeScenes, openScene, span } from '../support/scene.ts'

const textOf = (page: Page, selector: string) => page.locator(selector).innerText()
/** Everything was asked of the gateway, and nothing went wrong. */
const clean = ({ requests, errors }: Look, url: string) => {
  expect(errors).to.deep.equal([])
  expect(requests.filter((address) => new URL(address).origin !== new URL(url).origin)).to.deep.equal([])
}

describe('The console in a browser', function () {
  this.timeout(60_000)
  afterEach(async () => {
    await closePages()
    await closeScenes()
  })

  it('says first which limit has not arrived, follows it until it has, and is announced to those who listen', async () => {
    const { cpo, dso, url } = await openConsoleScene()
    await dso.sendForecast([dayOf('CABLE-17', () => 80)])
    const look = await openPage()
    const { page } = look
    await page.goto(url)
    expect(await textOf(page, '#needs')).to.include('The limit has arrived.')
    await page.getByText(/, live/).waitFor()
    cpo.behave(() => ({ status: 503 }))
    await dso.sendForecast([dayOf('CABLE-17', () => 40, 8)])
    await page.getByText(/has not arrived at/).waitFor()
    expect(await textOf(page, '#needs li.act')).to.match(
      /Act\s*CABLE-17: the limit of \d\d:\d\d has not arrived at charge-co, for \d+ seconds?; the peer answers 503\./,
    )
    expect(await textOf(page, '#link-rows tbody tr')).to.match(
      /north[\s\S]*not arrived[\s\S]*alive[\s\S]*online[\s\S]*v2/,
    )
    await eventually('it is announced', async () => (await textOf(page, '#announced')).includes('needs a person.'))
    cpo.behave(() => undefined)
    await page.getByText('The limit has arrived.').waitFor({ timeout: 20_000 })
    clean(look, url)
  })

  it("tells times in the reader's zone, with UTC in reach", async () => {
    const { dso, url } = await openConsoleScene()
    await dso.sendForecast([dayOf('CABLE-17', () => 80)])
    const { page } = await openPage({ zone: 'Asia/Kolkata' })
    await page.goto(`${url}/links/north`)
    const time = page.locator('#group-rows time').first()
    const instant = (await time.getAttribute('datetime'))!
    const format = new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Kolkata', hour: '2-digit', minute: '2-digit' })
    expect(await time.innerText()).to.include(format.format(new Date(instant)))
    expect(await time.getAttribute('title')).to.equal(instant.slice(0, 19).replace('T', ' ').concat(' UTC'))
  })

  it('draws a group: what was received, delivered and used, block by block by hand or pointer, and as a table', async () => {
    const { cpo, dso, url, say } = await openConsoleScene()
    await dso.sendForecast([dayOf('CABLE-17', (i) => 80 + (i % 4))])
    expect((await say('update_group_measurements', usageOf('FEEDER-0815', 5, 1))).status).to.equal(204)
    cpo.behave(() => ({ status: 503 }))
    await dso.sendForecast([dayOf('CABLE-17', () => 20, 8)])
    const api = `${url}/api/links/north/groups/FEEDER-0815`
    await eventually('usage is kept', async () => (await json<{ usage: object[] }>(api)).usage.length === 1)
    const look = await openPage()
    const { page } = look
    await page.goto(`${url}/links/north/groups/FEEDER-0815`)
    expect(await textOf(page, '#facts')).to.match(
      /not arrived, \d+ attempts? failed since [\s\S]*; the peer answers 503/,
    )
    expect(await page.locator('svg.plot path.line.received').count()).to.equal(1)
    expect(await page.locator('svg.plot path.line.delivered').count()).to.equal(1)
    expect(await page.locator('svg.plot rect.usage').count()).to.equal(1)
    expect(await page.locator('#plot-text').textContent()).to.match(
      /^Now: limit as translated 20 kW; limit as delivered 80 kW/,
    )
    expect(await textOf(page, '#reading')).to.include('limit as translated 20 kW; limit as delivered 80 kW')
    await page.locator('#reader').focus()
    await page.keyboard.press('ArrowRight')
    expect(await textOf(page, '#reading')).to.include('limit as translated 20 kW; limit as delivered 81 kW')
    expect(await page.locator('#reader').getAttribute('aria-valuetext')).to.equal(await textOf(page, '#reading'))
    const box = (await page.locator('svg.plot').boundingBox())!
    await page.mouse.move(box.x + box.width * 0.7, box.y + box.height / 2)
    expect(await textOf(page, '#reading')).to.match(/limit as translated 8\d kW; limit as delivered 8\d kW$/)
    const rows = page.locator('#span-rows tbody tr')
    expect(await rows.count()).to.be.at.least(96)
    expect(await textOf(page, '#span-rows tbody tr.now')).to.match(/now[\s\S]*20 kW[\s\S]*80 kW/)
    expect(await page.locator('#span-rows').innerText()).to.include('20 kW')
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByText('All blocks as CSV').click()])
    expect(download.suggestedFilename()).to.equal('blocks.csv')
    clean(look, url)
  })

  it('steps through the versions of a group as they came', async () => {
    const { dso, url } = await openConsoleScene()
    await dso.sendForecast([dayOf('CABLE-17', () => 80)])
    await dso.sendForecast([dayOf('CABLE-17', () => 20, 8)])
    const { page } = await openPage()
    await page.goto(`${url}/links/north/groups/FEEDER-0815`)
    expect(await textOf(page, '#reading')).to.include('as translated 20 kW')
    await page.getByRole('link', { name: /^v1/ }).click()
    await page.waitForURL(/version=1$/)
    expect(await textOf(page, '#reading')).to.include('limit of v1 as translated 80 kW; limit as delivered 20 kW')
    expect(await textOf(page, '.versions [aria-current]')).to.include('v1')
  })

  it('shows what a party says it cannot keep to: at the top, at the link and at the group, with its exchange', async () => {
    const { cpo, dso, url, say } = await openConsoleScene()
    await dso.sendForecast([dayOf('CABLE-17', () => 80)])
    const { page } = await openPage()
    await page.goto(`${url}/links/north/groups/FEEDER-0815`)
    await page.getByText(/, live/).waitFor()
    // The block that is on was cut to what is left of it.
    const [, ...coming] = (cpo.received.at(-1)!.body as { forecasted_blocks: object[] }).forecasted_blocks
    const words = 'at most 95 kW <b>until noon</b>'
    const answer = await say('group_capacity_compliance_error', {
      message: words,
      forecasted_blocks: coming.slice(0, 2),
    })
    expect(answer.status).to.equal(204)
    await page.locator('#problems').getByText(words).waitFor({ timeout: 40_000 })
    expect(await textOf(page, '#problems')).to.match(/Cannot be met, says charge-co 1[\s\S]*consumption\s*until/)
    await page.goto(`${url}/links/north`)
    expect(await textOf(page, '#problems')).to.match(/FEEDER-0815[\s\S]*at most 95 kW <b>until noon<\/b>/)
    await page.locator('#problems a.mono').click()
    await page.waitForURL(/\/exchanges\//)
    expect(await textOf(page, 'h1')).to.equal('GroupCapacityComplianceError')
    await page.goto(url)
    expect(await textOf(page, '#needs')).to.include(`CABLE-17: charge-co says that it cannot keep to it: ${words}`)
    const { problems } = await json<{ problems: object[] }>(`${url}/api/links/north/groups/FEEDER-0815`)
    expect(problems[0]).to.include({ group: 'FEEDER-0815', type: 'CONSUMPTION', message: words })
  })

  it('finds an exchange by any id, and shows it from the message to the last answer', async () => {
    const { cpo, dso, url, gateway } = await openConsoleScene()
    await dso.sendForecast([dayOf('CABLE-17', () => 80)])
    const { exchange, link } = gateway.observed.exchanges.at(-1)!
    expect(link).to.equal('north')
    const request = String(cpo.received.at(-1)!.headers['x-request-id'])
    const look = await openPage()
    const { page } = look
    for (const id of [exchange, request]) {
      await page.goto(url)
      await page.locator('#q').fill(id)
      await page.keyboard.press('Enter')
      await page.waitForURL(new RegExp(`/exchanges/${exchange}$`))
    }
    const steps = page.locator('.step')
    expect(await steps.count()).to.equal(2)
    expect(await steps.first().innerText()).to.match(
      /UpdateCableCapacityForecast from grid-north[\s\S]*accepted with status 200[\s\S]*OSCP 1\.0, SOAP/,
    )
    const [sent, crossing] = [await steps.last().innerText(), gateway.observed.exchanges.at(-1)!]
    expect(sent).to.match(/UpdateGroupCapacityForecast to charge-co[\s\S]*accepted with status 204/)
    expect(sent).to.include(request)
    expect(await textOf(page, '.receipt')).to.include(crossing.receipts[0]!.entries[0]!.reason)
    expect(await textOf(page, 'main')).to.include('docs/mappings/oscp-1.0--oscp-2.0/update-cable-capacity-forecast.md')
    await page.goto(`${url}/search?q=cable-17`)
    expect(await textOf(page, '.places')).to.equal('Group FEEDER-0815, cable CABLE-17, of link north')
    await page.goto(`${url}/search?q=CABLE-17`)
    expect(await textOf(page, 'main')).to.include('2 found for CABLE-17')
    await page.goto(`${url}/search?q=nothing+of+this+name`)
    expect(await textOf(page, 'main')).to.include('No exchange has this id')
    clean(look, url)
  })

  it('lists the parties with their registration and the commands to run', async () => {
    const { url } = await openConsoleScene({
      config: {
        tokenKey: 'a key of the tests to seal tokens with',
        peers: { 'grid-north': { role: 'dso' }, 'charge-co': { role: 'fp', registration: 'they start' } },
        links: { north: { legacy: 'grid-north', modern: 'charge-co' } },
      },
    })
    const { page } = await openPage()
    await page.goto(`${url}/peers`)
    const row = await textOf(page, '#peer-charge-co')
    expect(row).to.match(/not registered[\s\S]*NEW[\s\S]*they start[\s\S]*oscp-gateway peers token charge-co/)
    expect(await textOf(page, '#peer-grid-north')).to.include('never heard')
    await page.locator('#filter').fill('charge')
    expect(await page.locator('#peer-rows tbody tr:visible').count()).to.equal(1)
  })

  it('stays usable with 500 links', async () => {
    const names = Array.from({ length: 500 }, (_, i) => String(i).padStart(3, '0'))
    const { url } = await openConsoleScene({
      config: {
        peers: {
          'charge-co': { role: 'fp', url: 'http://127.0.0.1:9/', token: 'never used by anybody' },
          ...Object.fromEntries(names.map((name) => [`grid-${name}`, { role: 'dso' }])),
        },
        links: Object.fromEntries(
          names.map((name) => [
            `link-${name}`,
            { legacy: `grid-${name}`, modern: 'charge-co', groups: { [`CABLE-${name}`]: `FEEDER-${name}` } },
          ]),
        ),
      },
      connect: 'grid-000',
    })
    const look = await openPage()
    const { page } = look
    await page.goto(url)
    const rows = page.locator('#link-rows tbody tr')
    expect(await rows.count()).to.equal(500)
    expect(await textOf(page, '#needs')).to.include('grid-000, grid-001, grid-002 and 497 more have never called.')
    await page.locator('#filter').fill('link-49')
    expect(await page.locator('#link-rows tbody tr:visible').count()).to.equal(10)
    expect(await textOf(page, '#filter-count')).to.equal('10 of 500')
    await page.locator('#filter').fill('')
    await page.locator('.scroll', { has: page.locator('#link-rows') }).hover()
    await page.mouse.wheel(0, 5000)
    const [head, frame] = [page.locator('#link-rows thead th').first(), page.locator('.scroll').first()]
    await eventually('the rows have moved', async () => (await rows.first().boundingBox())!.y < 0)
    expect((await head.boundingBox())!.y).to.be.closeTo((await frame.boundingBox())!.y, 3)
    const answer = await fetch(`${url}?filter=LINK-123`)
    expect((await answer.text()).match(/<tr role="row" id="link-/g)).to.have.length(1)
    clean(look, url)
  })

  it('says so when what it shows is not up to date', async () => {
    const { gateway, redis, dso } = await openScene('Redis')
    const { page } = await openPage()
    await page.goto(`${gateway.adminUrl}/console/dead`)
    let isFollowed = false
    void page.waitForResponse(/dead$/).then(() => {
      isFollowed = true
    })
    const follows = async () => {
      await dso.sendForecast([cable('c1', span('06:00', '07:00', 11))])
      return isFollowed
    }
    await eventually('the page follows', follows, 20_000)
    await redis!.kill()
    await page.getByText('not up to date: the gateway answers 503').waitFor({ timeout: 40_000 })
    expect(await textOf(page, 'main')).to.include('Nothing was given up.')
  })

  it('is whole without scripts', async () => {
    const { dso, url } = await openConsoleScene()
    await dso.sendForecast([dayOf('CABLE-17', () => 80)])
    for (const path of [
      '',
      '/links/north',
      '/links/north/groups/FEEDER-0815',
      '/peers',
      '/dead',
      '/search?q=FEEDER-0815',
    ]) {
      const answer = await fetch(url + path)
      const text = await answer.text()
      expect(answer.status, path).to.equal(200)
      expect(text, path).to.match(/<time datetime="[^"]+" [^>]*>[^<]*(?:UTC|ago|now)<\/time>/)
      expect(text, path).not.to.match(/<style|style="|<script(?! type="module" src="\/console\/assets\/)| on[a-z]+="/)
    }
  })
})
