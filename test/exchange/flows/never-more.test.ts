/**
 * Whatever is said, refused, lost, or ends: once all is delivered, an operator holds no limit that is higher than what was said
 * for that instant, worked out here and not by the gateway.
 */
import { expect } from 'chai'
import fc from 'fast-check'
import { GatewayError } from '../../../src/errors.ts'
import { hour, openOperators, type Said, start } from './operators.ts'

type Kind = 'CONSUMPTION' | 'FALLBACK_CONSUMPTION' | 'OPTIMUM'
type Event =
  | { readonly is: 'said'; readonly type: Kind; readonly blocks: Said[] }
  | { readonly is: 'offline' | 'back' | 'away' | 'there' | 'settle' }
  | { readonly is: 'time'; readonly minutes: number }

const quarters = 40
const figure = fc.integer({ min: 0, max: 40 })
const power = fc.constantFrom('KW', 'W')

/** Disjoint blocks of all phases, or of three, on no grid in particular: in units of six minutes. */
const said: fc.Arbitrary<Event> = fc
  .tuple(
    fc.constantFrom<Kind>('CONSUMPTION', 'CONSUMPTION', 'CONSUMPTION', 'FALLBACK_CONSUMPTION', 'OPTIMUM'),
    fc.integer({ min: 0, max: 80 }),
    fc.array(fc.tuple(fc.nat(4), fc.integer({ min: 1, max: 12 }), figure), { minLength: 1, maxLength: 4 }),
    power,
    fc.constantFrom('ALL', 'ALL', 'phases', 'ONE'),
  )
  .map(([type, from, steps, unit, phase]) => {
    let at = from
    const phases = phase === 'phases' ? ['ONE', 'TWO', 'THREE'] : [phase]
    const blocks = steps.flatMap(([gap, length, kilowatt]) => {
      const [begin, end] = [at + gap, at + gap + length]
      at = end
      const capacity = unit === 'W' ? kilowatt * 1000 : kilowatt
      return phases.map((one) => ({ from: begin / 10, to: end / 10, capacity, unit, phase: one }))
    })
    return { is: 'said', type, blocks }
  })

const events = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: said },
    {
      weight: 3,
      arbitrary: fc
        .constantFrom(...(['offline', 'back', 'away', 'there', 'settle'] as const))
        .map((is): Event => ({ is })),
    },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 50 }).map((minutes): Event => ({ is: 'time', minutes })) },
  ),
  { minLength: 1, maxLength: 14 },
)

/** The newest figure of each phase at an instant, in kW, of messages in the order they came. */
function saidAt(messages: readonly Said[][], instant: number): Map<string, number> {
  const found = new Map<string, number>()
  for (const message of messages) {
    for (const { from, to, capacity, unit, phase = 'ALL' } of message) {
      const covers = start + from * hour <= instant && instant < start + to * hour
      if (covers) found.set(phase, unit === 'W' ? capacity / 1000 : capacity)
    }
  }
  return found
}

/** One figure for an instant: the tighter of the total, and of all stated phases as if the load were balanced. */
function totalOf(figures: Map<string, number>): number | undefined {
  const single = ['ONE', 'TWO', 'THREE'].flatMap((phase) => figures.get(phase) ?? [])
  const total = figures.get('ALL')
  const balanced = single.length > 0 ? single.length * Math.min(...single) : undefined
  const known = [total, balanced].filter((one) => one !== undefined)
  return known.length > 0 ? Math.min(...known) : undefined
}

/** `grid` may only lower what is said; without it what is held is exactly that. */
async function play(history: readonly Event[], grid: string | undefined, optimum: 'apply' | 'show'): Promise<void> {
  const scene = openOperators({ link: { ...(grid ? { grid } : {}), optimum } })
  const heard: Record<Kind, Said[][]> = { CONSUMPTION: [], FALLBACK_CONSUMPTION: [], OPTIMUM: [] }
  let isOffline = false
  for (const event of history) {
    if (event.is === 'said') {
      const taken = await scene.say(event.type, 'G', ...event.blocks).then(
        () => true,
        (error: unknown) => {
          if (!(error instanceof GatewayError) || error.kind !== 'untranslatable') throw error
          return false
        },
      )
      // Blocks whose time is over when they come say nothing.
      if (taken) heard[event.type].push(event.blocks.filter(({ to }) => start + to * hour > scene.now))
    } else if (event.is === 'offline') {
      // A group that is first heard of while its party is offline begins with what it is told.
      isOffline = (await scene.limits.known(scene.link)).length > 0
      await scene.goOffline()
    } else if (event.is === 'back') {
      isOffline = false
      await scene.comeBack()
    } else if (event.is === 'away') scene.behave(() => ({ verdict: 'unavailable', sentence: 'away' }))
    else if (event.is === 'there') scene.behave()
    else if (event.is === 'time') scene.advance(event.minutes * 60_000)
    else await scene.settle().catch(() => undefined)
  }
  scene.behave()
  await scene.settle()
  for (let quarter = 0; quarter < quarters; quarter++) {
    // A second into the quarter, and after that into each tenth of an hour.
    for (const into of [1000, 6 * 60_000 + 1000, 12 * 60_000 + 1000]) {
      const instant = start + quarter * 900_000 + into
      if (instant < scene.now) continue
      const regular = totalOf(saidAt(heard.CONSUMPTION, instant))
      const fallback = totalOf(saidAt(heard.FALLBACK_CONSUMPTION, instant))
      const wished = totalOf(saidAt(heard.OPTIMUM, instant))
      const limit = isOffline ? (fallback ?? regular) : regular
      const wanted =
        limit === undefined || isOffline || optimum === 'show'
          ? limit
          : Math.min(limit, wished ?? Number.POSITIVE_INFINITY)
      if (wanted === undefined) continue
      const held = scene.heldAt('G', instant)
      const kilowatt = held && (held.unit === 'W' ? held.capacity / 1000 : held.capacity)
      const where = `${new Date(instant).toISOString()}: ${JSON.stringify(held)}, said ${wanted}`
      expect(kilowatt, where).not.to.equal(undefined)
      expect(kilowatt! <= wanted + 1e-9, where).to.equal(true)
      if (grid === undefined) expect(kilowatt!, where).to.be.closeTo(wanted, 0.0011)
    }
  }
}

describe('An operator never holds more than was said', () => {
  for (const grid of [undefined, '15m'])
    for (const optimum of ['show', 'apply'] as const)
      it(`${grid ? `on a grid of ${grid}` : 'and without a grid no less either'}, optimum: ${optimum}`, () =>
        fc.assert(
          fc.asyncProperty(events, (history) => play(history, grid, optimum)),
          { seed: 20260303, numRuns: 250 },
        )).timeout(120_000)
})
