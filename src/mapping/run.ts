/**
 * What one translation carries along: its context, where in the lists it is, and what it did, for the receipt.
 * Limits: a Run serves one message once; it is never shared.
 */
import type { ErrorKind } from '../errors.ts'
import type { Fidelity } from './rules.ts'
import type { Meters } from './shapers/meter.ts'

/** Everything a translation may know besides the message: nothing else is read while it runs. */
export interface Context {
  /** Milliseconds since 1970, UTC. */
  readonly now: number
  /** IANA zone for times without offset, when the peer is configured with one. */
  readonly zone?: string | undefined
  readonly groups: IdTable
  /** Phases that a 1.0 figure in ampere is about. */
  readonly amperePhases: readonly ('ONE' | 'TWO' | 'THREE' | 'UNKNOWN')[]
  /** What a 2.0 figure in ampere for `ALL` phases means: the sum over three, or each of them. */
  readonly ampereAllMeans: 'sum' | 'each'
  /** Whether loads may be taken for balanced when per-phase power becomes one figure (approximate), or not (safe). */
  readonly phaseBalance: 'assumed' | 'strict'
  /** Milliseconds since 1970 after which silence means that we are offline. */
  readonly offlineAt: number
  /** Phase-to-neutral volts at the cable; without it ampere and watt are never converted into each other. */
  readonly voltage?: { readonly low: number; readonly high: number } | undefined
  /** The unit a 1.0 party wants, when it is not the one that came. */
  readonly legacyUnit?: 'A' | 'W' | 'KW' | undefined
  /** Length of the grid a 1.0 party wants, in milliseconds; blocks keep their edges without it. */
  readonly grid?: number | undefined
  /** Whether blocks off the grid may stay where the grid cannot be filled; otherwise they are left out. */
  readonly oddBlocks?: boolean | undefined
  /** What holds where a forecast states nothing, as far as a fallback is stored: never used to state more. */
  readonly fallback?: readonly FallbackBlock[] | undefined
  /** How the 2.0 side takes measurements: the energy of intervals, or readings of a running register. */
  readonly measurements?: 'INTERMITTENT' | 'CONTINUOUS' | undefined
  /** What part of the load a 1.0 figure is about, when it is configured. */
  readonly energyType?: 'FLEXIBLE' | 'NONFLEXIBLE' | 'TOTAL' | undefined
  /** Length of the intervals usage is spread over towards 1.0, in milliseconds. */
  readonly usageGrid?: number | undefined
  /**
   * What earlier messages left in the meters, by what the source calls them: upwards the cable (the item of a split message,
   * which may be several), downwards the asset, or '' for the group's own.
   */
  readonly meters?: Meters | undefined
  /** The 1.0 figures are doubles that we have written ourselves: read as these, however many digits they have. */
  readonly ownFigures?: boolean | undefined
  /** The 1.0 name of the forecast that usage belongs to, looked up by the caller. */
  readonly forecastId?: string | undefined
  /** The name of the one asset that stands for all charge points of a cable. */
  readonly combinedAsset?: string | undefined
}

/** A capacity as 2.0 stated it, over a half-open span of milliseconds since 1970; without a phase it is one figure, as in 1.0. */
export interface FallbackBlock {
  readonly start: number
  readonly end: number
  readonly capacity: number
  readonly unit: string
  readonly phase?: string | undefined
}

/** The identifiers of one link, both ways; undefined for what the link does not cover. */
export interface IdTable {
  toModern(id: string): string | undefined
  toLegacy(id: string): string | undefined
}

/** One line of a receipt: what was done to which field, why, and how often. */
export interface ReceiptEntry {
  readonly verb: 'filled' | 'dropped' | 'kept' | 'restored' | 'converted' | 'held'
  readonly path: string
  readonly reason: string
  readonly fidelity: Fidelity
  readonly count: number
}

/** What a translation did beyond copying exactly; an empty list means nothing else happened. */
export interface Receipt {
  readonly message: string
  readonly direction: 'toModern' | 'toLegacy'
  readonly fidelity: Fidelity
  readonly entries: readonly ReceiptEntry[]
  /** Of how many translations it is the sum; absent: of one. */
  readonly of?: number
}

/** Thrown inside a translation; the path is of the source wire and the sentence holds no value. */
export class Refusal extends Error {
  readonly kind: ErrorKind
  readonly path: string
  override readonly name = 'Refusal'

  constructor(kind: ErrorKind, path: string, sentence: string) {
    super(sentence)
    this.kind = kind
    this.path = path
  }
}

/** Thrown inside a translation when a message is not sent on but given to a flow. */
export class Held extends Error {
  readonly flow: string
  readonly path: string
  override readonly name = 'Held'

  constructor(flow: string, path: string, reason: string) {
    super(reason)
    this.flow = flow
    this.path = path
  }
}

export class Run {
  readonly context: Context
  /** The position in each list that is open, outermost first. */
  readonly indices: number[] = []
  /** How often each receipt line applied, by its number. */
  readonly counts: number[]
  readonly kept: Record<string, unknown>

  /** What the source calls the item that this run is about, where a message is split; else ''. */
  readonly item: string

  constructor(context: Context, lines: number, kept: Readonly<Record<string, unknown>> = {}, item = '') {
    this.context = context
    this.counts = new Array(lines).fill(0)
    // Copied, because a run writes into it and the caller's own must stay as it was.
    this.kept = { ...kept }
    this.item = item
  }

  /** The path with the open lists' positions in place of `[]`. */
  at(path: string): string {
    let depth = 0
    return path.replace(/\[\]/g, (empty) => {
      const index = this.indices[depth++]
      return index === undefined ? empty : `[${index}]`
    })
  }

  refuse(path: string, sentence: string, kind: ErrorKind = 'untranslatable'): never {
    throw new Refusal(kind, this.at(path), sentence)
  }

  /** For those who walk a list themselves: `path` is the list's, with its `[]`. */
  refuseItem(path: string, index: number, field: string, sentence: string, kind: ErrorKind = 'invalid-message'): never {
    this.indices.push(index)
    return this.refuse(`${path}.${field}`, sentence, kind)
  }
}

const order: readonly Fidelity[] = ['exact', 'safe', 'approximate']

export function worst(a: Fidelity, b: Fidelity): Fidelity {
  return order.indexOf(a) >= order.indexOf(b) ? a : b
}
