/** Who may change anything at the console, and what an operator's actions lead to. */
import { expect } from 'chai'
import { closePages, openPage } from '../support/browser.ts'
import { consoleToken, dayOf, deaths, json, openConsoleScene, usageOf } from '../support/console-scene.ts'
import { eventually } from '../support/gateway.ts'
import { closeScenes } from '../support/scene.ts'

const form = (fields: Record<string, string>, cookie = '', headers: Record<string, string> = {}) => ({
  method: 'POST',
  redirect: 'manual' as const,
  headers: { 'content-type': 'application/x-www-form-urlencoded', cookie, ...headers },
  body: new URLSearchParams(fields).toString(),
})

async function logIn(url: string, token = consoleToken) {
  const answer = await fetch(`${url}/login`, form({ token }))
  const cookie = answer.headers.get('set-cookie') ?? ''
  const page = await (await fetch(`${url}/dead`, { headers: { cookie: cookie.split(';')[0]! } })).text()
  const [, csrf = ''] = /name="csrf" value="([^"]+)"/.exec(page) ?? []
  return { answer, cookie: cookie.split(';')[0]!, attributes: cookie, csrf }
}

/** A DSO that refuses usage for good, and a limit that the CPO refuses after the DSO was told that it is accepted. */
async function withDeadMessages() {
  const scene = await openConsoleScene()
  scene.host.behave('UpdateAggregatedUsage', { fault: { code: 'Sender', reason: 'no' } })
  await scene.say('update_group_measurements', usageOf('FEEDER-0815', 5))
  await deaths(scene.url, 1)
  scene.cpo.behave(() => ({ status: 503 }))
  await scene.dso.sendForecast([dayOf('CABLE-17', () => 80)])
  scene.cpo.behave(() => ({ status: 400, body: { message: 'not that much' } }))
  const dead = await deaths(scene.url, 2)
  return {
    ...scene,
    usage: dead.find(({ kind }) => kind !== 'forecast')!,
    limit: dead.find(({ kind }) => kind === 'forecast')!,
  }
}

describe('An operator at the console', function () {
  this.timeout(60_000)
  afterEach(async () => {
    await closePages()
    await closeScenes()
  })

  it('logs in, sends a message again and drops another, and finds that in the journal and the log', async () => {
    const { url, host, gateway, usage, limit } = await withDeadMessages()
    const { page, errors } = await openPage()
    await page.goto(`${url}/dead`)
    expect(await page.locator('#dead-rows tbody tr').count()).to.equal(2)
    expect(await page.locator('#dead-rows button').count()).to.equal(0)
    await page.getByRole('link', { name: 'Log in', exact: true }).click()
    await page.getByLabel('Token of the console').fill(consoleToken)
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.waitForURL(/\/dead$/)
    host.behave('UpdateAggregatedUsage')
    await page.getByRole('button', { name: `Send again ${usage.kind} ${usage.id}` }).click()
    expect(await page.locator('.done').innerText()).to.include('waits in its queue again.')
    await host.waitFor('UpdateAggregatedUsage', 2)
    expect(await page.locator('#dead-rows tbody tr').count()).to.equal(1)
    expect(await page.locator('#dead-rows').innerText()).to.include('only its sender can send it anew')
    // What cannot be undone is not done by one slip.
    const drop = page.getByRole('button', { name: `Drop ${limit.kind} ${limit.id} to charge-co for good` })
    expect(await drop.isVisible()).to.equal(false)
    await page.getByText('Drop…').click()
    await drop.click()
    expect(await page.locator('.done').innerText()).to.include('is forgotten.')
    expect(await page.locator('main').innerText()).to.include('Nothing was given up.')
    await page.goto(`${url}/exchanges/${limit.exchange}`)
    expect(await page.locator('main').innerText()).to.include('operator: drop forecast')
    const told = gateway.logged.map((line) => JSON.parse(line) as Record<string, unknown>)
    const actions = told.filter(({ msg }) => msg === 'operator').map(({ did, id, peer }) => ({ did, id, peer }))
    expect(actions).to.deep.equal([
      { did: 'retry', id: usage.id, peer: 'grid-north' },
      { did: 'drop', id: limit.id, peer: 'charge-co' },
    ])
    expect(JSON.stringify(told)).not.to.include(consoleToken)
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.waitForURL(/\/console$/)
    await page.goto(`${url}/dead`)
    expect(await page.locator('main').innerText()).to.include('Log in')
    expect(errors).to.deep.equal([])
  })

  it('cannot change anything where no token is configured, and is told so', async () => {
    const { url } = await openConsoleScene({ token: '' })
    const page = await (await fetch(`${url}/dead`)).text()
    expect(page).to.include('This console is read-only, because <code>console.token</code> is not configured')
    expect((await fetch(`${url}/login`, form({ token: '' }))).status).to.equal(403)
    expect((await fetch(`${url}/dead`, form({ peer: 'charge-co', id: '1', do: 'drop' }))).status).to.equal(403)
  })

  it('needs a session and the form of that session for every action', async () => {
    const { url, usage } = await withDeadMessages()
    const { answer, cookie, attributes, csrf } = await logIn(url)
    expect(answer.status).to.equal(302)
    expect(attributes)
      .to.match(/; path=\/console;/i)
      .and.match(/; samesite=strict/i)
      .and.match(/; httponly/i)
    const other = await logIn(url)
    expect(other.csrf).not.to.equal(csrf)
    const fields = { peer: usage.peer, id: usage.id, do: 'drop' }
    const refused: [string, ReturnType<typeof form>][] = [
      ['no session', form({ ...fields, csrf })],
      ['a session of nobody', form({ ...fields, csrf }, `${cookie.slice(0, -4)}AAAA`)],
      ['no form', form(fields, cookie)],
      ['the form of another session', form({ ...fields, csrf: other.csrf }, cookie)],
      ['another site', form({ ...fields, csrf }, cookie, { 'sec-fetch-site': 'cross-site' })],
      ['another origin', form({ ...fields, csrf }, cookie, { origin: 'https://evil.example' })],
    ]
    for (const [what, request] of refused) expect((await fetch(`${url}/dead`, request)).status, what).to.equal(403)
    expect((await fetch(`${url}/dead`, form({ ...fields, csrf, do: 'all' }, cookie))).status).to.equal(400)
    await deaths(url, 2)
    expect((await fetch(`${url}/dead`, form({ ...fields, csrf }, cookie))).status).to.equal(200)
    expect((await fetch(`${url}/dead`, form({ ...fields, csrf }, cookie))).status).to.equal(409)
    await deaths(url, 1)
    expect((await fetch(`${url}/logout`, form({ csrf }, cookie))).status).to.equal(302)
    expect((await fetch(`${url}/dead`, form({ ...fields, csrf }, cookie))).status).to.equal(403)
  })

  it('stays logged in at every replica that has the same token, and nowhere else', async () => {
    const [one, other, stranger] = [
      await openConsoleScene(),
      await withDeadMessages(),
      await openConsoleScene({ token: 'another token, of another gateway' }),
    ]
    const { cookie, csrf } = await logIn(one.url)
    const fields = { peer: other.usage.peer, id: other.usage.id, do: 'drop', csrf }
    const [until, ...rest] = cookie.split('=')[1]!.split('.')
    const longer = `${cookie.split('=')[0]}=${[Number(until) + 3600_000, ...rest].join('.')}`
    expect((await fetch(`${other.url}/dead`, form(fields, longer))).status, 'made to last longer').to.equal(403)
    expect((await fetch(`${stranger.url}/dead`, form(fields, cookie))).status, 'another token').to.equal(403)
    expect((await fetch(`${other.url}/dead`, form(fields, cookie))).status).to.equal(200)
    await deaths(other.url, 1)
  })

  it('has five tries a minute to give the token, from one address', async () => {
    const { url } = await openConsoleScene()
    const attempt = async (token: string) => (await fetch(`${url}/login`, form({ token }))).status
    const answers = []
    for (let i = 0; i < 6; i++) answers.push(await attempt(`wrong ${i}`))
    expect(answers).to.deep.equal([403, 403, 403, 403, 403, 429])
    expect(await attempt(consoleToken), 'the right one, too late').to.equal(429)
  })

  it('is told when a message that was to be sent again is not there any more', async () => {
    const { url, usage } = await withDeadMessages()
    const { cookie, csrf } = await logIn(url)
    const both = await Promise.all(
      ['retry', 'drop'].map((what) =>
        fetch(`${url}/dead`, form({ peer: usage.peer, id: usage.id, do: what, csrf }, cookie)),
      ),
    )
    expect(both.map(({ status }) => status).sort()).to.deep.equal([200, 409])
    await eventually('it is gone', async () => {
      const { messages } = await json<{ messages: { id: string }[] }>(`${url}/api/dead`)
      return messages.every(({ id }) => id !== usage.id)
    })
  })
})
