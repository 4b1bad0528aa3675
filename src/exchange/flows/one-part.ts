/** The one message that another becomes, or the error that says why it does not. */
import { GatewayError } from '../../errors.ts'
import type { Part } from '../../mapping/compile.ts'
import type { Refusal } from '../../mapping/run.ts'

/** Throws GatewayError of the refusal's kind; paths are those of the message that came. */
export function onePart(parts: readonly Part[]): Exclude<Part, { refusal: Refusal }> {
  const [part] = parts
  if (!part || parts.length > 1) throw new GatewayError('internal', 'One message did not become one message.')
  if (!('refusal' in part)) return part
  const { kind, path, message } = part.refusal
  throw new GatewayError(kind, `${path} ${message}`, { problems: [{ path, sentence: message }], cause: part.refusal })
}
