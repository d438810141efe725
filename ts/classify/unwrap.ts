/** From a process to the real command it stands for: through wrappers, `sh -c "…"` and interpreters. */
import { inlineScript, interpreterOf, isShell, scriptOf } from './interpreters.ts'
import { withResponseFiles } from './response.ts'
import { commandOf } from './shell.ts'
import { hasTarget } from './target.ts'
import { baseName } from './words.ts'
import { WRAPPERS } from './wrappers.ts'

/** What classification needs of one process. */
export interface ProcessInput {
  /** The kernel's comm, at most 15 bytes. */
  name: string
  exe: string | null
  argv: readonly string[]
  /** Where it ran; null or left out: response files are not looked for. */
  cwd?: string | null
}

export interface Command {
  /** Base name of argv[0]. Never empty. */
  name: string
  argv: readonly string[]
}

export interface Unwrapped {
  command: Command
  /** Set where the command is a script or module: the interpreter's own command line. */
  interpreter: Command | null
}

/** Every step takes at least one word away; this bounds what is nested deeper than any real build does. */
const MAX_STEPS = 16

export function unwrap(process: ProcessInput): Unwrapped {
  let command = asRun(process)
  let interpreter: Command | null = null
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const inner = innerCommand(command)
    if (inner === null) break
    const argv0 = inner.argv[0] as string
    const name = baseName(argv0)
    if (name === '') break
    interpreter = inner.script ? command : null
    command = { name, argv: inner.argv }
  }
  const { cwd } = process
  if (cwd && hasTarget(command.name) && command.argv.some((word) => word.startsWith('@'))) command = withResponseFiles(command, cwd)
  return { command, interpreter }
}

function innerCommand({ name, argv }: Command): { argv: readonly string[]; script: boolean } | null {
  const wrapped = WRAPPERS.get(name)?.(argv)
  if (wrapped) return { argv: wrapped, script: false }
  const interpreter = interpreterOf(name)
  if (interpreter === null) return null
  const inline = isShell(name) ? inlineScript(argv) : null
  if (inline !== null) {
    const words = commandOf(inline)
    return words === null ? null : { argv: words, script: false }
  }
  const script = scriptOf(interpreter, argv)
  return script === null ? null : { argv: script, script: true }
}

/** The command as the kernel shows it, mended where argv[0] is not a command's path. */
function asRun({ name: comm, exe, argv }: ProcessInput): Command {
  const program = exe === null ? '' : baseName(exe.endsWith(' (deleted)') ? exe.slice(0, -10) : exe)
  const argv0 = argv[0] ?? ''
  const name = baseName(argv0)
  if (name === '' || argv0 === '/proc/self/exe') return { name: program || comm || 'unknown', argv }
  // A title set by the program itself, such as npm's "npm run build", is one word that is no path; what was longer before it leaves empty words.
  const space = name !== program && argv.every((word, i) => i === 0 || word === '') ? argv0.indexOf(' ') : -1
  if (space > 0 && !argv0.startsWith('/')) {
    const words = argv0.trimEnd().split(/\s+/)
    return { name: baseName(words[0] as string) || program || comm || 'unknown', argv: words }
  }
  return { name, argv }
}
