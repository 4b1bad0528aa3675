/** A fake DSO or CSP: calls the gateway over SOAP as its script says, and hosts its own service where the script has it listen. */
import { type CspAnswer, connectCsp } from '../csp.ts'
import { startCspService } from '../csp-service.ts'
import { connectDso } from '../dso.ts'
import { startDsoService } from '../dso-service.ts'
import type { Answering, Called, SoapService } from '../soap-service.ts'
import { plainAnswer } from './answers.ts'
import { type Block, forecastBlocks, naive, spanBlock, usageTimes } from './blocks.ts'
import type { Acting, Holding, Stage } from './fake.ts'
import type { Answer, Entry, LegacyScript } from './script.ts'

export async function startLegacy(role: 'dso' | 'csp', script: LegacyScript, stage: Stage): Promise<Acting> {
  const { tell, now } = stage
  const host = script.listen ? await startHost(role, script, stage) : undefined
  const told = async (message: string, about: string, call: () => Promise<CspAnswer | { status?: string }>) => {
    try {
      const { status, info, rejectedCableId } = (await call()) as CspAnswer
      const more = [rejectedCableId, info].flat().filter((part) => part !== undefined && part !== '')
      const answer = [status ?? 'answered', ...more].join(', ')
      tell({ direction: 'sent', message, about, answer, isFine: status !== 'Rejected' })
    } catch (error) {
      tell({ direction: 'sent', message, about, answer: reasonOf(error), isFine: false })
    }
  }
  const wsdlUrl = `${script.gateway}?wsdl`
  // The gateway may come after the fake: whoever has not read the WSDL yet reads it before each call.
  const dso = onceFor((identity) =>
    connectDso({ wsdlUrl, endpoint: script.gateway, soapVersion: script.soapVersion, ...identity }),
  )
  const csp = onceFor((identity) => connectCsp({ wsdlUrl, ...identity }))
  const written = <T extends { startTime: string; endTime: string }>(block: T): T =>
    script.times === 'utc' ? block : { ...block, startTime: naive(block.startTime), endTime: naive(block.endTime) }
  let version = 0

  async function send(entry: Entry): Promise<void> {
    const identity = entry.identity ?? script.identity
    if (entry.heartbeat)
      return told('Heartbeat', '', async () => {
        await (await (role === 'dso' ? dso : csp)(identity)).heartbeat()
        return {}
      })
    if (entry.forecast) return tellForecast(forecastBlocks(entry.forecast, now()), identity)
    if (entry.limit) return tellForecast({ [entry.limit.about]: [spanBlock(entry.limit, now())] }, identity)
    if (entry.wish) {
      const { about } = entry.wish
      const block = written(spanBlock(entry.wish, now()))
      return told('RequestAdjustedCapacity', `${about}, ${block.capacity} kW`, async () =>
        (await csp(identity)).ask(about, block),
      )
    }
    if (entry.usage) {
      const { about, energy } = entry.usage
      const block = [{ ...written(usageTimes(entry.usage, now())), energy }]
      return told('UpdateAggregatedUsage', `${about.join(', ')}, ${energy} kWh each`, async () =>
        (await csp(identity)).report(...about.map((cableId) => ({ cableId, block }))),
      )
    }
    if (entry.ask) {
      const { about } = entry.ask
      return told('GetCapacityForecast', about.join(', '), async () =>
        (await csp(identity)).call('GetCapacityForecast', { cableId: about }),
      )
    }
  }

  function tellForecast(cables: Record<string, readonly Block[]>, identity: string | undefined): Promise<void> {
    const forecastId = `v${++version}`
    const forecasts = Object.entries(cables).map(([cableId, blocks]) => ({
      ...{ cableId, forecastId, capacityUnit: 'kW' as const },
      blocks: blocks.map(written),
    }))
    const about = forecasts.map(({ cableId, blocks }) => `${cableId} ${blocksText(blocks.length)}`).join(', ')
    return told('UpdateCableCapacityForecast', `${forecastId}: ${about}`, async () =>
      (await dso(identity)).sendForecast(forecasts),
    )
  }

  return {
    url: host?.url,
    send,
    holds: () => host?.holds() ?? [],
    leave: async () => void (await host?.stop()),
    comeBack: async () => void (await host?.restart()),
  }
}

async function startHost(role: 'dso' | 'csp', script: LegacyScript, { tell, now, choose }: Stage) {
  const options = {
    ...script.listen,
    onReceived: (call: Called) => {
      const { operation = 'something', status, wrong } = call
      const answer = wrong ?? (status === undefined ? 'no answer' : call.taken ? `${status}` : `${status}, refused`)
      tell({ direction: 'received', message: operation, about: aboutOf(call), answer, isFine: wrong === undefined })
    },
  }
  const scripted = (service: SoapService) => {
    service.behave('*', (call) => {
      const answer = choose(call.operation ?? '')
      return answer && inSoap(answer, call)
    })
  }
  if (role === 'csp') {
    const service = await startCspService(options)
    scripted(service)
    const cables = () =>
      new Set(
        service.calls('UpdateCableCapacityForecast').flatMap((call) => service.forecastsOf(call).map((f) => f.cableId)),
      )
    const holds = (): Holding[] =>
      [...cables()].map((about) => ({ about, limit: service.limitAt(about, now()) ?? 'nothing holds now' }))
    return { ...service, holds }
  }
  const service = await startDsoService(options)
  scripted(service)
  const holds = (): Holding[] => {
    const wishes = service.calls('RequestAdjustedCapacity').filter(({ taken }) => taken)
    return [
      ...new Map(wishes.map((call) => [aboutOf(call).split(' ')[0]!, call.value.requestedCapacity])).entries(),
    ].map(([about, wish]) => ({ about, limit: `wished: ${wish?.block?.[0]?.capacity} ${wish?.capacityUnit}` }))
  }
  return { ...service, holds }
}

function inSoap(answer: Answer, { value }: Called): Answering {
  const plain = plainAnswer(answer)
  // A wish is granted as it was made.
  const { requestedCapacity: wish } = value
  if (answer.accept)
    return { ...plain, value: { status: 'Accepted', ...(wish ? { cableCapacityForecast: wish } : {}) } }
  if (answer.reject === undefined) return plain
  return { ...plain, value: { status: 'Rejected', info: answer.reject } }
}

function aboutOf({ value }: Called): string {
  const forecasts = value.cableCapacityForecast ?? value.aggregatedUsage ?? []
  const all = value.requestedCapacity ? [value.requestedCapacity] : forecasts
  return all.map(({ cableId, block }) => `${cableId} ${blocksText(block?.length ?? 0)}`).join(', ')
}

export function blocksText(count: number): string {
  return `(${count} block${count === 1 ? '' : 's'})`
}

function reasonOf(error: unknown): string {
  const { message, code } = error as Error & { code?: string }
  return message || code || 'no answer'
}

/** Makes one for each identity, once it can be made. */
function onceFor<T>(make: (identity: { cspIdentity?: string }) => Promise<T>) {
  const made = new Map<string | undefined, Promise<T>>()
  return (cspIdentity: string | undefined): Promise<T> => {
    const known = made.get(cspIdentity)
    if (known) return known
    const making = make(cspIdentity === undefined ? {} : { cspIdentity })
    made.set(cspIdentity, making)
    making.catch(() => made.delete(cspIdentity))
    return making
  }
}
