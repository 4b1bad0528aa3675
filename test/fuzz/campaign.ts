/**
 * Sends inputs to the gateway until time or number is up, and keeps what was wrong with the answers, once per kind of wrong.
 * Limits: what is found is shown as it was sent, not made smaller; a body is cut at 2,000 characters.
 */
import { type Dice, diceFrom } from './dice.ts'
import type { Guide } from './guide.ts'
import { restSeed, type Seed, soapSeed } from './inputs.ts'
import { judge } from './judge.ts'
import { openTarget, type Target } from './target.ts'
import type { Input } from './wire.ts'

export interface CampaignOptions {
  readonly seed: number
  /** When to stop, in epoch milliseconds, at the latest. */
  readonly until: number
  /** Most inputs of each face. */
  readonly most?: number
  readonly guide?: Guide
}

export interface Campaign {
  readonly envelopes: number
  readonly bodies: number
  /** How many answers there were of each status, by face. */
  readonly statuses: Readonly<Record<string, number>>
  readonly findings: readonly string[]
  /** Inputs that reached something new. */
  readonly kept: number
}

const batch = 24
/** A gateway is replaced after so many batches, so that what it keeps does not slow it down. */
const batchesPerGateway = 400
const mostKept = 3_000

export async function campaign({
  seed,
  until,
  most = Number.POSITIVE_INFINITY,
  guide,
}: CampaignOptions): Promise<Campaign> {
  const dice = diceFrom(seed)
  const counts = { soap: 0, rest: 0 }
  const statuses: Record<string, number> = {}
  const findings = new Map<string, string>()
  const kept: Record<'soap' | 'rest', Seed[]> = { soap: [], rest: [] }
  const outside: string[] = []
  const unforeseen = (error: unknown) => void outside.push(`nobody caught ${String((error as Error)?.stack ?? error)}`)
  process.on('uncaughtException', unforeseen)
  process.on('unhandledRejection', unforeseen)
  const born = Object.getOwnPropertyNames(Object.prototype).length
  let target: Target | undefined
  try {
    for (let round = 0; Date.now() < until && (counts.soap < most || counts.rest < most); round++) {
      if (round % batchesPerGateway === 0) {
        await target?.stop()
        target = await openTarget()
      }
      const face = (round % 2 === 0 && counts.soap < most) || counts.rest >= most ? 'soap' : 'rest'
      const seeds = dice.times(batch, () => seedOf(face, kept[face], target!, dice))
      const wrongs = await Promise.all(seeds.map(({ input }) => judged(target!, input, statuses)))
      counts[face] += batch
      const inside = [...target!.inside(), ...outside.splice(0)]
      if (Object.getOwnPropertyNames(Object.prototype).length !== born) inside.push('somebody changed Object.prototype')
      wrongs.forEach((wrong, i) => {
        if (wrong !== undefined) note(findings, wrong, [seeds[i]!.input])
      })
      for (const wrong of inside)
        note(
          findings,
          wrong,
          seeds.filter((_, i) => wrongs[i] !== undefined).map(({ input }) => input),
        )
      if (guide && (await guide.isNews())) keep(kept[face], seeds, dice)
    }
  } finally {
    await target?.stop()
    process.off('uncaughtException', unforeseen)
    process.off('unhandledRejection', unforeseen)
  }
  return {
    envelopes: counts.soap,
    bodies: counts.rest,
    statuses,
    findings: [...findings.values()],
    kept: kept.soap.length + kept.rest.length,
  }
}

function seedOf(face: 'soap' | 'rest', kept: readonly Seed[], target: Target, dice: Dice): Seed {
  if (kept.length > 0 && dice.often(0.5)) return dice.pick(kept).grow(dice)
  return face === 'soap' ? soapSeed(target, dice) : restSeed(target, dice)
}

async function judged(target: Target, input: Input, statuses: Record<string, number>): Promise<string | undefined> {
  try {
    const answer = await target.send(input)
    const key = `${input.face} ${answer.status}`
    statuses[key] = (statuses[key] ?? 0) + 1
    return judge(input, answer)
  } catch (error) {
    return `no answer: ${(error as Error).message}`
  }
}

function keep(kept: Seed[], seeds: readonly Seed[], dice: Dice): void {
  for (const seed of seeds)
    if (kept.length < mostKept) kept.push(seed)
    else kept[dice.below(mostKept)] = seed
}

function note(findings: Map<string, string>, wrong: string, inputs: readonly Input[]): void {
  const kind = wrong
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}|\d+/g, '#')
    .split('\n', 2)
    .join(' ')
  if (findings.has(kind) || findings.size >= 50) return
  findings.set(kind, [wrong.slice(0, 2000), ...inputs.slice(0, 2).map(shown)].join('\n'))
}

function shown({ face, method, path, headers, body }: Input): string {
  const text = body.toString('utf8')
  const readable = Buffer.from(text).equals(body) ? text : `base64 ${body.toString('base64')}`
  return `  ${face} ${method} ${path} ${JSON.stringify(headers)}\n  ${readable.slice(0, 2000)}`
}
