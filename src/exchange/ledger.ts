/**
 * What must be remembered, and when it is due: records kept by key, each with a revision and, if work is left, a due time.
 * Limits: a claim is a lease, not a lock; after it runs out another replica may claim the same record, so work on a
 * record must be safe to do twice, and every write says which revision it was based on.
 */
import type { PeerId } from './ids.ts'

/** Records live with the peer that receives what they describe: in Redis that is one hash slot per peer. */
export interface LedgerKey {
  readonly peer: PeerId
  /** What the record is, then what it is about: `forecast/<link>/<group>/<type>`. Unique per peer. */
  readonly id: string
}

export interface Stored<T> {
  readonly record: T
  /** Grows by one with every write of this key; 0 means that there is no record. */
  readonly revision: number
}

/** When the record wants attention next. Delays are in milliseconds from the moment of the write, by the store's clock. */
export type Due = { readonly in: number } | 'not due' | 'unchanged'

export interface Write<T> {
  readonly record: T
  /** Of a record that nobody ever changes in place, so that it may be given back as the very object; how to write it. */
  readonly lasting?: Lasting | undefined
  readonly due: Due
  /** The record is forgotten this long after its last write, in milliseconds; it must outlive its due time. */
  readonly keepFor: number
  /**
   * Whether `list` names the record. Default: yes. What comes with every message is left out: else all rare work over a
   * peer's records would cost as much as the peer has sent.
   */
  readonly listed?: false
}

/** How a record is written with its large members apart, which need not be written again with everything else that changes. */
export interface Lasting {
  /** Its JSON without the members that are kept apart. */
  text(): string
  /** Those, by their path: `delivery.blocks`. Every one that such a record can have is named, and is undefined where it has none. */
  readonly apart: Readonly<Record<string, Member | undefined>>
  /** The record that is written over, as the ledger gave it or as it was written: of no other may members stay. */
  readonly over?: object | undefined
  /** How much memory the record takes up, in bytes, roughly. */
  readonly size: number
}

export interface Member {
  /** The name it had in the record as of the revision that the write is based on: it is still there, and need not be written. */
  readonly as?: string | undefined
  /** Its JSON, which is asked for only where it must be written. */
  json(): string
}

/** One of several changes to one peer's records: written anew, or forgotten, if the revision still is this one. */
export type Change =
  | { readonly id: string; readonly revision: number; readonly write: Write<unknown> }
  | { readonly id: string; readonly revision: number; readonly remove: true }

export interface AgendaDepth {
  /** Records with a due time, leased ones included. */
  readonly size: number
  /** For how long the earliest of them has been due, in milliseconds; 0 when none is. */
  readonly overdueMs: number
}

/** What a peer's records are, and which of those that are known already have changed. */
export interface Survey {
  readonly agenda: AgendaDepth
  /** As of `list`. */
  readonly ids: readonly string[]
  /** Of the records that were asked for, in that order: what no two writes of a record share; undefined where there is none. */
  readonly marks: readonly (string | number | undefined)[]
}

/**
 * Every method rejects with GatewayError `state-unavailable` when the state cannot be reached in time, and then the write
 * may or may not have happened: writing the same again with the same revision is safe, it fails or changes nothing.
 */
export interface Ledger {
  /** The record as last written; revision 0 and `undefined` when there is none. Never due-related. */
  read<T>(key: LedgerKey): Promise<Stored<T> | undefined>

  /**
   * The lasting record as this process wrote it last, without asking the store; undefined when it does not know. Somebody else
   * may have written since: whatever follows from it must be written with its revision, is refused then, and begun anew by `read`.
   * For what may happen late: a store that hangs does in the end what it was asked, although nobody was answered.
   */
  recall<T>(key: LedgerKey): Stored<T> | undefined

  /** Writes the record if its revision still is `revision` (0: if there is none). False when somebody else wrote first. */
  write<T>(key: LedgerKey, revision: number, write: Write<T>): Promise<boolean>

  /**
   * Makes all these changes, of different records, or none of them. False when somebody else wrote one of the records first.
   * To forget a record that is not there is no conflict.
   */
  writeAll(peer: PeerId, changes: readonly Change[]): Promise<boolean>

  /** Forgets the record, and its due time, if its revision still is `revision`. False when somebody else wrote first. */
  remove(key: LedgerKey, revision: number): Promise<boolean>

  /**
   * The ids of up to `limit` records of this peer that are due now, earliest first; each is moved `leaseMs` into the future,
   * so that nobody else claims it before then. A write with a due time, or `remove`, ends the lease.
   */
  claim(peer: PeerId, limit: number, leaseMs: number): Promise<string[]>

  /** The ids of this peer's listed records that begin with `prefix`, in no particular order: for rare work over all of them. */
  list(peer: PeerId, prefix: string): Promise<string[]>

  /** How much of this peer's is on the agenda. Records that have expired may still be counted until they would be due. */
  agenda(peer: PeerId): Promise<AgendaDepth>

  /**
   * All of this at once: how much is on the peer's agenda, the ids of its listed records, and the marks of the records `known`,
   * listed or not. For whoever looks at everything again and again, and reads only what has changed.
   */
  survey(peer: PeerId, known: readonly string[]): Promise<Survey>

  /** Whether the store can be reached and used now. Never rejects. */
  isReady(): Promise<boolean>

  close(): Promise<void>
}
