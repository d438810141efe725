import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { classify } from '../../ts/classify/classify.ts'
import { wordsOf } from '../../ts/classify/shell.ts'
import { unwrap } from '../../ts/classify/unwrap.ts'
import { directoryWith } from '../config/files.ts'
import { shipped } from './shipped.ts'

const argvIn = (cwd: string | null, line: string) => unwrap({ name: '', exe: null, argv: wordsOf(line), cwd }).command.argv

describe('a response file stands for the words in it', () => {
  test('in a compiler, also behind wrappers, relative to where the process ran', () => {
    const cwd = directoryWith({ 'args/a.rsp': '-c "my file.c"\n-o a.o\n' })
    expect(argvIn(cwd, 'sh -c "ccache gcc -O2 @args/a.rsp -g"')).toEqual(['gcc', '-O2', '-c', 'my file.c', '-o', 'a.o', '-g'])
    expect(argvIn('/', `gcc @${cwd}/args/a.rsp`)).toEqual(['gcc', '-c', 'my file.c', '-o', 'a.o'])
  })

  test('so that category and target are those of the whole command line', () => {
    const cwd = directoryWith({ compile: '-c a.c', link: '-o demo a.o', sources: 'src/A.java\nsrc/B.java\n' })
    const of = (...argv: string[]) => classify(shipped, { name: '', exe: null, argv, cwd })
    expect(of('gcc', '@compile')).toMatchObject({ minor: 'Full_GCC', target: 'a.c' })
    expect(of('gcc', '@link')).toMatchObject({ minor: 'Executable_Driver', target: 'demo' })
    expect(of('javac', '@sources')).toMatchObject({ minor: 'Javac', target: 'src/A.java' })
  })

  test('one that names another is read too, in its place', () => {
    const cwd = directoryWith({ outer: '-a @inner -d', inner: '-b\n-c' })
    expect(argvIn(cwd, 'ld @outer -e')).toEqual(['ld', '-a', '-b', '-c', '-d', '-e'])
  })

  test('rustc has one argument a line, whatever is in it', () => {
    const cwd = directoryWith({ args: '--crate-name\nmy crate\'s "name"\n' })
    expect(argvIn(cwd, 'rustc @args')).toEqual(['rustc', '--crate-name', 'my crate\'s "name"'])
  })
})

describe('a response file that cannot be read stays a word', () => {
  test.each<[string, (cwd: string) => void]>([
    ['where there is none', () => undefined],
    ['a directory', (cwd) => mkdirSync(join(cwd, 'x'))],
    ['a pipe, which nobody may ever write to', (cwd) => execFileSync('sh', ['-c', 'mkfifo x'], { cwd })],
    ['a link to itself', (cwd) => symlinkSync('x', join(cwd, 'x'))],
    ['a very large file', (cwd) => writeFileSync(join(cwd, 'x'), ' '.repeat(300 * 1024))],
    ['a device that never ends', (cwd) => symlinkSync('/dev/zero', join(cwd, 'x'))],
  ])('%s', (_, make) => {
    const cwd = directoryWith()
    make(cwd)
    expect(argvIn(cwd, 'gcc @x -c a.c')).toEqual(['gcc', '@x', '-c', 'a.c'])
  })

  test('one that names itself is read a few times only', () => {
    expect(argvIn(directoryWith({ x: '-a @x' }), 'gcc @x')).toEqual(['gcc', ...Array<string>(8).fill('-a'), '@x'])
  })

  test('a name that no file can have', () => {
    expect(unwrap({ name: '', exe: null, argv: ['gcc', '@a\0b', '@'], cwd: '/' }).command.argv).toEqual(['gcc', '@a\0b', '@'])
  })

  test('of a process of which nobody knows where it ran', () => {
    const cwd = directoryWith({ x: '-c' })
    expect(argvIn(null, `gcc @${cwd}/x`)).toEqual(['gcc', `@${cwd}/x`])
  })

  test('of a command for which @ means something else', () => {
    const cwd = directoryWith({ x: 'secret' })
    expect(argvIn(cwd, 'curl -d @x')).toEqual(['curl', '-d', '@x'])
  })
})
