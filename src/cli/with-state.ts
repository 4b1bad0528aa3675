/** Opens the state that the gateway uses, works with it, and closes it; exit code 69, with the reason, when it cannot be had. */
import { GatewayError } from '../errors.ts'
import { reason } from '../ops/log.ts'
import { exitCodes } from './exit.ts'

/** `open` gives undefined when state is in the gateway's own memory: then `inMemory` is said. Resolves to the exit code. */
export async function withState<T extends { close(): Promise<void> }>(
  open: () => Promise<T | undefined>,
  inMemory: string,
  work: (state: T) => Promise<number>,
): Promise<number> {
  let state: T | undefined
  try {
    state = await open()
    if (state) return await work(state)
    console.error(inMemory)
    return exitCodes.unavailable
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    const { cause } = reason(error)
    console.error(cause === undefined ? error.message : `${error.message} ${cause}`)
    return exitCodes.unavailable
  } finally {
    await state?.close()
  }
}
