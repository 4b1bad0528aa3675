/**
 * Accounts for every field of a module in both directions: each is consumed once, produced once, or named with a reason.
 * Limits: it reports, it does not stop; callers refuse to start when there is any finding.
 */
import type { Finding } from '../contract/model.ts'
import { Accountant, arrow } from './account-direction.ts'
import { accountOrder } from './account-order.ts'
import type { Ends } from './compile.ts'
import type { MessageModule } from './define.ts'

/** Everything that is wrong with one module against the two contracts. */
export function accountMessage(file: string, module: MessageModule, request: Ends, answer: Ends): Finding[] {
  const findings: Finding[] = []
  const report = (rule: string, sentence: string) => findings.push({ file, rule, sentence })
  if (!module.why.trim()) report('why', 'is empty; say in a sentence what this message does')
  if (module.answerAs === 'none' && module.answer.length > 0) report('answer', 'has rules, but answerAs names nothing')
  accountOrder(module.rules, report)
  accountOrder(module.answer, report)
  for (const direction of ['toModern', 'toLegacy'] as const) {
    new Accountant(direction, report, module.rules, request).run(`${module.name} ${arrow[direction]}`, true)
    if (module.answerAs !== 'none')
      new Accountant(direction, report, module.answer, answer).run(
        `${module.name} answer ${arrow[direction]}`,
        module.answered !== 'gateway',
      )
  }
  return findings
}
