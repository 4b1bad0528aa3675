/** How often the console looks at the state by itself: ever more rarely while nobody listens. */
import type { ServerResponse } from 'node:http'
import { PassThrough } from 'node:stream'
import { expect } from 'chai'
import type { Overview } from '../../src/ops/console/data.ts'
import { Live } from '../../src/ops/console/live.ts'
import { eventually } from '../support/gateway.ts'

const nothing = { links: [], parties: [], alarms: [], isUp: true, at: 0 } as unknown as Overview

describe('The look at the state for whoever comes', () => {
  it('is taken ever more rarely while nobody listens, and anew once the last listener has left', async () => {
    const looks: number[] = []
    const overview = async () => {
      looks.push(performance.now())
      return nothing
    }
    const live = new Live({ data: { overview }, firstAfter: 0, idleEvery: 20, lookEvery: 5 })
    await eventually('it has looked ten times', () => looks.length === 10)
    // A timer is never early: 20 ms lie between the first seven looks, then 40, 80 and 160.
    expect(looks[9]! - looks[6]!).to.be.above(40 + 80 + 160 - 10)
    const response = Object.assign(new PassThrough(), { writeHead: () => undefined })
    expect(live.add(response as unknown as ServerResponse)).to.equal(true)
    await eventually('it looks for the listener', () => looks.length > 25)
    response.emit('close')
    const left = looks.length
    await eventually('it begins to look rarely again', () => looks.length > left + 2)
    live.stop()
  })
})
