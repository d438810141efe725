/** Commands that run another command given on their own command line. */

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

const libtoolWords = prefix({ valued: ['--tag', '--mode'] })

function rest(argv: readonly string[], from: number): readonly string[] | null {
  return from < argv.length ? argv.slice(from) : null
}

export const WRAPPERS: ReadonlyMap<string, Unwrap> = new Map<string, Unwrap>([
  ['env', prefix({ valued: ['-u', '-C', '--unset', '--chdir'], assignments: true })],
  ['nice', prefix({ valued: ['-n', '--adjustment'] })],
  ['ionice', prefix({ valued: ['-c', '-n', '--class', '--classdata'] })],
  ['time', prefix({ valued: ['-f', '-o', '--format', '--output'] })],
  ['timeout', prefix({ valued: ['-k', '-s', '--kill-after', '--signal'], operands: 1 })],
  ['taskset', prefix({ operands: 1 })],
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
  ['gomacc', launcher],
  ['rewrapper', prefix()],
  ['busybox', launcher],
  ['toybox', launcher],
  ['libtool', (argv) => (argv.some((word) => word.startsWith('--mode')) ? libtoolWords(argv) : null)],
  // Automake's helpers; `compile` is also the name of Go's compiler, which always has options first.
  ['depcomp', launcher],
  ['compile', launcher],
  ['missing', prefix()],
])
