/** Fake parties against a real gateway: every example is played, and what a script says is what happens. */
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { parse } from 'yaml'
import { type Fake, type Line, startFake } from '../peers/fake/fake.ts'
import { checkScript, type FakeRole, readScript, roles, ScriptError } from '../peers/fake/script.ts'
import { standardScripts } from '../peers/fake/standard.ts'
import { startStatusPage } from '../peers/fake/status-page.ts'
import { root, runCommand } from '../support/command.ts'
import { eventually, startTestGateway, type TestGateway } from '../support/gateway.ts'
import { freePort } from '../support/redis.ts'

const example = (name: string) => readFileSync(join(root, 'examples/fake', `${name}.yaml`), 'utf8')

interface Played {
  readonly fake: Fake
  readonly lines: Line[]
  said(direction: Line['direction'], message: string): Line[]
}

describe('A fake party', function () {
  this.timeout(90_000)
  const running: { stop(): Promise<void> }[] = []

  afterEach(async () => {
    for (const one of running.splice(0).reverse()) await one.stop()
  })

  async function play(role: FakeRole, script: Parameters<typeof startFake>[1]): Promise<Played> {
    const lines: Line[] = []
    const fake = await startFake(role, script, { tell: (line) => lines.push(line) })
    running.push(fake)
    const said = (direction: Line['direction'], message: string) =>
      lines.filter((line) => line.direction === direction && line.message === message)
    return { fake, lines, said }
  }

  /** The examples with ports that are free here; everything else as it is in the files. */
  async function examples() {
    const ports: Record<string, number> = {}
    for (const port of [8080, 8081, 9001, 9002, 9003, 9004]) ports[port] = await freePort()
    const here = (text: string) => text.replace(/127\.0\.0\.1:(\d+)/g, (_, port) => `127.0.0.1:${ports[port] ?? 0}`)
    const config = {
      ...(parse(here(example('gateway'))) as Record<string, unknown>),
      log: 'silent',
      listen: { soap: here('127.0.0.1:8080'), rest: here('127.0.0.1:8081'), admin: '127.0.0.1:0' },
    }
    const gateway: TestGateway = await startTestGateway({ config })
    running.push(gateway)
    return { gateway, script: (role: FakeRole) => readScript(role, here(example(role))) }
  }

  it('is there for every role in the examples, which read what they say', () => {
    for (const role of roles) {
      expect(readScript(role, example(role)).sends, role).not.to.be.empty
      expect(readScript(role, standardScripts[role]).sends, role).not.to.be.empty
    }
  })

  it('of the examples dso and fp rehearse a grid with an operator that is late and says no', async () => {
    const { script } = await examples()
    const fp = await play('fp', script('fp'))
    const dso = await play('dso', script('dso'))
    const sent = await eventually(
      'the DSO has forecast',
      () => dso.said('sent', 'UpdateCableCapacityForecast')[0],
      20_000,
    )
    expect(sent.about).to.equal('v1: CABLE-17 (96 blocks), CABLE-18 (96 blocks)')
    expect(sent.answer).to.match(/^Rejected, CABLE-1[78], .*No such group/)
    expect(sent.isFine).to.equal(false)
    const got = () => fp.said('received', 'UpdateGroupCapacityForecast')
    expect(
      got()
        .map(({ answer }) => answer)
        .sort(),
    ).to.deep.equal(['204', '400'])
    await eventually('a wish is refused', () => dso.said('received', 'RequestAdjustedCapacity')[0], 20_000)
    await eventually('usage arrives', () => dso.said('received', 'UpdateAggregatedUsage')[0], 20_000)
    await eventually('a heartbeat is answered', () => dso.said('sent', 'Heartbeat')[0]?.isFine, 20_000)
    expect(fp.said('sent', 'AdjustGroupCapacityForecast')[0]).to.include({ answer: '204' })
    const held = fp.fake.holds()
    expect(held).to.have.length(1)
    expect(held[0]!.limit).to.match(/^\d+(\.\d+)? KW$/)
  })

  it('of the examples csp and cp rehearse limits, a fallback, a wish and usage', async () => {
    const { script } = await examples()
    const csp = await play('csp', script('csp'))
    const cp = await play('cp', script('cp'))
    const got = () => csp.said('received', 'UpdateCableCapacityForecast')
    await eventually(
      'a limit arrives after a connection was dropped',
      () => got().find(({ answer }) => answer === '200'),
      20_000,
    )
    expect(got()[0]).to.include({ answer: 'no answer' })
    await eventually('the limit is held', () => /kW$/.test(csp.fake.holds()[0]?.limit ?? ''), 20_000)
    await eventually('usage arrives', () => cp.said('received', 'UpdateGroupMeasurements')[0], 20_000)
    await eventually('a wish arrives', () => cp.said('received', 'AdjustGroupCapacityForecast')[0], 20_000)
    await eventually('a handshake is answered', () => cp.said('received', 'HandshakeAcknowledge')[0], 20_000)
    await eventually('what holds is told', () => csp.said('sent', 'GetCapacityForecast')[0]?.isFine, 20_000)
  })

  it('answers in turn as its script says: with words, a status, a page, late, or not at all', async () => {
    const answers = [
      { to: 'Heartbeat', silence: true },
      { nth: [1], reject: 'Not today' },
      { nth: [2], status: 429, retryAfter: 7 },
      { nth: [3], html: true },
      { nth: [4], drop: true },
      { nth: [5], delay: '30ms' },
    ]
    const script = checkScript('fp', { gateway: 'http://127.0.0.1:9/x', tokens: { ours: 'known' }, answers })
    const { fake, lines } = await play('fp', script)
    const call = (path = 'update_group_capacity_forecast') =>
      fetch(`${fake.url}/${path}`, { method: 'POST', headers: { authorization: 'Token known' }, body: '{}' })
    const refused = await call()
    expect([refused.status, await refused.text()]).to.deep.equal([400, '{"message":"Not today"}'])
    const busy = await call()
    expect([busy.status, busy.headers.get('retry-after')]).to.deep.equal([429, '7'])
    const page = await call()
    expect([page.status, page.headers.get('content-type')]).to.deep.equal([502, 'text/html'])
    await call().then(
      () => expect.fail('the connection should be reset'),
      () => undefined,
    )
    expect((await call()).status).to.equal(204)
    const silent = await fetch(`${fake.url}/heartbeat`, { method: 'POST', signal: AbortSignal.timeout(150) }).catch(
      (error: Error) => error.name,
    )
    expect(silent).to.equal('TimeoutError')
    await eventually('every message has a line', () => lines.length >= 6)
    expect(lines.map(({ answer }) => answer)).to.deep.equal(['400', '429', '502', 'no answer', '204', 'no answer'])
  })

  it('is away when its script says so, sends nothing meanwhile, and comes back on the same port', async () => {
    const script = checkScript('fp', {
      gateway: 'http://127.0.0.1:9/x',
      tokens: { ours: 'known' },
      outages: [{ from: '50ms', for: '400ms' }],
    })
    const { fake, lines } = await play('fp', script)
    const call = () =>
      fetch(`${fake.url}/heartbeat`, { method: 'POST', headers: { authorization: 'Token known' } }).then(
        ({ status }) => status,
        () => 'away',
      )
    await eventually('it goes', () => lines.some(({ message }) => message === 'goes away'))
    expect(await eventually('it is back', async () => (await call()) === 204)).to.equal(true)
    expect(lines.map(({ message }) => message)).to.include.members(['goes away', 'is back', 'Heartbeat'])
  })

  it('registers with the token it was given, with whatever it has before its own, and shakes hands flat', async () => {
    const there = await play('cp', checkScript('cp', { gateway: 'http://127.0.0.1:9/x', tokens: { ours: 'first' } }))
    const script = checkScript('fp', {
      gateway: there.fake.url,
      tokens: { theirs: 'first' },
      habits: { tokenPrefix: 'Token ', handshake: 'flat', times: 'naive' },
      sends: [{ register: {} }, { at: '300ms', handshake: {} }, { at: '400ms', wish: { about: 'g', capacity: 5 } }],
    })
    const { said } = await play('fp', script)
    await eventually('it is called back', () => said('received', 'Register')[0])
    await eventually('it shakes hands', () => said('sent', 'Handshake')[0])
    await eventually('it wishes', () => there.said('received', 'AdjustGroupCapacityForecast')[0])
  })

  it('shows what it holds on a page of its own, with everything a party says escaped', async () => {
    const { fake, lines } = await play(
      'fp',
      checkScript('fp', { gateway: 'http://127.0.0.1:9/x', tokens: { ours: 'known' } }),
    )
    const now = Date.now()
    const block = {
      ...{ capacity: 12.5, phase: 'ALL', unit: 'KW' },
      start_time: new Date(now - 60_000).toISOString(),
      end_time: new Date(now + 60_000).toISOString(),
    }
    await fetch(`${fake.url}/update_group_capacity_forecast`, {
      method: 'POST',
      headers: { authorization: 'Token known' },
      body: JSON.stringify({ group_id: '<b>hub', type: 'CONSUMPTION', forecasted_blocks: [block] }),
    })
    const page = await startStatusPage({ host: '127.0.0.1', port: 0 }, fake, lines)
    running.push(page)
    const html = await (await fetch(page.url)).text()
    expect(html).to.include('&lt;b&gt;hub').and.to.include('12.5 KW').and.not.to.include('<b>hub')
    const json = await (await fetch(page.url, { headers: { accept: 'application/json' } })).json()
    expect(json).to.deep.include({ role: 'fp', holds: [{ about: '<b>hub', limit: '12.5 KW' }] })
  })

  it('refuses a script that is wrong, with every reason and the place of each', () => {
    const wrong = (role: FakeRole, script: object) => {
      try {
        checkScript(role, script)
      } catch (error) {
        return (error as ScriptError).lines.join('\n')
      }
      return 'nothing'
    }
    expect(wrong('dso', { gateway: 'x', sends: [{ at: '5 s', heartbeat: {} }], colour: 1 }))
      .to.include('gateway: must be an http')
      .and.to.include('sends.0.at: must be a time')
      .and.to.include('colour')
    expect(wrong('csp', { gateway: 'http://x', sends: [{ forecast: { carries: {} } }] })).to.include('sends.0')
    expect(wrong('fp', { gateway: 'http://x', answers: [{ drop: true, reject: 'no' }] })).to.include(
      'answers.0: give one',
    )
    expect(() => readScript('fp', 'gateway: [')).to.throw(ScriptError)
  })

  it('is a command that ends by itself, tells in JSON, and has exit codes for what is wrong', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fake-'))
    const file = async (name: string, text: string) => {
      await writeFile(join(folder, name), text)
      return join(folder, name)
    }
    try {
      const deaf = await file(
        'deaf.yaml',
        'gateway: http://127.0.0.1:9/oscp\nsends: [ { heartbeat: {} } ]\noutages: [ { from: 200ms, for: 1h } ]\n',
      )
      const bad = await file('bad.yaml', 'gateway: 7\n')
      const ended = await runCommand(['fake', 'dso', '-c', deaf, '--for', '2s', '--json', '--strict'])
      const wrong = await runCommand(['fake', 'fp', '-c', bad])
      const none = await runCommand(['fake', 'fp', '-c', join(folder, 'none.yaml')])
      const words = await runCommand(['fake', 'fp', '--for', 'soon'])
      const told = ended.out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Line)
      expect(told[0]).to.include({ direction: 'sent', message: 'Heartbeat', isFine: false })
      expect(told.map(({ message }) => message)).to.include('goes away')
      expect(ended.code).to.equal(20)
      expect([wrong.code, wrong.err]).to.deep.equal([78, `${bad}: gateway: must be an http or https URL\n`])
      expect(none.code).to.equal(66)
      expect(words.code).to.equal(64)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
