import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { runCli } from '../../ts/cli/cli.ts'
import { directoryWith } from '../config/files.ts'
import { type Captured, capturingUi, cli } from './capture.ts'

const RULES = `
[[rules]]
priority = 9
major_category = "M"
category = "Mine"
match_field = "current_cmd_name"
match_type = "exact"
pattern = "tool"
`

async function withInput(argv: string[], input: string, cwd = directoryWith()): Promise<Captured> {
  const inputFd = openSync(join(directoryWith({ in: input }), 'in'), 'r')
  onTestFinished(() => closeSync(inputFd))
  const { ui, out, err } = capturingUi()
  const status = await runCli(argv, { cwd, env: {}, handleSignals: false, ui, inputFd })
  return { status, out: out(), err: err() }
}
const objects = ({ out }: Captured): Record<string, unknown>[] =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

describe('explain -- ARGV', () => {
  test('says category, rule, target, the real command and every rule that lost', async () => {
    const { status, out, err } = await cli(['explain', '--', 'sh', '-c', 'ccache gcc -c a.c -o a.o'], directoryWith())
    expect({ status, err }).toEqual({ status: 0, err: '' })
    expect(out).toBe(
      [
        "sh -c 'ccache gcc -c a.c -o a.o'",
        '  category   CPP_COMPILE / Full_GCC',
        '  rule       Full_GCC:185',
        '  target     a.c',
        '  stands for gcc -c a.c -o a.o',
        '  lost       Full_Generic:50  CPP_COMPILE / Full_Generic',
        '',
      ].join('\n'),
    )
  })

  test('a script is said with its interpreter', async () => {
    const { out } = await cli(['explain', '--', '/bin/sh', './configure', '--prefix=/usr'], directoryWith())
    expect(out).toContain('  stands for ./configure --prefix=/usr\n  run by     sh\n')
  })

  test('what no rule matches is Other', async () => {
    const { status, out } = await cli(['explain', '--', './gen', 'x'], directoryWith())
    expect({ status, out }).toEqual({ status: 0, out: './gen x\n  category   Other / Other_gen\n  rule       none matches\n' })
  })

  test('everything after -- is the command line, also what looks like our options', async () => {
    const [object] = objects(await cli(['explain', '--json', '--', 'make', '--json', '-h', '--', '--stdin'], directoryWith()))
    expect(object).toMatchObject({ rule: 'Make:186', argv: ['make', '--json', '-h', '--', '--stdin'] })
  })

  test('as JSON it is one object on one line', async () => {
    const result = await cli(['explain', '--json', '--comm', 'python3', '--', 'python3', '-m', 'pytest'], directoryWith())
    expect(objects(result)).toEqual([
      {
        schema: 1,
        comm: 'python3',
        argv: ['python3', '-m', 'pytest'],
        command: ['pytest'],
        interpreter: ['python3', '-m', 'pytest'],
        rule: 'TestDriver:96',
        major: 'Testing',
        minor: 'TestDriver',
        target: null,
        lost: [{ rule: 'Python:45', major: 'Scripting', minor: 'Python' }],
      },
    ])
  })

  test('secrets are hidden, unless it is told not to, and nothing drives the terminal', async () => {
    const argv = ['--', 'curl', '--oauth2-bearer', 'abc', '\x1b[2J']
    const { out } = await cli(['explain', ...argv], directoryWith())
    expect(out.split('\n')[0]).toBe("curl --oauth2-bearer *** '\\x1b[2J'")
    expect((await cli(['explain', '--no-redact', ...argv], directoryWith())).out).toContain('--oauth2-bearer abc')
  })

  test('the rules are those of the configuration, and response files those of the current directory', async () => {
    const cwd = directoryWith({ 'conf/config.toml': '', 'conf/rules.toml': RULES })
    expect((await cli(['explain', '--', 'tool'], cwd)).out).toContain('M / Mine')
    expect((await cli(['explain', '--', 'make'], cwd)).out).toContain('none matches')
    expect((await cli(['explain', '--', 'gcc', '@a.rsp'], directoryWith({ 'a.rsp': '-c a.c' }))).out).toContain('Full_GCC:185')
  })
})

test('explain --comm NAME knows a process by its name alone', async () => {
  const { out } = await cli(['explain', '--comm', 'cc1plus'], directoryWith())
  expect(out).toBe('cc1plus\n  category   CPP_COMPILE / Frontend_GCC\n  rule       Frontend_GCC:230\n')
})

describe('explain --stdin', () => {
  test('answers every line of comm, tab, command line in order', async () => {
    const input = "cc1\t/usr/lib/gcc/cc1 -quiet a.c\nsh\tsh -c 'cd x && make'\nkworker\t\nninja\n\nit\tit's\n"
    const result = await withInput(['explain', '--stdin', '--json'], input)
    expect(result).toMatchObject({ status: 0, err: '' })
    expect(objects(result).map(({ comm, minor, target }) => [comm, minor, target])).toEqual([
      ['cc1', 'Frontend_GCC', 'a.c'],
      ['sh', 'Make', null],
      ['kworker', 'Other_kworker', null],
      ['', 'Ninja', null],
      ['', 'Other_unknown', null],
      ['it', "Other_it's", null],
    ])
  })

  test('10,000 lines come out as 10,000 lines', async () => {
    const { out } = await withInput(['explain', '--stdin', '--json'], 'as\tas -o a.o a.s\n'.repeat(10_000))
    expect(out.split('\n')).toHaveLength(10_001)
  })

  test('stops when nobody reads any more', async () => {
    const inputFd = openSync(join(directoryWith({ in: 'make\n'.repeat(100_000) }), 'in'), 'r')
    onTestFinished(() => closeSync(inputFd))
    const { ui, err } = capturingUi()
    let writes = 0
    const write = () => {
      writes += 1
    }
    const out = { ...ui.out, write, closed: () => true }
    const status = await runCli(['explain', '--stdin'], {
      cwd: directoryWith(),
      env: {},
      handleSignals: false,
      ui: { ...ui, out },
      inputFd,
    })
    expect({ status, writes, err: err() }).toEqual({ status: 0, writes: 1, err: '' })
  })
})

test.each<[string[], string]>([
  [['explain'], 'explain needs a command line: mymonitor explain -- ARGV..., or --comm NAME, or --stdin'],
  [['explain', '--'], 'explain needs a command line'],
  [['explain', '--comm', '--', 'x'], '--comm needs a value'],
  [['explain', '--stdin', '--', 'make'], 'leave out the command after --'],
  [['explain', '--stdin', '--comm', 'make'], 'leave out --comm'],
  [['explain', 'make'], 'unexpected argument "make"'],
  [['classify'], 'classify needs a directory'],
  [['classify', 'x', '--', 'make'], 'classify takes no command after --; only sample and explain do'],
  [['classify', '/nowhere/at/all'], 'not a recording: /nowhere/at/all'],
  [['classify', 'x', '--rules', 'none.toml'], 'none.toml: no such file'],
])('%j is a usage error of one line', async (argv, message) => {
  const result = await cli(argv, directoryWith())
  expect(result).toMatchObject({ status: 2, out: '' })
  expect(result.err).toContain(message)
  expect(result.err).toMatch(/^mymonitor: [^\n]+\n$/)
})

test('the help of explain says where the command line goes', async () => {
  expect((await cli(['explain', '--help'], '/')).out).toContain('mymonitor explain [OPTIONS] [-- ARGV...]')
})
