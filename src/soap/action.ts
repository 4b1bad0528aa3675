/**
 * Holds what a caller announces, in SOAPAction, `action=` or WS-Addressing, against the operation that the body names.
 * Limits: compared on its last path segment, as old stacks abbreviate; an absent or empty one says nothing.
 */
import type { Operation } from '../contract/model.ts'
import { GatewayError } from '../errors.ts'

/** Throws `action-mismatch` when the action names another operation than the body. */
export function checkAction(action: string | undefined, operation: Operation): void {
  if (action === undefined || action === '') return
  // As most say it, letter for letter.
  if (action === operation.inputAction || action === `"${operation.soapAction}"`) return
  const said = action
    .trim()
    .replace(/^"(.*)"$/, '$1')
    .trim()
  if (said === '' || said === operation.soapAction || said === operation.inputAction) return
  if (lastSegment(said) === operation.name) return
  throw new GatewayError('action-mismatch', 'The action names another operation than the body.')
}

function lastSegment(action: string): string {
  return action.slice(Math.max(action.lastIndexOf('/'), action.lastIndexOf(':'), action.lastIndexOf('#')) + 1)
}
