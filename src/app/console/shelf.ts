/**
 * What the console keeps of one party between two looks: of each of its records what a row shows of it. A look asks once what has
 * changed, and reads only that.
 * Limits: of a party no more than 5,000 groups and 1,000 dead messages are looked at. One look at a time.
 */
import type { Event } from '../../exchange/events.ts'
import type { GroupLimits } from '../../exchange/flows/group-limits.ts'
import type { ComplianceError } from '../../exchange/flows/unmet-forecasts.ts'
import { typeOf } from '../../exchange/forecast-key.ts'
import type { ForecastRecord } from '../../exchange/forecast-record.ts'
import type { PeerId } from '../../exchange/ids.ts'
import type { AgendaDepth, Ledger } from '../../exchange/ledger.ts'
import { signId } from '../../exchange/liveness.ts'
import { type Dead, eventId, type Queue, queueKey } from '../../exchange/queue-record.ts'
import { type Breath, eachOf } from '../../ops/console/breath.ts'
import { sessionId } from '../../session/record.ts'
import { digestOfAsked, digestOfLimit, problemOf } from './digests.ts'

/** Marks of what is to be read anew whatever it was. */
const unread = Symbol('unread')

interface Kept {
  readonly mark: string | number | undefined | typeof unread
  readonly digest: unknown
}

const mostGroups = 5000
const mostDead = 1000
const readAtOnce = 8

export class Shelf {
  /** How much of the party is on the agenda, as of the last look. */
  agenda: AgendaDepth = { size: 0, overdueMs: 0 }
  /** Another one whenever anything else on it has changed. */
  version = 0
  private readonly peer: PeerId
  private readonly queueId: string
  private readonly kept: Map<string, Kept>

  constructor(peer: PeerId) {
    this.peer = peer
    this.queueId = queueKey(peer).id
    // These are not among the listed ones, or nobody would miss them there.
    const always = [signId, sessionId, this.queueId]
    this.kept = new Map(always.map((id) => [id, { mark: undefined, digest: undefined }]))
  }

  /** Rejects while the state is away; then what is kept may be of several moments. */
  async look(ledger: Ledger, now: number, breath: Breath): Promise<void> {
    const known = [...this.kept.keys()]
    const survey = await again(() => ledger.survey(this.peer, known))
    this.agenda = survey.agenda
    const stale = new Map<string, Kept['mark']>()
    for (const [i, mark] of survey.marks.entries())
      if (mark !== this.kept.get(known[i]!)?.mark) stale.set(known[i]!, mark)
    const others = this.unknown(survey.ids)
    if (others.length > 0) {
      const { marks } = await again(() => ledger.survey(this.peer, others))
      others.forEach((id, i) => void stale.set(id, marks[i]))
    }
    if (stale.size > 0) {
      this.version++
      await eachOf(stale, readAtOnce, async ([id, mark]) => {
        await this.read(ledger, id, mark, now)
        await breath()
      })
    }
    await this.readFirst(ledger, now)
  }

  /** What is kept of a record. */
  one<T>(id: string): T | undefined {
    return this.kept.get(id)?.digest as T | undefined
  }

  /** What is kept of all records whose ids begin so. */
  all<T>(prefix: string): T[] {
    const found: T[] = []
    for (const [id, { digest }] of this.kept) if (digest !== undefined && id.startsWith(prefix)) found.push(digest as T)
    return found
  }

  get queue(): Queue | undefined {
    return this.one<Queue>(this.queueId)
  }

  private async read(ledger: Ledger, id: string, mark: Kept['mark'], now: number): Promise<void> {
    const isGone = mark === undefined
    const stored = isGone ? undefined : await again(() => ledger.read<unknown>({ peer: this.peer, id }))
    const isListed = id.includes('/')
    if (stored) this.kept.set(id, { mark, digest: digestOf(id, stored.record, now) })
    else if (isListed) this.kept.delete(id)
    else this.kept.set(id, { mark: undefined, digest: undefined })
  }

  /** The message that its queue begins with: it says since when it waits. */
  private async readFirst(ledger: Ledger, now: number): Promise<void> {
    const { first = 0, next = 0 } = this.queue ?? {}
    const wanted = next > first ? eventId(first) : undefined
    for (const id of this.kept.keys()) if (id.startsWith('event/') && id !== wanted) this.kept.delete(id)
    if (wanted !== undefined && !this.kept.has(wanted)) await this.read(ledger, wanted, unread, now)
  }

  /** Those of the party's records that rows are made of, and that are not kept yet. */
  private unknown(ids: readonly string[]): string[] {
    const { peer, kept } = this
    const found: string[] = []
    let [groups, dead] = [0, 0]
    let listed: Set<string> | undefined
    // What is said of a group that it was sent limits of stands in those.
    const isSent = (id: string) => {
      listed ??= new Set(ids)
      return listed.has(id.replace(/^limits\/([^/]*)/, 'forecast/$1/CONSUMPTION'))
    }
    for (const id of ids) {
      const isGroup = (id.startsWith('forecast/') && typeOf({ peer, id }) === 'CONSUMPTION') || id.startsWith('limits/')
      const isDead = id.startsWith('dead/')
      if (!isGroup && !isDead && !id.startsWith('compliance/')) continue
      if (isGroup && ++groups > mostGroups) continue
      if (isDead && ++dead > mostDead) continue
      if (!kept.has(id) && !(id.startsWith('limits/') && isSent(id))) found.push(id)
    }
    return found
  }
}

function digestOf(id: string, record: unknown, now: number): unknown {
  if (id.startsWith('forecast/')) return digestOfLimit(record as ForecastRecord, now)
  if (id.startsWith('limits/')) return digestOfAsked(record as GroupLimits, now)
  if (id.startsWith('compliance/')) return (record as readonly ComplianceError[]).map(problemOf)
  if (id.startsWith('dead/')) return { link: (record as Dead).link }
  return id.startsWith('event/') ? { at: (record as Event).at } : record
}

/** A busy moment is no outage: whoever reads hundreds of things asks a second time before giving all of it up. */
function again<T>(ask: () => Promise<T>): Promise<T> {
  return ask().catch(ask)
}
