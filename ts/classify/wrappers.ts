/** Commands that run another command given on their own command line. */
import { splitWords } from './split.ts'

/** The inner command's argv, or null where the wrapper is itself the command (`ccache -s`, a bare `env`). */
export type Unwrap = (argv: readonly string[]) => readonly string[] | null

interface Options {
  /** Options whose value is the next word. */
  valued?: readonly string[]
  /** Words before the command that are not options: the duration of timeout. */
  operands?: number
  /** NAME=VALUE before the command. */
  assignments?: boolean
}

const ASSIGNMENT = /^[A-Za-z_]\w*=/

function prefix({ valued = [], operands = 0, assignments = false }: Options = {}): Unwrap {
  const takesValue = new Set(valued)
  return (argv) => {
    let left = operands
    for (let i = 1; i < argv.length; i += 1) {
      const word = argv[i] as string
      if (word === '--') return left === 0 ? rest(argv, i + 1) : null
      if (word.startsWith('-') && word !== '-') {
        if (takesValue.has(word)) i += 1
      } else if (left > 0) {
        left -= 1
      } else if (!(assignments && ASSIGNMENT.test(word))) {
        return rest(argv, i)
      }
    }
    return null
  }
}

/** Compiler launchers: an option in the first place is addressed to the launcher, which then runs nothing. */
const launcher: Unwrap = (argv) => {
  let start = 1
  while (ASSIGNMENT.test(argv[start] ?? '')) start += 1
  return (argv[start] ?? '-').startsWith('-') ? null : rest(argv, start)
}

const envWords = prefix({ valued: ['-u', '-C', '--unset', '--chdir'], assignments: true })

const ENV_SPLIT = /^(?:-[iv0]*S|--split-string=?)/
/** `env -S 'A=b cmd x' y`, as in the first line of a script: the string is split, and its words stand in its place. */
const env: Unwrap = (argv) => {
  const option = argv[1] ?? ''
  const name = ENV_SPLIT.exec(option)?.[0]
  if (name === undefined) return envWords(argv)
  const separate = name.length === option.length
  const string = separate ? (argv[2] ?? '') : option.slice(name.length)
  return envWords(['env', ...splitWords(string), ...argv.slice(separate ? 3 : 2)])
}

/** With a process id instead of a command they change what runs already. */
const unlessPid =
  (pid: RegExp, unwrap: Unwrap): Unwrap =>
  (argv) =>
    pid.test(argv[1] ?? '') ? null : unwrap(argv)

const libtoolWords = prefix({ valued: ['--tag', '--mode', '-dlopen'] })
/** Every mode but `finish`, which takes directories, is followed by a command. */
const libtool: Unwrap = (argv) => {
  const at = argv.findIndex((word) => word.startsWith('--mode'))
  const mode = argv[at] === '--mode' ? argv[at + 1] : argv[at]?.slice('--mode='.length)
  return at === -1 || mode === 'finish' ? null : libtoolWords(argv)
}

function rest(argv: readonly string[], from: number): readonly string[] | null {
  return from < argv.length ? argv.slice(from) : null
}

export const WRAPPERS: ReadonlyMap<string, Unwrap> = new Map<string, Unwrap>([
  ['env', env],
  ['nice', prefix({ valued: ['-n', '--adjustment'] })],
  ['ionice', prefix({ valued: ['-c', '-n', '-p', '-P', '-u', '--class', '--classdata'] })],
  ['time', prefix({ valued: ['-f', '-o', '--format', '--output'] })],
  ['timeout', prefix({ valued: ['-k', '-s', '--kill-after', '--signal'], operands: 1 })],
  ['taskset', unlessPid(/^(?:-[ac]*p|--pid$)/, prefix({ operands: 1 }))],
  ['chrt', unlessPid(/^(?:-[a-z]*p|--pid$)/, prefix({ valued: ['-T', '-P', '-D'], operands: 1 }))],
  ['numactl', prefix({ valued: ['-C', '-N', '-m', '-p', '-i'] })],
  ['linux32', prefix()],
  ['linux64', prefix()],
  ['setarch', prefix({ operands: 1 })],
  ['flock', prefix({ valued: ['-c', '-E', '-w', '--command', '--conflict-exit-code', '--timeout', '--wait'], operands: 1 })],
  ['eatmydata', prefix()],
  ['nohup', prefix()],
  ['setsid', prefix()],
  ['stdbuf', prefix({ valued: ['-i', '-o', '-e', '--input', '--output', '--error'] })],
  [
    'xargs',
    prefix({
      valued: [
        '-a',
        '-d',
        '-E',
        '-I',
        '-L',
        '-n',
        '-P',
        '-s',
        '--arg-file',
        '--delimiter',
        '--max-args',
        '--max-lines',
        '--max-procs',
        '--max-chars',
      ],
    }),
  ],
  ['ccache', launcher],
  ['sccache', launcher],
  ['cachepot', launcher],
  ['buildcache', launcher],
  ['distcc', launcher],
  ['icecc', launcher],
  ['icerun', launcher],
  ['pump', launcher],
  ['gomacc', launcher],
  ['rewrapper', prefix()],
  ['busybox', launcher],
  ['toybox', launcher],
  ['libtool', libtool],
  ['glibtool', libtool],
  ['slibtool', libtool],
  // Automake's helpers; `compile` is also the name of Go's compiler, which always has options first.
  ['depcomp', launcher],
  ['compile', launcher],
  ['missing', prefix()],
])
