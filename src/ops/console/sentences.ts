/** What sentences about what needs a person are made of. */

/** Of a sentence: text, a name that leads somewhere, or an instant. */
export type Piece = string | { readonly name: string; readonly to?: Place } | { readonly at: number }

export interface Place {
  readonly page: 'link' | 'group' | 'dead' | 'peers'
  readonly link?: string
  readonly group?: string
}

export interface Need {
  /** `act`: a limit is not where it must be, or soon will not be. `look`: somebody should look into it, not at once. */
  readonly urgency: 'act' | 'look'
  readonly sentence: readonly Piece[]
  readonly link?: string | undefined
}

/** What is on its way for less is not worth a word, in milliseconds. */
export const patience = 60_000
/** So many sentences that say the same are said one by one. */
export const mostAlike = 3

export function peerPiece(peer: string): Piece {
  return { name: peer, to: { page: 'peers' } }
}

/** Those that are called the same, in the order in which they come first. */
export function alike<T>(all: readonly T[], called: (one: T) => string): T[][] {
  const found = new Map<string, T[]>()
  for (const one of all) {
    const known = found.get(called(one))
    if (known) known.push(one)
    else found.set(called(one), [one])
  }
  return [...found.values()]
}
