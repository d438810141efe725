import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { classify } from '../../ts/classify/classify.ts'
import { wordsOf } from '../../ts/classify/shell.ts'
import { unwrap } from '../../ts/classify/unwrap.ts'
import { shipped } from './shipped.ts'

const process = (argv: readonly string[], exe: string | null = null, name = '') => ({ name, exe, argv })
const inner = (line: string) => unwrap(process(wordsOf(line))).command.argv

describe('wrappers lead to the real command', () => {
  test.each([
    ['sh -c "gcc -c a.c"', ['gcc', '-c', 'a.c']],
    ['/bin/bash -ec "gcc -c a.c"', ['gcc', '-c', 'a.c']],
    ['bash -o pipefail -c "gcc -c a.c"', ['gcc', '-c', 'a.c']],
    ['sh -c "cd out && A=b exec gcc -c a.c > log 2>&1"', ['gcc', '-c', 'a.c']],
    [`sh -c ': && /usr/bin/c++ a.o -o demo && :'`, ['/usr/bin/c++', 'a.o', '-o', 'demo']],
    [`sh -c 'cd dir && make -C x all;'`, ['make', '-C', 'x', 'all']],
    [`sh -c 'exec gcc -c a.c 2>&1'`, ['gcc', '-c', 'a.c']],
    [`sh -c 'gcc -c x.c -o x.o'`, ['gcc', '-c', 'x.c', '-o', 'x.o']],
    [`sh -c 'gcc -c a.c &> log'`, ['gcc', '-c', 'a.c']],
    [`sh -c 'cd a && \\\n gcc \\\n -c a.c\n'`, ['gcc', '-c', 'a.c']],
    [`sh -c 'gcc -DX="a b" -c "my file.c"'`, ['gcc', '-DX=a b', '-c', 'my file.c']],
    [`sh -c 'mkdir -p out'`, ['mkdir', '-p', 'out']],
    [`sh -c 'gcc $(pkg-config --cflags x) -c a.c # why'`, ['gcc', '$(pkg-config --cflags x)', '-c', 'a.c']],
    [`sh -c 'sh -c "ccache gcc -c a.c"'`, ['gcc', '-c', 'a.c']],
    ['env -i -u X A=b C=d gcc -c a.c', ['gcc', '-c', 'a.c']],
    ["env -S 'A=b gcc -O2' -c a.c", ['gcc', '-O2', '-c', 'a.c']],
    ["env -iS 'gcc -c' a.c", ['gcc', '-c', 'a.c']],
    ["env '--split-string=gcc -c' a.c", ['gcc', '-c', 'a.c']],
    ['nice -n 5 gcc -c a.c', ['gcc', '-c', 'a.c']],
    ['nice -19 gcc -c a.c', ['gcc', '-c', 'a.c']],
    ['/usr/bin/time -f %e -o t.log gcc -c a.c', ['gcc', '-c', 'a.c']],
    ['timeout -k 5 --signal INT 60 gcc -c a.c', ['gcc', '-c', 'a.c']],
    ['ionice -c 3 gcc -c a.c', ['gcc', '-c', 'a.c']],
    ['taskset -c 0-3 gcc -c a.c', ['gcc', '-c', 'a.c']],
    ['chrt -b 0 gcc -c a.c', ['gcc', '-c', 'a.c']],
    ['numactl -N 0 --membind=0 gcc -c a.c', ['gcc', '-c', 'a.c']],
    ['eatmydata linux32 gcc -c a.c', ['gcc', '-c', 'a.c']],
    ['stdbuf -oL gcc -c a.c', ['gcc', '-c', 'a.c']],
    ['ccache CCACHE_DIR=/c gcc -c a.c', ['gcc', '-c', 'a.c']],
    ['sccache rustc --crate-name x', ['rustc', '--crate-name', 'x']],
    ['distcc gcc -c a.c', ['gcc', '-c', 'a.c']],
    ['icecc g++ -c a.cc', ['g++', '-c', 'a.cc']],
    ['icerun yacc a.y', ['yacc', 'a.y']],
    ['pump make -j20', ['make', '-j20']],
    ['gomacc clang++ -c a.cc', ['clang++', '-c', 'a.cc']],
    ['rewrapper --labels=type=compile -- clang++ -c a.cc', ['clang++', '-c', 'a.cc']],
    ['libtool --tag=CC --mode=compile gcc -c a.c', ['gcc', '-c', 'a.c']],
    ['/bin/bash ./libtool --silent --tag CC --mode link gcc a.lo -o liba.la', ['gcc', 'a.lo', '-o', 'liba.la']],
    ['glibtool --mode=install /usr/bin/install -c liba.la /usr/lib', ['/usr/bin/install', '-c', 'liba.la', '/usr/lib']],
    ['slibtool --mode=execute -dlopen a.la ./demo', ['./demo']],
    ['/bin/sh ./depcomp gcc -c a.c', ['gcc', '-c', 'a.c']],
    ['xargs -0 -n 10 -P4 strip --strip-debug', ['strip', '--strip-debug']],
    ['xargs -I {} gcc -c {}', ['gcc', '-c', '{}']],
    ['busybox sed -e s/a/b/', ['sed', '-e', 's/a/b/']],
    ["/bin/busybox sh -c 'gcc -c a.c'", ['gcc', '-c', 'a.c']],
    ['bash -euo pipefail -c "gcc -c a.c"', ['gcc', '-c', 'a.c']],
    ["sh -c 'set -e; umask 022; gcc -c a.c'", ['gcc', '-c', 'a.c']],
    ['setarch x86_64 -R gcc -c a.c', ['gcc', '-c', 'a.c']],
    ['flock -w 5 /tmp/lock gcc -c a.c', ['gcc', '-c', 'a.c']],
    ["sh -c 'gcc -c a.c && :'", ['gcc', '-c', 'a.c']],
  ])('%s', (line, expected) => {
    expect(inner(line)).toEqual(expected)
  })
})

describe('what wraps nothing is itself the command', () => {
  test.each([
    'ccache -s',
    'distcc -c a.c -o a.o',
    'env',
    'xargs',
    'timeout 5',
    'busybox',
    'libtool --version',
    'libtool --mode=finish /usr/lib',
    'taskset -p 3 1234',
    'taskset -acp 0-3 1234',
    'chrt --pid 0 1234',
    'ionice -c 2 -p 1234',
    'env -S',
    'bash',
    'sh -c "x=1; exit 2"',
    'sh -c "$CC -c a.c"',
  ])('%s', (line) => {
    expect(inner(line)).toEqual(wordsOf(line))
  })
})

describe('a script of several commands stays a shell without a target', () => {
  test.each([
    'sleep 1; gcc -c a.c; ld -o a a.o',
    'gcc -c a.c && fixdep a.d',
    'gcc -c a.c || exit 1',
    'gcc -E a.c | as -o a.o',
    'gcc -c a.c & wait',
    '(cd a && make)',
    'if test -f a; then gcc -c a.c; fi',
    'for d in a b; do (cd $d && make all); done',
    'while sleep 1; do make; done',
    'set -e; echo "  CC a.o"; gcc -Wp,-MMD,a.d -c -o a.o a.c; fixdep a.d',
    'cmake -E rm -f l.a && ar qc l.a a.o',
    'mkdir out\ngcc -c a.c',
    'cat > a <<EOF\nx\nEOF\ngcc -c a.c',
  ])('%s', (script) => {
    const argv = ['sh', '-c', script]
    expect(unwrap(process(argv)).command.argv).toEqual(argv)
    expect(classify(shipped, process(argv, '/bin/sh', 'sh'))).toMatchObject({ minor: 'ShellInteractiveOrDirect', target: null })
  })
})

describe('a script is known by its own name and by its interpreter', () => {
  test.each([
    ['/bin/sh ./configure --prefix=/usr', 'configure', 'sh'],
    ['bash -ex -o pipefail run.sh', 'run.sh', 'bash'],
    ['bash -euo pipefail run.sh', 'run.sh', 'bash'],
    ['/usr/bin/python3.11 -u -W ignore /usr/bin/meson setup', 'meson', 'python3.11'],
    ['/usr/bin/perl -w -I lib /usr/bin/dh build', 'dh', 'perl'],
    ['vpython3 -u tools/gen.py x', 'gen.py', 'vpython3'],
    ['python3 -m pytest -q', 'pytest', 'python3'],
    ['/usr/bin/python3.11 -Im mesonbuild.mesonmain compile', 'mesonbuild', 'python3.11'],
    ['node --require ./hook.js node_modules/.bin/tsc', 'tsc', 'node'],
  ])('%s', (line, name, interpreter) => {
    const unwrapped = unwrap(process(wordsOf(line)))
    expect([unwrapped.command.name, unwrapped.interpreter?.name]).toEqual([name, interpreter])
  })

  test.each(['python3 -c "print(1)" x', 'python3 -m', 'perl -ne print x', 'node -e 1 x', 'bash -s x', 'python3 - x'])(
    '%s runs no script',
    (line) => {
      expect(unwrap(process(wordsOf(line))).interpreter).toBeNull()
    },
  )
})

describe('the name of a process whose argv[0] is no path', () => {
  test.each([
    ['without arguments the executable counts', [], '/usr/lib/gcc/cc1plus', 'cc1plus', 'cc1plus'],
    ['without either the kernel name counts', [], null, 'cc1plus', 'cc1plus'],
    ['an executable that was replaced meanwhile', [], '/usr/bin/make (deleted)', 'make', 'make'],
    ['a program that starts itself again', ['/proc/self/exe', '--child'], '/usr/bin/node', 'node', 'node'],
    ['a title that npm set', ['npm run build'], '/usr/bin/node', 'npm run build', 'npm'],
    ['a title shorter than the words it stands on', ['npm exec tsc -p a/b  ', '', ''], '/usr/bin/node', 'npm exec tsc -p', 'npm'],
    ['a path with a space in it', ['/opt/my tools/gen'], '/opt/my tools/gen', 'gen', 'gen'],
    ['nothing at all', [], null, '', 'unknown'],
  ])('%s', (_, argv, exe, comm, name) => {
    expect(unwrap(process(argv, exe, comm)).command.name).toBe(name)
  })
})

/** Words that the grammar cares about, so that random command lines get deep into it. */
const word = fc.oneof(
  fc.string(),
  fc.constantFrom(
    'sh',
    '-c',
    'env',
    'A=b',
    'nice',
    'timeout',
    'xargs',
    'ccache',
    'libtool',
    '--mode=compile',
    'gcc',
    '-o',
    '--',
    '-',
    'python3',
    "'",
    '"',
    '$(',
    '${',
    '`',
    '<<',
    '>',
    ';',
    '&&',
    '\\',
    '#',
  ),
)
const commandLine = fc.array(
  fc.oneof(
    word,
    fc.array(word).map((words) => words.join(' ')),
  ),
)

test('no command line makes the classifier throw or leaves it without a category', () => {
  fc.assert(
    fc.property(fc.string(), fc.option(fc.string()), commandLine, (name, exe, argv) => {
      const { major, minor } = classify(shipped, { name, exe, argv })
      return major !== '' && minor !== ''
    }),
    { numRuns: 2000 },
  )
})

test('unwrapping ends, and never makes a command line longer', () => {
  const length = (argv: readonly string[]) => argv.join(' ').length
  fc.assert(
    fc.property(commandLine, (argv) => {
      const { command } = unwrap(process(argv, '/bin/x'))
      return command.name !== '' && length(command.argv) <= length(argv)
    }),
    { numRuns: 2000 },
  )
})

test('wrappers nested a thousand deep end as well', () => {
  expect(unwrap(process([...Array<string>(1000).fill('nice'), 'gcc'])).command.name).toBe('nice')
})
