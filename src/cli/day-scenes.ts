/** What happens in the day of the demo, hour by hour; every fact is read from the parties or the console, never from the gateway. */
import { type DayStage, dayAhead, figure } from './day-stage.ts'
import { carries, fallbackOfDepot, groups, hour } from './day-world.ts'

const winter = 'jan_workday'
const { 'CABLE-17': cable17, 'CABLE-18': cable18, 'CABLE-21': cable21, 'site-1': site } = carries
const north = { 'CABLE-17': cable17, 'CABLE-18': cable18 }
const east = { 'CABLE-21': cable21 }

/** By hour; between them everybody who is there gives a sign of life. */
export const scenes: Readonly<Record<number, (stage: DayStage) => Promise<void>>> = {
  async 0(stage) {
    stage.tell('Amp Works registers: "Token " before its token, a slash behind its address, flat handshakes.')
    await stage.send('ampWorks', { register: {} })
    await stage.see(
      'The gateway registered in return.',
      () => stage.lines('ampWorks', 'received', 'Register').length > 0,
    )
    await stage.send('ampWorks', { handshake: {} })
    await stage.see(
      'Its flat handshake was acknowledged.',
      () => stage.lines('ampWorks', 'received', 'HandshakeAcknowledge').length > 0,
    )
    await stage.send('gridSouth', { handshake: {} })
    await stage.see(
      'Grid South shook hands too.',
      () => stage.lines('gridSouth', 'received', 'HandshakeAcknowledge').length > 0,
    )
  },
  async 1(stage) {
    stage.tell('Grid North forecasts a day for three cables, 96 quarter hours each, to two operators.')
    await forecastNorthAndEast(stage)
  },
  async 3(stage) {
    stage.tell('Grid South, which speaks OSCP 2.0, limits the depot, which speaks OSCP 1.0.')
    await stage.send('gridSouth', dayAhead({ 'site-1': site }, winter))
    await depotHoldsForecast(stage, 'The depot holds')
  },
  async 7(stage) {
    stage.world.fakes.dso.behave([{ to: 'RequestAdjustedCapacity', from: 0, accept: true }])
    stage.tell('Volt Co wishes for 200 kW on FEEDER-0815 for an hour; Grid North grants it.')
    await stage.send('voltCo', { wish: figure('FEEDER-0815', 200, 1) })
    await stage.see('Grid North was asked in OSCP 1.0, and Volt Co was told 200 kW as its limit.', () =>
      Boolean(
        stage.lines('dso', 'received', 'RequestAdjustedCapacity').length &&
          stage.held('voltCo', 'FEEDER-0815') === '200 KW',
      ),
    )
  },
  async 9(stage) {
    stage.tell('Volt Co reports 12.5 kWh of the last quarter of an hour.')
    await stage.send('voltCo', { usage: { about: ['FEEDER-0815'], energy: 12.5, over: hour / 4 } })
    await stage.see('Grid North was told the usage of CABLE-17.', () =>
      stage.lines('dso', 'received', 'UpdateAggregatedUsage').some(({ about }) => about.startsWith('CABLE-17')),
    )
  },
  async 10(stage) {
    stage.tell('Amp Works takes 1.5 s for its answer; Grid North is waited with for 1 s.')
    stage.world.fakes.ampWorks.behave([{ to: 'UpdateGroupCapacityForecast', from: 0, nth: [1], delay: 1500 }])
    const before = stage.lines('ampWorks', 'received', 'UpdateGroupCapacityForecast').length
    await stage.send('dso', { identity: 'AMP', limit: figure('CABLE-21', 60, 1) })
    const answered = stage.lines('ampWorks', 'received', 'UpdateGroupCapacityForecast').length
    await stage.see('Grid North had Accepted before Amp Works had answered: the limit was stored.', () =>
      Boolean(answered === before && stage.answer('dso', 'UpdateCableCapacityForecast') === 'Accepted'),
    )
    await stage.see(
      'Then it arrived: Amp Works holds to 60 kW.',
      () => stage.held('ampWorks', groups['CABLE-21']) === '60 KW',
    )
  },
  async 12(stage) {
    await stage.leave('ampWorks')
    stage.tell('Noon: Amp Works goes away. Grid North cuts CABLE-21 to 40 kW until 18:00.')
    await stage.send('dso', { identity: 'AMP', limit: figure('CABLE-21', 40, 6) })
    await stage.see('Grid North was told Accepted; Amp Works still holds to what it had.', () =>
      Boolean(
        stage.answer('dso', 'UpdateCableCapacityForecast') === 'Accepted' &&
          stage.held('ampWorks', groups['CABLE-21']) !== '40 KW',
      ),
    )
  },
  async 13(stage) {
    await seeNeed(stage, /^CABLE-21: .*not arrived at amp-works/)
  },
  async 14(stage) {
    await stage.comeBack('ampWorks')
    stage.tell('Amp Works is back.')
    await stage.see(
      'The cut arrived by itself: Amp Works holds to 40 kW.',
      () => stage.held('ampWorks', groups['CABLE-21']) === '40 KW',
    )
    await stage.see('Nothing is said to need a person any more.', async () => (await stage.needs()).length === 0)
  },
  async 15(stage) {
    await stage.leave('gridSouth')
    stage.tell('Grid South goes away, and says nothing more.')
  },
  async 17(stage) {
    const fallback = `${fallbackOfDepot} kW`
    await stage.see(
      `Grid South has been silent for too long: the depot is held to its fallback, ${fallback}.`,
      () => stage.held('depot', 'HUB-1') === fallback,
    )
  },
  async 19(stage) {
    await stage.comeBack('gridSouth')
    stage.tell('Grid South is back, and shakes hands.')
    await stage.send('gridSouth', { handshake: {} })
    await depotHoldsForecast(stage, 'The depot holds again')
  },
  async 20(stage) {
    stage.world.fakes.voltCo.behave([
      { to: 'UpdateGroupCapacityForecast', from: 0, nth: [1], reject: 'Feeder is being rebuilt' },
    ])
    stage.tell('Volt Co refuses the next forecast of CABLE-18.')
    await stage.send('dso', { identity: 'VOLT', limit: figure('CABLE-18', 70, 1) })
    await stage.see('Grid North was told Rejected, with the cable and the words of Volt Co.', () =>
      /^Rejected, CABLE-18, .*Feeder is being rebuilt/.test(stage.answer('dso', 'UpdateCableCapacityForecast')),
    )
  },
  async 21(stage) {
    await reportUsage(stage, 78)
  },
  async 22(stage) {
    await reportUsage(stage, 86)
    stage.tell('Grid North and Grid South forecast the next day.')
    await forecastNorthAndEast(stage)
    await stage.send('gridSouth', dayAhead({ 'site-1': site }, winter))
    await depotHoldsForecast(stage, 'The depot holds')
  },
  async 23(stage) {
    await reportUsage(stage, 112)
    stage.tell('Grid North plans works: CABLE-17 carries no more than 60 kW from 06:00 to 09:00.')
    await stage.send('dso', { identity: 'VOLT', limit: { ...figure('CABLE-17', 60, 3), from: 7 * hour } })
    await stage.see('Accepted, and Volt Co has it; until then it holds what it held.', () =>
      Boolean(
        stage.answer('dso', 'UpdateCableCapacityForecast') === 'Accepted' &&
          stage.held('voltCo', 'FEEDER-0815') === `${stage.world.left(cable17, winter)} KW`,
      ),
    )
    await stage.leave('ampWorks')
    stage.tell('Amp Works goes away for the night. Grid North cuts CABLE-21 to 30 kW for two hours.')
    await stage.send('dso', { identity: 'AMP', limit: figure('CABLE-21', 30, 2) })
    stage.world.clock.moveTo(23.5)
    await seeNeed(stage, /^CABLE-21: .*not arrived at amp-works/)
    // What fell due when the clock was moved takes the gateway a moment.
    await stage.see('Nothing else needs anybody.', async () => (await stage.needs()).length === 1)
  },
}

async function forecastNorthAndEast(stage: DayStage): Promise<void> {
  for (const [identity, cables, who, name] of [
    ['VOLT', north, 'voltCo', 'Volt Co'],
    ['AMP', east, 'ampWorks', 'Amp Works'],
  ] as const) {
    await stage.send('dso', { identity, ...dayAhead(cables, winter) })
    const isHeld = ([cable, capacity]: [string, number]) =>
      stage.held(who, groups[cable as keyof typeof groups]) === `${stage.world.left(capacity, winter)} KW`
    const held = Object.keys(cables)
      .map((cable) => `${cable} as ${groups[cable as keyof typeof groups]}`)
      .join(', ')
    await stage.see(`Accepted; ${name} holds what the households leave now: ${held}.`, () =>
      Boolean(
        stage.answer('dso', 'UpdateCableCapacityForecast') === 'Accepted' && Object.entries(cables).every(isHeld),
      ),
    )
  }
}

/** Of the last hour, in kWh. */
async function reportUsage(stage: DayStage, energy: number): Promise<void> {
  const before = stage.lines('dso', 'received', 'UpdateAggregatedUsage').length
  await stage.send('voltCo', { usage: { about: ['FEEDER-0815'], energy, over: hour } })
  await stage.see(
    `Volt Co reports ${energy} kWh of the last hour, and Grid North was told.`,
    () => stage.lines('dso', 'received', 'UpdateAggregatedUsage').length > before,
  )
}

async function depotHoldsForecast(stage: DayStage, words: string): Promise<void> {
  const limit = () => `${stage.world.left(site, winter)} kW`
  await stage.see(`${words} ${limit()}, what Grid South allows now.`, () => stage.held('depot', 'HUB-1') === limit())
}

async function seeNeed(stage: DayStage, expected: RegExp): Promise<void> {
  let said = ''
  await stage.see('The console says what needs a person:', async () => {
    said = (await stage.needs())[0] ?? ''
    return expected.test(said)
  })
  stage.tell(`“${said}”`)
}
