/** Prints a drafted dialect as the two YAML files of its folder, for a person to read from top to bottom. */
import { basename } from 'node:path'
import type { Service } from '../../contract/model.ts'
import type { Draft } from './compose.ts'
import type { DraftRule } from './rules.ts'
import { nameLikeness } from './similar.ts'

export function printContract(id: string, title: string, { hosts }: Draft, services: readonly Service[]): string {
  const lines = [
    '# What this dialect is, and the service that each party hosts.',
    `id: ${id}`,
    `title: ${scalar(title)}`,
    'wsdl:',
  ]
  for (const host of ['csp', 'dso'] as const) {
    const service = hosts[host]
    const who = host === 'csp' ? 'the charge spot operator' : 'the grid operator'
    if (!service) lines.push(`  # ${host}: nothing here seems to be hosted by ${who}`)
    else {
      const several = services.filter(({ file }) => file === service.file).length > 1
      lines.push(
        `  ${host}: ${scalar(basename(service.file) + (several ? `#${service.name}` : ''))} # hosted by ${who}`,
      )
    }
  }
  const headers = new Map(
    services.flatMap((s) => s.operations.flatMap((o) => o.headers.map((h) => [h.name, h] as const))),
  )
  if (headers.size > 0) lines.push('headers: # identity for the one that names the operator; else why it is ignored')
  for (const [name, { type }] of headers)
    if (type.kind === 'scalar' && nameLikeness(name, 'cspIdentity') >= 0.5)
      lines.push(`  ${scalar(name)}: identity`, '  confirm: true')
    else lines.push(`  ${scalar(name)}: 'TODO: identity, or why it is ignored'`)
  return `${lines.join('\n')}\n`
}

const head = `# Drafted from the WSDL: nothing here is used before you have confirmed it.
# - \`confirm: true\` marks a guess. If it is right, take the mark out; if not, change the rule.
# - TODO marks what nobody could guess. Say it in a sentence, or replace the rule (same, via, each, spread, split, shape, fill,
#   drop, keep, hold, refuse; for one direction inside toModern or toLegacy).
# \`oscp-gateway check\` says what is left, and whether every field is accounted for. docs/dialects.md explains the vocabulary.
`

export function printMapping(id: string, contract: string, modern: string, draft: Draft): string {
  const lines = [head, `id: ${id}`, `legacy: ${contract}`, `modern: ${modern}`, '']
  if (draft.tables.all.size > 0) lines.push('tables:')
  for (const [name, { pairs, refusedLegacy, refusedModern }] of draft.tables.all) {
    lines.push(`  ${scalar(name)}:`, `    pairs: ${flow(pairs)}`)
    if (Object.keys(refusedLegacy).length > 0)
      lines.push(
        `    refusedLegacy: ${flow(refusedLegacy)} # or move it to read: { VALUE: ${Object.values(pairs)[0] ?? 'X'} }`,
      )
    if (Object.keys(refusedModern).length > 0) lines.push(`    refusedModern: ${flow(refusedModern)}`)
    lines.push('    confirm: true')
  }
  lines.push('', Object.keys(draft.unsupported).length > 0 ? 'unsupported:' : 'unsupported: {}')
  for (const [name, reason] of Object.entries(draft.unsupported)) lines.push(`  ${scalar(name)}: ${scalar(reason)}`)
  lines.push('', draft.messages.length > 0 ? 'messages:' : 'messages: []')
  for (const { name, module, operation, score, rules, answer } of draft.messages) {
    lines.push(
      `  - name: ${name}`,
      `    confirm: true # ${operation} seems to be ${module.legacy}; ${Math.round(score * 100)} % alike`,
    )
    lines.push(`    legacy: ${scalar(operation)}`)
    if (module.of !== 'request') lines.push(`    of: ${module.of}`)
    lines.push(`    modern: ${module.modern}`, `    why: ${scalar(module.why)}`)
    if (module.answered !== 'peer') lines.push(`    answered: ${module.answered}`)
    if (module.answerAs !== 'none' && module.answerAs !== 'Answer') lines.push(`    answerAs: ${module.answerAs}`)
    lines.push(rules.length > 0 ? '    rules:' : '    rules: []', ...rules.flatMap((rule) => printRule(rule, 6)))
    if (answer)
      lines.push(answer.length > 0 ? '    answer:' : '    answer: []', ...answer.flatMap((rule) => printRule(rule, 6)))
    lines.push('')
  }
  return `${lines.join('\n').trimEnd()}\n`
}

function printRule({ verb, body, direction, confirm, note, rules }: DraftRule, depth: number): string[] {
  const at = ' '.repeat(depth)
  const remark = note === undefined ? '' : ` # ${note.replace(/\s+/g, ' ')}`
  if (rules) {
    const open = [
      `${at}- ${verb}:${remark}`,
      ...Object.entries(body).map(([key, value]) => `${at}    ${key}: ${flow(value)}`),
    ]
    const inner = [`${at}    rules:`, ...rules.flatMap((rule) => printRule(rule, depth + 6))]
    return [...open, ...inner, ...(confirm ? [`${at}  confirm: true`] : [])]
  }
  const said = `${verb}: ${flow(body)}`
  const line = direction ? `${at}- ${direction}: { ${said} }${remark}` : `${at}- ${said}${remark}`
  return confirm ? [line, `${at}  confirm: true`] : [line]
}

function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? scalar(value) : String(value)
  const entries = Object.entries(value).map(([key, inner]) => `${scalar(key)}: ${flow(inner)}`)
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
}

/** Plain where YAML cannot take it for anything else. */
function scalar(text: string): string {
  const isPlain = /^[A-Za-z][A-Za-z0-9 _./-]*$/.test(text) && !/^(?:true|false|null|yes|no|on|off)$/i.test(text)
  return isPlain && text === text.trim() ? text : `'${text.replaceAll("'", "''")}'`
}
