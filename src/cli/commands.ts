/**
 * All that `oscp-gateway` can be asked for: one subcommand per file of this folder, loaded when it runs; `start` is the default, and
 * as built it comes as one bundle (build.mjs).
 */
import { Argument, Command, CommanderError, Option } from 'commander'
import { revision, version } from '../app/home.ts'
import type { DeadOptions } from './dead.ts'
import type { DraftOptions } from './draft.ts'
import { exitCodes, report } from './exit.ts'
import type { FakeCommandOptions } from './fake.ts'
import type { JournalOptions } from './journal.ts'
import type { PagesOptions } from './pages.ts'
import { probes } from './probes.ts'
import type { TranslateOptions } from './translate.ts'

const program = new Command('oscp-gateway')
  .description('Gateway between OSCP 1.0 (SOAP) and OSCP 2.0 (JSON).')
  .version(revision === 'unknown' ? version : `${version} (${revision})`)
  .exitOverride()
  .configureHelp({ showGlobalOptions: true })

let code: Promise<number> = Promise.resolve(exitCodes.ok)

program
  .command('start', { isDefault: true })
  .description('run the gateway; without a configuration, a sandbox')
  .option('-c, --config <file>', 'configuration file (YAML); else OSCP_GW_CONFIG')
  .action((options: { config?: string }) => {
    // The bundle knows its own errors only.
    code = import('#start').then(({ start, report }) => start(options.config).catch(report))
  })

program
  .command('check')
  .description('check mappings, and a configuration if given, as start-up does; exit 78 with all findings')
  .option('-c, --config <file>', 'configuration file (YAML); else OSCP_GW_CONFIG, if set')
  .action((options: { config?: string }) => {
    code = import('./check.ts').then(({ check }) => check(options.config))
  })

program
  .command('probe')
  .description('ask a running gateway, where listen.admin of its configuration says, how it is; exit 0 only for well')
  .addArgument(new Argument('[probe]', 'which').choices(probes).default('livez'))
  .option('-c, --config <file>', 'configuration file (YAML); else OSCP_GW_CONFIG, if set')
  .action((which: string, options: { config?: string }) => {
    code = import('./probe.ts').then(({ probe }) => probe(which, options.config))
  })

program
  .command('demo')
  .description('carry a 24-hour forecast from a simulated DSO to a simulated CPO and show every step')
  .option('--keep', 'leave everything running afterwards')
  .option('--day', 'instead play a day: four parties and an unruly one, outages and fallbacks; leaves the console open')
  .option('--seconds <n>', 'of a day: how long it takes', '120')
  .option('--exit', 'of a day: end when it is over')
  .action((options: { keep?: boolean; day?: boolean; seconds: string; exit?: boolean }) => {
    code = options.day
      ? import('./day.ts').then(({ day }) => day(options))
      : import('./demo.ts').then(({ demo }) => demo(options.keep ?? false))
  })

const fakes = program
  .command('fake')
  .description('play one party of an integration by a script, so that it can be rehearsed without the other side')

for (const [role, what] of [
  ['dso', 'a grid operator that speaks OSCP 1.0'],
  ['csp', 'a charge point operator that speaks OSCP 1.0'],
  ['cp', 'a grid operator that speaks OSCP 2.0 (capacity provider)'],
  ['fp', 'a charge point operator that speaks OSCP 2.0 (flexibility provider)'],
] as const)
  fakes
    .command(role)
    .description(`play ${what}`)
    .option('-c, --config <script>', 'what it sends when and how it answers (YAML); docs/fake-peers.md')
    .option('--for <time>', 'end by itself after this time, such as 10m')
    .option('--json', 'one JSON text for each message')
    .option('--strict', 'exit 20 if anything it sent was refused or unanswered, or it was told something wrong')
    .action((options: FakeCommandOptions) => {
      code = import('./fake.ts').then(({ fake }) => fake(role, options))
    })

program
  .command('translate')
  .description('translate one message and show its receipt; exit 0 exact, 10 safe or approximate, 20 refused or held')
  .argument('<file>', 'SOAP envelope or JSON message; - for standard input')
  .option('--from <contract>', 'contract of the input, such as oscp-1.0')
  .option('--to <contract>', 'contract of the result, such as oscp-2.0')
  .option('-m, --message <name>', 'which message it is, where its element or members fit several')
  .option('-c, --config <file>', 'configuration (YAML) to take --link from')
  .option('-l, --link <name>', 'the link whose names, zone and settings hold; without it ids stay as they are')
  .option('-s, --settings <file>', 'settings of this one translation (JSON)')
  .option('--now <instant>', 'the time at the gateway, for a reproducible result')
  .addOption(new Option('--soap <version>', 'SOAP version of a result').choices(['1.1', '1.2']))
  .addOption(
    new Option('--receipt <form>', 'how the receipt is shown, on standard error')
      .choices(['table', 'json', 'none'])
      .default('table'),
  )
  .action((file: string, options: TranslateOptions) => {
    code = import('./translate.ts').then(({ translate }) => translate(file, options))
  })

const config = ['-c, --config <file>', 'configuration file (YAML); else OSCP_GW_CONFIG'] as const

const configs = program
  .command('config')
  .description(
    'print the configuration as it would be in force, defaults and environment included; secrets are not shown',
  )
  .option(...config)
  .action((options: { config?: string }) => {
    code = import('./config.ts').then(({ printConfig }) => printConfig(options.config))
  })

configs
  .command('diff <file>')
  .description('print what this file would change, and what of it needs a restart; exit 78 if it cannot be used')
  .option(...config)
  .action((file: string, _options: unknown, command: Command) => {
    const { config } = command.optsWithGlobals<{ config?: string }>()
    code = import('./config.ts').then(({ diffConfig }) => diffConfig(config, file))
  })

const journals = program
  .command('journal')
  .description('list what the parties exchanged lately, the newest first; needs the Redis that the gateway uses')
  .option(...config)
  .option('--peer <id>', 'of this party')
  .option('--exchange <id>', 'this exchange, and attempts to deliver what it brought')
  .option('--request <id>', 'with this X-Request-ID')
  .option('--correlation <id>', 'with this X-Correlation-ID or RelatesTo')
  .option('--message-id <id>', 'with this MessageID')
  .option('--group <id>', 'about this group (or a cable that no link knows)')
  .option(
    '--outcome <outcome>',
    'with this outcome: accepted, rejected, repeated, refused, unavailable, or a kind of error',
  )
  .option('--since <time>', 'not older than this: an instant, or a time back such as 90m')
  .option('--limit <n>', 'at most so many', '50')
  .option('--json', 'one JSON text a line, with receipts')
  .action((options: JournalOptions) => {
    code = import('./journal.ts').then(({ journal }) => journal(options))
  })

journals
  .command('show <exchange>')
  .description('show one exchange with its receipt, and everything that followed from it, the oldest first')
  .option(...config)
  .option('--json', 'one JSON text a line')
  .action((exchange: string, _options: unknown, command: Command) => {
    const { config: file, json } = command.optsWithGlobals<{ config?: string; json?: boolean }>()
    code = import('./journal.ts').then(({ showExchange }) => showExchange(file, exchange, json ?? false))
  })

program
  .command('limits')
  .description(
    'list what is stored of every group: what holds now, until when, and whether it is delivered; needs Redis',
  )
  .option(...config)
  .action((options: { config?: string }) => {
    code = import('./limits.ts').then(({ listLimits }) => listLimits(options.config))
  })

const peers = program
  .command('peers')
  .description('list the OSCP 2.0 parties and how they stand with us; needs the Redis that the gateway uses')
  .option(...config)
  .action((options: { config?: string }) => {
    code = import('./peers.ts').then(({ listPeers }) => listPeers(options.config))
  })

peers
  .command('token <id>')
  .description('issue the token with which a party registers once (TOKEN_A), and show it this one time')
  .option(...config)
  .option('--expires <duration>', 'how long it may wait to be used: 90m, 24h, 7d', '7d')
  .action((id: string, { expires }: { expires: string }, command: Command) => {
    const { config } = command.optsWithGlobals<{ config?: string }>()
    code = import('./peers.ts').then(({ issueToken }) => issueToken(config, id, expires))
  })

peers
  .command('rotate <id>')
  .description('give a registered party a new token of ours')
  .option(...config)
  .action((id: string, _options: unknown, command: Command) => {
    const { config } = command.optsWithGlobals<{ config?: string }>()
    code = import('./peers.ts').then(({ rotateToken }) => rotateToken(config, id))
  })

peers
  .command('forget <id>')
  .description('forget the tokens of a party at once, and unregister from it')
  .option(...config)
  .action((id: string, _options: unknown, command: Command) => {
    const { config } = command.optsWithGlobals<{ config?: string }>()
    code = import('./peers.ts').then(({ forgetPeer }) => forgetPeer(config, id))
  })

const dead = program
  .command('dead')
  .description('messages that were given up, and why; needs the Redis that the gateway uses')
  .option(...config)
  .option('--json', 'one JSON text a line, for scripts')

const deadOptions = (command: Command) => command.optsWithGlobals<DeadOptions>()

dead
  .command('list', { isDefault: true })
  .description('list them, the oldest first')
  .argument('[party]', 'those of one party only')
  .action((party: string | undefined, _options: unknown, command: Command) => {
    code = import('./dead.ts').then(({ listDead }) => listDead(deadOptions(command), party))
  })

for (const [name, description, work] of [
  ['show', 'show one with all that is kept of it, the message itself included', 'showDead'],
  ['retry', 'put one into the queue of its party again, as the last', 'retryDead'],
  ['drop', 'forget one', 'dropDead'],
] as const)
  dead
    .command(`${name} <party> <id>`)
    .description(description)
    .action((party: string, id: string, _options: unknown, command: Command) => {
      code = import('./dead.ts').then((dead) => dead[work](deadOptions(command), party, id))
    })

program
  .command('pages')
  .description('write the mapping pages: what is done with every field of every message, and why')
  .option('-o, --out <folder>', 'where to; docs/mappings of this installation without it')
  .option('--check', 'write nothing; exit 1 and name what is stale')
  .action((options: PagesOptions) => {
    code = import('./pages.ts').then(({ pages }) => pages(options))
  })

program
  .command('draft')
  .description('read an unknown WSDL and write the folder of a dialect, with proposals to confirm')
  .argument('<wsdl...>', 'the WSDL; or one per party, in one folder')
  .option('-o, --out <folder>', 'where to; without it, the id in the current folder')
  .option('--id <id>', 'id of the dialect; without it, after the file')
  .option('--force', 'write over the files of a folder that exists')
  .action((files: string[], options: DraftOptions) => {
    code = import('./draft.ts').then(({ draft }) => draft(files, options))
  })

try {
  program.parse()
  process.exitCode = await code
} catch (error) {
  process.exitCode =
    error instanceof CommanderError ? (error.exitCode === 0 ? exitCodes.ok : exitCodes.usage) : report(error)
}
