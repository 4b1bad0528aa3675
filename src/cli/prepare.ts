/** Configuration and mappings together, as a start needs them: everything that is wrong with either is said at once. */
import { allCrossings } from '../app.ts'
import { type Config, dialectsFolder } from '../config.ts'
import { type Finding, FindingsError } from '../contract/model.ts'
import type { Crossing } from '../mapping/crossings.ts'

export interface Prepared<C> {
  readonly config: C
  readonly crossings: readonly Crossing[]
}

/** Throws FindingsError with the findings of both. */
export async function prepare<C extends Config | undefined>(load: () => C): Promise<Prepared<C>> {
  const findings: Finding[] = []
  const collect = (error: unknown): undefined => {
    if (!(error instanceof FindingsError)) throw error
    findings.push(...error.findings)
  }
  let config: C | undefined
  try {
    config = load()
  } catch (error) {
    collect(error)
  }
  const crossings = await allCrossings(config?.dialects ?? dialectsFolder()).catch(collect)
  if (findings.length > 0 || !crossings) throw new FindingsError(findings)
  return { config: config as C, crossings }
}
