/**
 * `oscp-gateway draft`: reads a WSDL that nobody here has seen, and writes the folder of a dialect with proposals to confirm.
 * Limits: what the gateway could not honour in the WSDL is said by name and nothing is written; a folder is never overwritten.
 */
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { shippedCrossings } from '../app.ts'
import { FindingsError, type Service } from '../contract/model.ts'
import { readWsdl } from '../contract/wsdl.ts'
import { type Draft, draftDialect, kebab } from '../mapping/draft/compose.ts'
import { printContract, printMapping } from '../mapping/draft/print.ts'
import { exitCodes } from './exit.ts'

export interface DraftOptions {
  readonly out?: string
  readonly id?: string
  readonly force?: boolean
}

const baseId = 'oscp-1.0--oscp-2.0'

export async function draft(files: readonly string[], options: DraftOptions): Promise<number> {
  const services = read(files)
  const id = options.id ?? kebab(basename(files[0]!).replace(/\.[^.]*$/, ''))
  const out = options.out ?? id
  if (existsSync(out) && !options.force) {
    console.error(`${out} exists; nothing was written. Choose another --out, or --force to write over its files.`)
    return exitCodes.unavailable
  }
  const base = (await shippedCrossings()).find((crossing) => crossing.id === baseId)!
  const drafted = draftDialect(services, base)
  mkdirSync(out, { recursive: true })
  for (const [from, name] of copies(services)) {
    mkdirSync(dirname(join(out, name)), { recursive: true })
    if (resolve(out, name) !== from) copyFileSync(from, join(out, name))
  }
  const mapping = printMapping(`${id}--${base.modern.id}`, id, base.modern.id, drafted)
  writeFileSync(
    join(out, 'contract.yaml'),
    printContract(id, services.map(({ name }) => name).join(' and '), drafted, services),
  )
  writeFileSync(join(out, 'mapping.yaml'), mapping)
  console.log(report(out, id, drafted, mapping, [...copies(services).values()]))
  return exitCodes.ok
}

/** All services of all files. Throws FindingsError with everything that could not be honoured. */
function read(files: readonly string[]): Service[] {
  const findings: FindingsError['findings'][number][] = []
  const services = files.flatMap((file) => {
    if (!existsSync(file)) findings.push({ file, rule: 'file', sentence: 'cannot be read' })
    else if (dirname(resolve(file)) !== dirname(resolve(files[0]!)))
      findings.push({ file, rule: 'file', sentence: `is not in the folder of ${files[0]}; a dialect is one folder` })
    else
      try {
        return readWsdl(file, 'csp', file)
      } catch (error) {
        if (!(error instanceof FindingsError)) throw error
        findings.push(...error.findings)
      }
    return []
  })
  if (findings.length > 0) throw new FindingsError(findings)
  return services
}

/** Every file the services were read from, and its name in the folder: as they lie beside each other. */
function copies(services: readonly Service[]): Map<string, string> {
  const root = dirname(services[0]!.file)
  return new Map(services.flatMap(({ files }) => files.map((file) => [file, relative(root, file)] as const)))
}

function report(
  out: string,
  id: string,
  { messages, hosts }: Draft,
  mapping: string,
  copied: readonly string[],
): string {
  const count = (pattern: RegExp) =>
    mapping.split('\n').filter((line) => !line.startsWith('#') && pattern.test(line)).length
  const role = hosts.csp ? 'dso' : 'csp'
  return [
    `${out}: ${[...copied, 'contract.yaml', 'mapping.yaml'].join(', ')}`,
    ...messages.map(({ operation, module }) => `  ${operation} is taken for ${module.legacy} (${module.modern})`),
    `${count(/\bconfirm: true/)} proposals to confirm, ${count(/\bTODO\b/)} places that say TODO.`,
    '',
    'Next:',
    `1. Read ${join(out, 'mapping.yaml')} from top to bottom. Where a proposal is right take "confirm: true" out, where not change it.`,
    '2. Replace every TODO with a rule, a value or a sentence that says why.',
    `3. OSCP_GW_DIALECTS=${dirname(resolve(out))} oscp-gateway check    # names what is left, by line`,
    `4. In the configuration: peers: { <name>: { role: ${role}, contract: ${id} } }`,
  ].join('\n')
}
