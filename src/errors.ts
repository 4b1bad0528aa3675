/**
 * The one error that crosses rooms: a kind of the table in errors/table.ts, a sentence, and the fields that are wrong.
 * Limits: what a partner may see of it is in `message` and `problems`; `cause` is for the log.
 */
import { type ErrorKind, type ErrorRow, errorTable } from './errors/table.ts'

export { type ErrorKind, errorTable } from './errors/table.ts'

/** One thing wrong with a message: where, as a field path of the wire it came on, and what, as a sentence without values. */
export interface Problem {
  readonly path: string
  readonly sentence: string
}

/** The one error that crosses rooms. `message` and `problems` may be shown to a partner; `cause` never is. */
export class GatewayError extends Error {
  readonly kind: ErrorKind
  readonly problems: readonly Problem[]
  /** Seconds after which the same message may succeed, where that is known. */
  readonly retryAfter: number | undefined
  override readonly name = 'GatewayError'

  constructor(
    kind: ErrorKind,
    sentence: string,
    options: { problems?: readonly Problem[]; cause?: unknown; retryAfter?: number } = {},
  ) {
    super(sentence, options.cause === undefined ? undefined : { cause: options.cause })
    this.kind = kind
    this.problems = options.problems ?? []
    this.retryAfter = options.retryAfter
  }

  get row(): ErrorRow {
    return errorTable[this.kind]
  }
}

/** Whatever was thrown, as a GatewayError; what we did not foresee becomes `internal` and shows a partner nothing. */
export function asGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown
  return new GatewayError('internal', 'The gateway could not handle this message.', { cause: thrown })
}
