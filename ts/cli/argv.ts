import { nearest } from '../config/nearest.ts'
import { MyMonitorError } from '../errors.ts'

export interface Argv {
  /** Before the first `--`. */
  own: string[]
  /** After it: the build's command, untouched. Undefined where there is no `--`. */
  command: string[] | undefined
}

/** Splits before anything is parsed, so that no option of the build is ever taken for ours. */
export function splitArgv(argv: readonly string[]): Argv {
  const at = argv.indexOf('--')
  return at === -1 ? { own: [...argv], command: undefined } : { own: argv.slice(0, at), command: argv.slice(at + 1) }
}

export interface KnownOption {
  names: readonly string[]
  takesValue: boolean
}

/**
 * Checks the arguments of one verb against its options and writes them in the one form that the parser understands: `-j8` and `-j -8` become `-j=8` and
 * `-j=-8`. Throws ERR_MYMONITOR_USAGE for an option that does not exist, a value that is missing or not wanted, and a positional too many.
 */
export function normalizeArguments(args: readonly string[], options: readonly KnownOption[], positionals: number, verb: string): string[] {
  const normalized: string[] = []
  let seen = 0
  for (let index = 0; index < args.length; index += 1) {
    const argument = args[index] ?? ''
    if (!argument.startsWith('-') || argument === '-') {
      seen += 1
      if (seen > positionals) throw unexpected(argument, verb)
      normalized.push(argument)
      continue
    }
    const { name, value } = splitOption(argument, options)
    const option = options.find(({ names }) => names.includes(name))
    if (option === undefined) throw usage(unknownOption(name, options, verb))
    if (!option.takesValue) {
      if (value !== undefined) throw usage(`${name} takes no value, got "${value}"`)
      normalized.push(name)
      continue
    }
    const next = args[index + 1]
    if (value !== undefined) {
      normalized.push(`${name}=${value}`)
    } else if (next !== undefined && (!next.startsWith('-') || /^-(\d|$)/.test(next))) {
      normalized.push(`${name}=${next}`)
      index += 1
    } else {
      throw usage(
        `${name} needs a value${next === undefined ? '' : `, got the option ${next}`}; a value that begins with - is written ${name}=VALUE`,
      )
    }
  }
  return normalized
}

/** `--name=value`, `-n=value`, and `-nvalue` where -n takes one. */
function splitOption(argument: string, options: readonly KnownOption[]): { name: string; value: string | undefined } {
  const equals = argument.indexOf('=')
  if (argument.startsWith('--')) {
    return equals === -1 ? { name: argument, value: undefined } : { name: argument.slice(0, equals), value: argument.slice(equals + 1) }
  }
  const short = argument.slice(0, 2)
  if (argument.length === 2 || !options.some(({ names, takesValue }) => takesValue && names.includes(short)))
    return { name: argument, value: undefined }
  const value = argument.slice(2)
  return { name: short, value: value.startsWith('=') ? value.slice(1) : value }
}

function unknownOption(name: string, options: readonly KnownOption[], verb: string): string {
  const names = options.flatMap(({ names }) => names)
  // Every letter is near every other.
  const near = name.length === 2 ? undefined : nearest(name, names)
  return `unknown option ${name}; ${near === undefined ? `mymonitor ${verb} --help lists them` : `did you mean ${near}?`}`
}

function unexpected(argument: string, verb: string): MyMonitorError {
  const next =
    verb === 'sample' ? `a command to record goes after --: mymonitor -- ${argument} ...` : `mymonitor ${verb} --help says what it takes`
  return usage(`unexpected argument "${argument}"; ${next}`)
}

function usage(message: string): MyMonitorError {
  return new MyMonitorError('ERR_MYMONITOR_USAGE', message)
}
