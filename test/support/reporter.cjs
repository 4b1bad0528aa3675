// Mocha's spec reporter, whose last line is "N passed, N failed" so that a script can read the result.
const { reporters } = require('mocha')

module.exports = class SummaryReporter extends reporters.Spec {
  done(failures, finish) {
    const { passes = 0 } = this.stats
    console.log(`${passes} passed, ${this.stats.failures} failed`)
    finish(failures)
  }
}
