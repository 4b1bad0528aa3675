/** Several steps as one, which calls each at a place of its own: V8 then knows what is called there, and can put it in place. */
import { functionOf } from '../contract/code.ts'
import type { Step } from './step-shape.ts'

export function sequence(steps: readonly Step[]): Step {
  const names = steps.map((_, i) => `step${i}`)
  const calls = names.map((name) => `${name}(source, target, run)`)
  return functionOf('source, target, run', calls, Object.fromEntries(steps.map((step, i) => [names[i]!, step])))
}
