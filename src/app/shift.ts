/**
 * Which parts serve now: each message is served to its end by the parts that it came to, and the next one by those that follow.
 * Limits: parts that are replaced stay until their last message is answered and all that they had begun is done.
 */
import type { RequestListener, ServerResponse } from 'node:http'
import type { Parts } from './parts.ts'

export type FaceName = 'soap' | 'rest' | 'admin'

interface Turn {
  readonly parts: Parts
  readonly open: Set<ServerResponse>
  /** Pages that follow what happens: they end when the parts do, and are asked for again. */
  readonly admin: Set<ServerResponse>
  onIdle: () => void
}

export class Shift {
  private turn: Turn
  private readonly leaving = new Set<Turn>()

  constructor(parts: Parts) {
    this.turn = newTurn(parts)
  }

  get current(): Parts {
    return this.turn.parts
  }

  /** Those that serve, and those that still have something to finish. */
  get all(): readonly Parts[] {
    return [this.turn, ...this.leaving].map(({ parts }) => parts)
  }

  handler(face: FaceName): RequestListener {
    return (request, response) => {
      const { turn } = this
      const open = face === 'admin' ? turn.admin : turn.open
      open.add(response)
      response.once('close', () => {
        open.delete(response)
        if (turn.open.size === 0) turn.onIdle()
      })
      turn.parts.handlers[face](request, response)
    }
  }

  /** From now on `next` serves. Resolves when the parts before have finished; nothing of theirs is cut. */
  async replace(next: Parts): Promise<void> {
    const old = this.turn
    this.leaving.add(old)
    this.turn = newTurn(next)
    for (const response of old.admin) if (response.headersSent) response.socket?.destroySoon()
    await new Promise<void>((resolve) => {
      old.onIdle = resolve
      if (old.open.size === 0) resolve()
    })
    await settled(old.parts)
    await old.parts.http.close()
    this.leaving.delete(old)
  }
}

/** Resolves when nothing that these parts have begun runs any more. */
export async function settled(parts: Parts): Promise<void> {
  const { agenda, rest, replies, party, forecasts, advice, events, liveness, usage } = parts
  const work = [agenda, rest, replies, party.sessions, forecasts, advice, events, liveness, usage]
  await Promise.all(work.map((part) => part.settled()))
}

function newTurn(parts: Parts): Turn {
  return { parts, open: new Set(), admin: new Set(), onIdle: () => undefined }
}
