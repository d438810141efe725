import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Cli } from 'clipanion'
import { describe, expect, test } from 'vitest'
import { COMMANDS, runCli } from '../../ts/cli/cli.ts'
import type { CliContext } from '../../ts/cli/context.ts'
import type { Ui } from '../../ts/cli/ui/ui.ts'
import { directoryWith, projectToml } from '../config/files.ts'
import { capturingUi, cli } from './capture.ts'

const definitions = Cli.from<CliContext>(COMMANDS, { binaryName: 'mymonitor' }).definitions()

describe('help', () => {
  test.each(definitions.map((definition) => [definition.path.split(' ')[1] ?? '', definition] as const))(
    '%s has a description and examples, and so has every option',
    async (verb, definition) => {
      expect(definition.description).toBeTruthy()
      expect(definition.examples?.length).toBeGreaterThan(0)
      const { out, status, err } = await cli([verb, '--help'], '/')
      expect({ status, err }).toEqual({ status: 0, err: '' })
      for (const option of definition.options) {
        expect(option.description, option.preferredName).toBeTruthy()
        for (const name of option.nameSet) expect(out).toContain(name)
      }
    },
  )

  test('options that clipanion would hide for want of a description exist nowhere', () => {
    for (const Command of COMMANDS) {
      const declared = Object.values(new Command()).filter((value) => typeof value === 'object' && value !== null && 'definition' in value)
      const listed = definitions.find(({ path }) => path.split(' ')[1] === Command.paths?.[0]?.[0])
      // The usage line names positionals only.
      const positionals = listed?.usage.match(/\[/g)?.length ?? 0
      expect(listed?.options).toHaveLength(declared.length - positionals)
    }
  })

  test.each([['-h'], ['--help']])('mymonitor %s lists every verb on stdout', async (flag) => {
    const { status, out, err } = await cli([flag], '/')
    expect({ status, err }).toEqual({ status: 0, err: '' })
    for (const verb of ['sample', 'report', 'summary']) expect(out).toMatch(new RegExp(`^ +${verb}`, 'm'))
    expect(out.split('\n').every((line) => line.length <= 100)).toBe(true)
  })

  test('-h after -- belongs to the build', async () => {
    const { err } = await cli(['-C', '/nowhere/at/all', '--', 'make', '-h', '--version'], directoryWith())
    expect(err).toContain('/nowhere/at/all')
  })

  test('--version is one line on stdout', async () => {
    expect(await cli(['--version'], '/')).toMatchObject({ status: 0, out: expect.stringMatching(/^mymonitor \d+\.\d+\.\d+\n$/), err: '' })
  })

  test('without arguments and without a configuration of the user: help on stderr, 2', async () => {
    const { status, out, err } = await cli([], directoryWith())
    expect({ status, out }).toEqual({ status: 2, out: '' })
    expect(err).toContain('Usage:')
  })
})

describe('usage errors', () => {
  test.each<[string[], number, string]>([
    [['repot', 'x'], 2, 'unknown verb "repot"; did you mean report?'],
    [['make', '-j8'], 2, 'to record a command: mymonitor -- make'],
    [['toString'], 2, 'unknown verb'],
    [['--intervall', '1s', '--', 'true'], 125, 'did you mean --interval?'],
    [['sample', '--strct', '--', 'true'], 125, 'did you mean --strict?'],
    [['summary', '--jsn', 'x'], 2, 'did you mean --json?'],
    [['report', '--formt', 'html', 'x'], 2, 'did you mean --format?'],
    [['sample', 'make'], 125, 'a command to record goes after --'],
    [['-x', '--', 'true'], 125, 'unknown option -x; mymonitor sample --help lists them'],
    [['--', ''], 127, 'cannot run ""'],
    [['--config', '/', '--', 'true'], 125, 'cannot read the configuration file /: it is a directory; give the file in it'],
    [['-j', '0', '--', 'true'], 125, '-j "0": expected whole numbers'],
    [['-jx', '--', 'true'], 125, '-j "x": expected whole numbers'],
    [['-j', '-1', '--', 'true'], 125, '-j "-1": expected whole numbers'],
    [['-j', '1,2', '--', 'true'], 125, 'no {N} in the command'],
    [['--interval', '0', '--', 'true'], 125, '--interval "0": expected a time above zero'],
    [['--interval', '-50ms', '--', 'true'], 125, '--interval "-50ms"'],
    [['--metric', 'uss', '--', 'true'], 125, '--metric "uss": expected pss or rss'],
    [['--timeout', 'soon', '--', 'true'], 125, '--timeout "soon"'],
    [['--color', 'blue', '--', 'true'], 125, '--color "blue": expected auto, always or never'],
    [['--color=blue', 'report', 'x'], 125, 'unexpected argument "report"'],
    [['--'], 125, 'no command'],
    [['-p', 'qmeu'], 125, 'did you mean qemu?'],
    [['-p', 'qemu', '--', 'true'], 125, 'either -p NAME or -- COMMAND'],
    [['-j', '4'], 125, 'or write conf/projects.toml, with a conf/config.toml beside it (it may be empty)'],
    [['--config', 'gone.toml', '--', 'true'], 125, 'gone.toml: no such file'],
    [['report'], 2, 'report needs a directory'],
    [['report', 'a', '--log-dir', 'b'], 2, 'given twice'],
    [['report', 'a', '--format', 'pdf'], 2, '--format "pdf": expected html, svg, png, md, json, csv or text'],
    [['summary'], 2, 'summary needs a directory'],
    [['summary', 'a', 'b'], 2, 'unexpected argument "b"'],
    [['summary', 'x', '--', 'true'], 2, 'takes no command after --'],
    [['summary', '/nowhere/at/all'], 2, 'not a recording: /nowhere/at/all'],
  ])('%j ends with %i and one line', async (argv, status, message) => {
    const cwd = directoryWith()
    const result = await cli(argv, cwd)
    expect(result).toMatchObject({ status, out: '' })
    expect(result.err).toContain(message)
    expect(result.err).toMatch(/^mymonitor: [^\n]+\n$/)
    expect(readdirSync(cwd)).toEqual([])
  })

  test('a typo never runs anything', async () => {
    const cwd = directoryWith()
    await cli(['--show-outptu', '--', 'touch', join(cwd, 'ran')], cwd)
    await cli(['smaple', '--', 'touch', join(cwd, 'ran')], cwd)
    expect(existsSync(join(cwd, 'ran'))).toBe(false)
  })

  test('a project whose directory is gone is said before anything is made', async () => {
    const cwd = directoryWith({ 'conf/config.toml': '', 'conf/projects.toml': projectToml() })
    const result = await cli(['-p', 'p', '-j', '1'], cwd)
    expect(result.status).toBe(125)
    expect(result.err).toContain(`${join(cwd, 'conf/src')}, does not exist: correct dir of project "p" or give -C DIR`)
    expect(readdirSync(cwd)).toEqual(['conf'])
  })

  test.each([
    [['--', 'sh', '-c', 'exit 3'], 3],
    [['summary', '--help'], 2],
    [['--help'], 125],
    [['sample', '-h'], 125],
    [['--version'], 125],
  ])('%j with a stdout that takes nothing ends with %i and one line', async (argv, expected) => {
    const { ui, err } = capturingUi()
    const full: Ui = { ...ui, out: { ...ui.out, write: () => undefined, failure: () => 'no space left on device' } }
    const json = expected === 3 ? ['--json', '--no-report', '--output-dir', 'out'] : []
    const environment = { cwd: directoryWith(), env: { PATH: process.env['PATH'] }, handleSignals: false, ui: full }
    expect(await runCli([...json, ...argv], environment)).toBe(expected)
    expect(err()).toBe('mymonitor: cannot write to stdout: no space left on device\n')
  })

  test('what a file or an argument holds cannot drive the terminal', async () => {
    expect((await cli(['\x1b[2J'], '/')).err).toContain('\\x1b[2J')
  })
})
