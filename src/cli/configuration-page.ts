/** docs/configuration.md: every setting and every variable, written from the schema, so that the page cannot say what the gateway does not do. */

import { describeSettings, type SettingDescription } from '../config/describe.ts'
import { environment } from '../config.ts'

const head = `<!-- Written by \`npm run pages\` from src/config; edit that. -->
# Every setting

One YAML file, named by \`OSCP_GW_CONFIG\` or \`-c\`. Unknown names are refused, and \`oscp-gateway check -c FILE\` says everything that is wrong at once.
\`…\` stands for a name of your choice, \`[]\` for each item of a list. Names are taken as they are written (\`007\` is a cable); a value that looks like a
number needs quotes where text is meant. A group need not be there unless it says *required*, and what is required in it counts only if it is.

- **duration**: \`500ms\`, \`5s\`, \`2m\`, \`1h\`; **time**: \`90m\`, \`24h\`, \`7d\`; **host:port**: an IPv6 address stands in brackets.
- **secret**: never logged, shown or told to a partner. Where there is a setting of the same name with \`File\` behind it, that names a file which
  holds it: the way for a container. One of both is given.`

/** The whole page. */
export function writeConfigurationPage(): string {
  const all = describeSettings()
  const at = (start: string, role?: string) =>
    all.filter(({ path, roles }) => path.startsWith(start) && (role === undefined || roles.includes(role)))
  const gateway = all.filter(({ path }) => !/^(?:peers|links)\b/.test(path))
  return `${[
    head,
    section('The gateway', gateway, ''),
    section('A party of OSCP 1.0: `dso`, `csp`', at('peers.…', 'dso'), 'peers.….'),
    section('A party of OSCP 2.0: `fp`, `cp`, `co`', at('peers.…', 'fp'), 'peers.….'),
    section('A link', at('links.…'), 'links.….'),
    variables(),
  ].join('\n\n')}\n`
}

function section(title: string, settings: readonly SettingDescription[], shared: string): string {
  const intro = shared === '' ? [] : [`All of them under \`${shared.slice(0, -1)}\`.`, '']
  const rows = settings.map(({ path, type, fallback, isRequired, isSecret, sentence }) => {
    const kind = isSecret ? `${type}, **secret**` : type
    const given = isRequired ? '*required*' : fallback === undefined ? '' : `\`${fallback}\``
    return row([`\`${path.slice(shared.length)}\``, kind, given, sentence])
  })
  return [
    `## ${title}`,
    '',
    ...intro,
    row(['Setting', 'Type', 'Default', 'Meaning']),
    '|---|---|---|---|',
    ...rows,
  ].join('\n')
}

function variables(): string {
  const rows = Object.entries(environment).map(([name, { path, doc }]) =>
    row([`\`${name}\``, path.length > 0 ? `\`${path.join('.')}\`` : '', doc]),
  )
  return [
    '## The environment',
    '',
    'Variables beat the file. Each also exists with `_FILE` appended, naming a file that holds the value. An unknown `OSCP_GW_*` name stops the start; in',
    'Kubernetes a Service named `oscp-gw` makes such names, so set `enableServiceLinks: false` in the pod.',
    '',
    row(['Variable', 'Setting', 'Meaning']),
    '|---|---|---|',
    ...rows,
  ].join('\n')
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}
