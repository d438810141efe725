import { Cli, type CommandClass } from 'clipanion'
import { loadConfig } from '../config/load.ts'
import { nearest } from '../config/nearest.ts'
import { MyMonitorError } from '../errors.ts'
import { OWN_FAILURE } from '../run/status.ts'
import { packageVersion } from '../run/version.ts'
import { normalizeArguments, splitArgv } from './argv.ts'
import { AttachCommand } from './commands/attach.ts'
import type { BaseCommand } from './commands/base.ts'
import { ClassifyCommand } from './commands/classify.ts'
import { ConfigCommand } from './commands/config.ts'
import { ConvertCommand } from './commands/convert.ts'
import { DoctorCommand } from './commands/doctor.ts'
import { ExplainCommand } from './commands/explain.ts'
import { InitCommand } from './commands/init.ts'
import { RecoverCommand } from './commands/recover.ts'
import { ReportCommand } from './commands/report.ts'
import { SampleCommand } from './commands/sample.ts'
import { SummaryCommand } from './commands/summary.ts'
import { VerifyCommand } from './commands/verify.ts'
import type { CliContext } from './context.ts'
import { overview, verbHelp } from './ui/help.ts'
import { COLOR_CHOICES, type ColorChoice } from './ui/paint.ts'
import { complain, terminalUi, type Ui } from './ui/ui.ts'
import { parseChoice } from './values.ts'

interface VerbEntry {
  command: CommandClass<CliContext>
  positionals: number
}
/** One line a verb: its class and how many positionals it takes. */
const VERBS = {
  sample: { command: SampleCommand, positionals: 0 },
  attach: { command: AttachCommand, positionals: 1 },
  report: { command: ReportCommand, positionals: 1 },
  summary: { command: SummaryCommand, positionals: 1 },
  classify: { command: ClassifyCommand, positionals: 1 },
  explain: { command: ExplainCommand, positionals: 0 },
  recover: { command: RecoverCommand, positionals: 1 },
  doctor: { command: DoctorCommand, positionals: 0 },
  verify: { command: VerifyCommand, positionals: 0 },
  convert: { command: ConvertCommand, positionals: 2 },
  config: { command: ConfigCommand, positionals: 1 },
  init: { command: InitCommand, positionals: 0 },
} as const satisfies Record<string, VerbEntry>
type Verb = keyof typeof VERBS
const TAKES_COMMAND: ReadonlySet<Verb> = new Set(['sample', 'explain'])
/** What --help and the tests of the options look at. */
export const COMMANDS: CommandClass<CliContext>[] = Object.values(VERBS).map(({ command }) => command)

const USAGE_FAILURE = 2
const HELP_FLAGS: ReadonlySet<string> = new Set(['-h', '--help'])
const PRINTING_FLAGS: ReadonlySet<string> = new Set([...HELP_FLAGS, '--version'])

/** What the process gives the command line. */
export interface CliEnvironment {
  /** Absolute. */
  cwd: string
  env: NodeJS.ProcessEnv
  /** Take the signals of this process while builds run. */
  handleSignals: boolean
  /** Default 0. */
  inputFd?: number
  /** Default: descriptors 1 and 2 of this process. */
  ui?: Ui
}

/** The whole command line: arguments in, exit status out. Never throws; every failure is said on stderr. */
export async function runCli(argv: readonly string[], environment: CliEnvironment): Promise<number> {
  const { own, command } = splitArgv(argv)
  const ui = environment.ui ?? terminalUi(colorChoice(own), environment.env)
  const named = own[0]?.startsWith('-') ? undefined : own[0]
  if (named !== undefined && !isVerb(named)) {
    complain(ui, unknownVerb(named))
    return USAGE_FAILURE
  }
  const verb = named ?? 'sample'
  try {
    const status = await runVerb(verb, named === undefined, named === undefined ? own : own.slice(1), { ...environment, ui, command })
    const failure = ui.out.failure?.()
    if (failure === undefined) return status
    complain(ui, `cannot write to stdout: ${failure}`)
    if (verb !== 'sample') return USAGE_FAILURE
    // The status of a build stands; help and the version are no build.
    return own.some((argument) => PRINTING_FLAGS.has(argument)) ? OWN_FAILURE : status
  } catch (error) {
    complain(ui, error instanceof MyMonitorError ? error.message : `this is a defect of mymonitor, please report it: ${stackOf(error)}`)
    return statusOf(error, verb)
  }
}

interface VerbContext extends CliEnvironment {
  ui: Ui
  command: string[] | undefined
}

async function runVerb(verb: Verb, byDefault: boolean, args: readonly string[], context: VerbContext): Promise<number> {
  const { ui, command } = context
  const cli = Cli.from<CliContext>(COMMANDS, { binaryName: 'mymonitor' })
  if (args.includes('--version')) {
    ui.out.write(`mymonitor ${packageVersion()}\n`)
    return 0
  }
  if (args.some((argument) => HELP_FLAGS.has(argument))) {
    ui.out.write(byDefault ? overview(cli.definitions(), ui.out.paint) : verbHelp(cli.definition(VERBS[verb].command), ui.out.paint))
    return 0
  }
  if (verb === 'sample' && args.length === 0 && command === undefined && !loadConfig(undefined, context).ownProjects) {
    ui.err.write(overview(cli.definitions(), ui.err.paint))
    return USAGE_FAILURE
  }
  if (!TAKES_COMMAND.has(verb) && command !== undefined)
    throw new MyMonitorError('ERR_MYMONITOR_USAGE', `${verb} takes no command after --; only ${[...TAKES_COMMAND].join(' and ')} do`)
  const options = cli.definition(VERBS[verb].command)?.options ?? []
  const known = options.map(({ nameSet, definition }) => ({ names: nameSet, takesValue: definition.includes('#') }))
  const normalized = normalizeArguments(args, known, VERBS[verb].positionals, verb)
  const parsed = cli.process([verb, ...normalized], { ...context, colorDepth: 1 }) as BaseCommand
  // Painting was decided before parsing; here a wrong value is refused.
  if (parsed.color !== undefined) parseChoice('--color', parsed.color, COLOR_CHOICES)
  return (await parsed.validateAndExecute()) as number
}

function isVerb(name: string): name is Verb {
  return Object.hasOwn(VERBS, name)
}

function unknownVerb(name: string): string {
  const near = nearest(name, Object.keys(VERBS))
  const hint =
    near === undefined
      ? `there are ${Object.keys(VERBS).join(', ')}; to record a command: mymonitor -- ${name} ...`
      : `did you mean ${near}?`
  return `unknown verb "${name}"; ${hint}`
}

/** The last --color that makes sense; errors of parsing are painted by it, too. */
function colorChoice(args: readonly string[]): ColorChoice {
  let choice: ColorChoice = 'auto'
  for (const [index, argument] of args.entries()) {
    const value = argument === '--color' ? args[index + 1] : /^--color=(.*)$/.exec(argument)?.[1]
    choice = COLOR_CHOICES.find((known) => known === value) ?? choice
  }
  return choice
}

/** 125 for everything of `sample` that is not the command's own fault, as `env` has it; 2 for other verbs. */
function statusOf(error: unknown, verb: Verb): number {
  if (verb !== 'sample') return USAGE_FAILURE
  const code = error instanceof MyMonitorError ? error.code : undefined
  return code === 'ERR_MYMONITOR_COMMAND_NOT_FOUND' ? 127 : code === 'ERR_MYMONITOR_COMMAND_NOT_EXECUTABLE' ? 126 : OWN_FAILURE
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
