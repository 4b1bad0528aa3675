/** Reads a form that a browser posted. Limits: 16 kB; anything else, or more, is no form. */
import type { Context } from 'koa'

const most = 16_384

export async function readForm(ctx: Context): Promise<URLSearchParams | undefined> {
  if (!ctx.is('application/x-www-form-urlencoded')) return undefined
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of ctx.req as AsyncIterable<Buffer>) {
    size += piece.length
    if (size > most) return undefined
    pieces.push(piece)
  }
  return new URLSearchParams(Buffer.concat(pieces).toString('utf8'))
}
