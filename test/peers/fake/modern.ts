/** A fake capacity or flexibility provider: OSCP 2.0 with the habits and answers of its script. */
import { elmo, py, sdk, sn } from '../families.ts'
import { type Answering, type Habits, type Received, startParty } from '../party.ts'
import { plainAnswer } from './answers.ts'
import { type Block, forecastBlocks, naive, spanBlock, usageTimes } from './blocks.ts'
import type { Acting, Holding, Stage } from './fake.ts'
import { blocksText } from './legacy.ts'
import { type Answer, type Entry, type ModernScript, ScriptError } from './script.ts'

const families = { sn, elmo, py, sdk }

interface ModernBlock {
  readonly capacity: number
  readonly phase: string
  readonly unit: string
  readonly start_time: string
  readonly end_time: string
}

export async function startModern(role: 'cp' | 'fp', script: ModernScript, stage: Stage): Promise<Acting> {
  const { tell, now, choose } = stage
  requireTokens(script)
  const party = await startParty(
    role,
    {
      ...habitsOf(script),
      answers: (request) => {
        const answer = choose(messageOf(request.name))
        return answer && inJson(answer)
      },
    },
    {
      ...script.listen,
      onReceived: ({ name, body, method, status }) =>
        tell({
          direction: 'received',
          message: messageOf(name) + (method === 'POST' ? '' : ` (${method})`),
          about: aboutOf(body),
          answer: status === 0 ? 'no answer' : String(status),
          isFine: true,
        }),
      onSent: (method, path, body, { status, body: words }) =>
        tell({
          direction: 'sent',
          message: messageOf(path) + (method === 'POST' ? '' : ` (${method})`),
          about: aboutOf(body),
          answer: status === 0 ? 'no answer' : [status, ...(status < 300 ? [] : [wordsOf(words)])].join(' '),
          isFine: status >= 200 && status < 300,
        }),
    },
  )
  const { theirs, ours } = script.tokens
  const begins = script.sends.some(({ register }) => register)
  if (!begins && ours !== undefined && theirs !== undefined) party.agree(ours, { token: theirs, url: script.gateway })
  else if (!begins && ours !== undefined) party.takes(ours)
  const time = script.habits.times === 'naive' ? naive : (written: string) => written
  const inModern = ({ startTime, endTime, capacity }: Block): ModernBlock => ({
    ...{ capacity: Number(capacity), phase: 'ALL', unit: 'KW' },
    ...{ start_time: time(startTime), end_time: time(endTime) },
  })
  const bodyOf = (group_id: string, type: string, blocks: readonly Block[]) => ({
    ...{ group_id, type },
    forecasted_blocks: blocks.map(inModern),
  })

  /** The last forecast of a group, by which a complaint is about something. */
  const lastForecast = (group: string) =>
    party.got('update_group_capacity_forecast').findLast(({ body }) => body.group_id === group)

  async function send(entry: Entry): Promise<void> {
    if (entry.register) return void (await party.register(script.gateway, theirs ?? ''))
    if (!party.theirs)
      return tell({
        ...{ direction: 'note', message: `cannot send: nobody has registered yet`, about: '', answer: '' },
        isFine: true,
      })
    if (entry.handshake) return void (await party.handshake())
    if (entry.heartbeat) {
      const until = new Date(now() + 3 * (entry.heartbeat.interval ?? 60_000)).toISOString()
      return void (await party.send('heartbeat', { offline_mode_at: time(until) }))
    }
    if (entry.forecast)
      for (const [group, blocks] of Object.entries(forecastBlocks(entry.forecast, now())))
        await party.send('update_group_capacity_forecast', bodyOf(group, 'CONSUMPTION', blocks))
    for (const [span, type] of [
      [entry.limit, 'CONSUMPTION'],
      [entry.fallback, 'FALLBACK_CONSUMPTION'],
    ] as const)
      if (span) await party.send('update_group_capacity_forecast', bodyOf(span.about, type, [spanBlock(span, now())]))
    if (entry.wish)
      await party.send(
        'adjust_group_capacity_forecast',
        bodyOf(entry.wish.about, 'CONSUMPTION', [spanBlock(entry.wish, now())]),
      )
    if (entry.complaint) {
      const { about, message } = entry.complaint
      const blocks = (lastForecast(about)?.body.forecasted_blocks ?? []) as ModernBlock[]
      const body = { message, forecasted_blocks: blocks }
      await party.send('group_capacity_compliance_error', body, lastForecast(about))
    }
    if (entry.usage) {
      const { startTime, endTime } = usageTimes(entry.usage, now())
      const interval = { initial_measure_time: time(startTime), measure_time: time(endTime) }
      for (const group_id of entry.usage.about)
        await party.send('update_group_measurements', {
          group_id,
          measurements: [{ value: entry.usage.energy, phase: 'ALL', unit: 'KWH', direction: 'IMPORT', ...interval }],
        })
    }
  }

  return {
    url: party.url,
    send: (entry) => send(entry).catch(() => undefined), // told already
    holds: () => holdings(party.got('update_group_capacity_forecast'), now()),
    leave: () => party.stop(),
    comeBack: () => party.restart(),
  }
}

function requireTokens({ sends, tokens }: ModernScript): void {
  const begins = sends.some(({ register }) => register)
  if (begins && tokens.theirs === undefined)
    throw new ScriptError(['tokens.theirs: is needed to register: `oscp-gateway peers token` prints it'])
  if (tokens.ours === undefined && tokens.theirs === undefined)
    throw new ScriptError(['tokens: ours is needed, by which the gateway is known; or theirs, to register with'])
}

/** Of each group the limit of the last forecast it took that says something about now; the lowest where it says two things. */
function holdings(received: readonly Received[], now: number): Holding[] {
  const taken = received.filter(({ status, body }) => status >= 200 && status < 300 && body.type === 'CONSUMPTION')
  const groups = new Set(taken.map(({ body }) => String(body.group_id)))
  return [...groups].map((about) => {
    const limits = taken
      .filter(({ body }) => body.group_id === about)
      .map(({ body }) =>
        (body.forecasted_blocks as ModernBlock[]).filter(
          ({ start_time, end_time }) => Date.parse(start_time) <= now && now < Date.parse(end_time),
        ),
      )
      .findLast((blocks) => blocks.length > 0)
    const [lowest] = [...(limits ?? [])].sort((a, b) => a.capacity - b.capacity)
    return { about, limit: lowest ? `${lowest.capacity} ${lowest.unit}` : 'nothing holds now' }
  })
}

function habitsOf({ habits }: ModernScript): Habits {
  const { family, handshake, acknowledges, tokenPrefix, scheme, correlates, address, interval = 60_000 } = habits
  const demands = { heartbeat_interval: interval / 1000, measurement_configuration: ['CONTINUOUS'] }
  const flat = handshake === 'flat'
  return {
    ...(family ? families[family] : {}),
    ...(flat ? { handshake: demands, acknowledges: () => demands } : {}),
    ...(flat || family || interval === 60_000
      ? {}
      : { handshake: { required_behaviour: demands }, acknowledges: () => ({ required_behaviour: demands }) }),
    ...(acknowledges === false ? { acknowledges: 'never' as const } : {}),
    ...(tokenPrefix === undefined ? {} : { tokenPrefix }),
    ...(scheme === undefined ? {} : { scheme: `${scheme} ` }),
    ...(correlates === undefined ? {} : { correlates }),
    ...(address === undefined ? {} : { announces: address }),
  }
}

function inJson(answer: Answer): Answering {
  const plain = plainAnswer(answer)
  if (answer.accept) return { ...plain, status: answer.status ?? 204 }
  if (answer.reject === undefined) return plain
  return { ...plain, status: answer.status ?? 400, body: JSON.stringify({ message: answer.reject }) }
}

/** `update_group_capacity_forecast` → `UpdateGroupCapacityForecast`. */
function messageOf(name: string): string {
  return name.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function aboutOf(body: unknown): string {
  const { group_id, type, forecasted_blocks: blocks, measurements, message } = (body ?? {}) as Record<string, unknown>
  const count = Array.isArray(blocks) ? blocksText(blocks.length) : undefined
  const meters = Array.isArray(measurements) ? `(${measurements.length} measured)` : undefined
  return [group_id, type, count, meters, message].filter((part) => part !== undefined).join(' ')
}

function wordsOf(body: string): string {
  try {
    return String((JSON.parse(body) as { message?: string }).message ?? '')
  } catch {
    return body.slice(0, 80)
  }
}
