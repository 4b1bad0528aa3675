/**
 * What the console reads and does, and nothing of where it comes from.
 * Limits: instants are milliseconds since 1970, UTC. Every method that reads the state rejects while that is away.
 */
import type { CircuitState } from '../../exchange/breaker.ts'
import type { DeadEntry, Return } from '../../exchange/dead-list.ts'
import type { JournalEntry } from '../../exchange/journal.ts'
import type { Alarm } from '../../exchange/observer.ts'
import type { Block } from '../../exchange/schedule.ts'

export interface ConsoleData {
  /** How everything stands; a moment old at most. Never rejects: while the state is away, `isUp` is false. */
  overview(): Promise<Overview>
  /** Undefined when there is no such link, or nothing is known of such a group. */
  group(link: string, group: string): Promise<GroupView | undefined>
  /** One exchange and what followed, the oldest first; empty when the journal does not know it. */
  trail(exchange: string): Promise<Entry[]>
  /** What has this id in whatever place, or is about this group or cable, or is of this party; of all for ''. The newest first. */
  search(text: string): Promise<Entry[]>
  /** Messages that were given up, the newest first. */
  dead(): Promise<DeadMessage[]>
  retry(peer: string, id: string): Promise<Return>
  drop(peer: string, id: string): Promise<boolean>
  /** Writes what an operator did where others look it up. */
  note(action: Action): void
}

export interface Action {
  readonly did: 'retry' | 'drop'
  readonly message: DeadMessage
  /** What came of it, where it was not done. */
  readonly failed?: string | undefined
}

export interface Overview {
  readonly at: number
  readonly isUp: boolean
  /** It could not be read in time: links and parties are as they were at `at`. */
  readonly isStale: boolean
  readonly links: readonly LinkRow[]
  readonly parties: readonly Party[]
  /** Alarms raised by this process lately, the newest first. */
  readonly alarms: readonly RaisedAlarm[]
  readonly certificates: readonly { readonly face: string; readonly peer?: string; readonly expiresAt: number }[]
}

export interface LinkRow {
  readonly link: string
  readonly legacy: string
  readonly modern: string
  readonly optimizer?: string | undefined
  /** Who is to hold its limits, one of the two. */
  readonly receiver: string
  readonly groups: readonly GroupRow[]
  /** Forecasts that its flexibility provider says it cannot meet, the oldest first. */
  readonly problems: readonly Problem[]
  /** Messages of it that were given up. */
  readonly dead: number
}

/** What is stored of the limits of one group. */
export interface GroupRow {
  readonly group: string
  /** What OSCP 1.0 calls it, where that is another name. */
  readonly cable?: string | undefined
  /** Counts the forecasts received, and when the newest came, where that is known. */
  readonly version: number
  readonly at?: number | undefined
  /** The newest that the receiver has answered for, and when it did. */
  readonly settled: number
  readonly settledAt?: number | undefined
  /** Failed attempts to deliver what is owed; undefined when nothing is. */
  readonly attempts?: number | undefined
  readonly owedSince?: number | undefined
  /** What the receiver said of the newest it has answered for, if it refused it. */
  readonly refused?: string | undefined
  /** What the receiver holds now, and when the last of all that it holds ends; absent where it never held anything. */
  readonly now: readonly Block[]
  readonly until?: number | undefined
  /** It is told its limits when it asks, and not sent them. */
  readonly asks?: boolean | undefined
}

/** What a flexibility provider said that it cannot do. */
export interface Problem {
  readonly link: string
  /** The forecast it is about, where that could be found out. */
  readonly group?: string | undefined
  readonly type?: string | undefined
  readonly message: string
  readonly exchange: string
  readonly at: number
  /** When the last of the blocks ends that it named; absent where it named none. */
  readonly until?: number | undefined
}

/** A party of either protocol. */
export interface Party {
  readonly peer: string
  readonly role: 'dso' | 'csp' | 'fp' | 'cp' | 'co'
  readonly standing: Standing
  readonly lastSeen?: number | undefined
  /** OSCP 1.0: whether it is sent heartbeats. */
  readonly heartbeats?: 'on' | 'none' | undefined
  /** OSCP 2.0: its session. */
  readonly session?: Session | undefined
  readonly circuit: CircuitState
  readonly circuitSince?: number | undefined
  /** What its last answer was when it did not take something. */
  readonly lastFailure?: Failure | undefined
  readonly agenda: number
  readonly overdueMs: number
  /** Messages in its queue, and when the first of them came. */
  readonly waiting: number
  readonly waitingSince?: number | undefined
  readonly dead: number
}

export interface Failure {
  readonly at: number
  /** HTTP status of the answer; absent when none came. */
  readonly status?: number | undefined
  readonly sentence?: string | undefined
}

/** `unknown`: it never gave a sign, or its registration has not begun. */
export type Standing = 'here' | 'away' | 'coming' | 'unknown'

export interface Session {
  readonly state: string
  readonly since: number | undefined
  readonly registration: string
  readonly url: string | undefined
  readonly version: string | undefined
  readonly offlineAt: number | undefined
  readonly tokenWaitsUntil: number | undefined
  readonly unregistered: boolean
  readonly owed: readonly string[]
  readonly suspect: boolean
  readonly lastError: string | undefined
}

export interface RaisedAlarm {
  readonly at: number
  readonly alarm: Alarm
  readonly peer?: string | undefined
  readonly link?: string | undefined
  readonly group?: string | undefined
  readonly error?: string | undefined
}

/** A dead message with the party it was for. */
export interface DeadMessage extends Omit<DeadEntry, 'event'> {
  readonly peer: string
  readonly canRetry: boolean
}

/** An entry of the journal with the page that says how such a message is translated. */
export interface Entry extends JournalEntry {
  readonly page?: string | undefined
}

/** Everything about one group, for its plot and its table. */
export interface GroupView {
  readonly at: number
  readonly link: LinkRow
  readonly row: GroupRow
  /** Of an operator: whether the ordinary limits hold, or what was left for being offline. */
  readonly mode?: 'regular' | 'fallback' | undefined
  /** What was received and holds; `isTranslated`: as it was translated for the receiver, after the safe rules, and not as it came. */
  readonly received: readonly Block[]
  readonly isTranslated: boolean
  readonly delivered: readonly Block[]
  readonly fallback: readonly Block[]
  readonly optimum: readonly Block[]
  readonly usage: readonly UsedInterval[]
  /** What was said that cannot be done about this group, the oldest first. */
  readonly problems: readonly Problem[]
  /** Forecasts as they were received by this process, the oldest first. */
  readonly versions: readonly Version[]
}

export interface UsedInterval {
  readonly start: number
  readonly end: number
  /** Mean power in kW. */
  readonly power: number
}

export interface Version {
  readonly version: number
  readonly at: number
  readonly blocks: readonly Block[]
}
