/** The day of the demo, as quick as it may be: it ends with 0 only if every fact was so, and says each in a line. */
import { expect } from 'chai'
import { runCommand } from '../support/command.ts'

describe('The day of the demo', function () {
  this.timeout(180_000)

  it('plays to its end, with every fact seen, and ends by itself when asked to', async () => {
    const { code, out, err } = await runCommand(['demo', '--day', '--seconds', '0', '--exit'], '', 150_000)
    expect(err).to.equal('')
    expect(code).to.equal(0)
    const text = out.replace(/\s+/g, ' ')
    for (const fact of [
      'Its flat handshake was acknowledged.',
      'Volt Co was told 200 kW as its limit.',
      'Grid North had Accepted before Amp Works had answered',
      'the limit of 12:00 UTC has not arrived at amp-works',
      'The cut arrived by itself: Amp Works holds to 40 kW.',
      'the depot is held to its fallback, 11 kW.',
      'The depot holds again',
      'Grid North was told Rejected, with the cable and the words of Volt Co.',
      'The day is over. Everything that was shown was so.',
    ])
      expect(text).to.include(fact)
    expect(out.match(/✓/g)).to.have.length(26)
  })

  it('says what is wrong with its command line', async () => {
    const { code, err } = await runCommand(['demo', '--day', '--seconds', 'many'])
    expect(code).to.equal(64)
    expect(err).to.equal('--seconds must be a number of seconds, such as 120\n')
  })
})
