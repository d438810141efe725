import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type KnownOption, normalizeArguments, splitArgv } from '../../ts/cli/argv.ts'

const OPTIONS: KnownOption[] = [
  { names: ['-j', '--jobs'], takesValue: true },
  { names: ['-C'], takesValue: true },
  { names: ['--json'], takesValue: false },
  { names: ['--interval'], takesValue: true },
]
const normalize = (...args: string[]) => normalizeArguments(args, OPTIONS, 1, 'sample')

test('everything after the first -- is the command, whatever it looks like', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), fc.array(fc.string()), (before, command) => {
      const own = before.filter((word) => word !== '--')
      expect(splitArgv([...own, '--', ...command])).toEqual({ own, command })
      expect(splitArgv(own)).toEqual({ own, command: undefined })
    }),
  )
})

test.each([
  [['-j8'], ['-j=8']],
  [['-j', '8,4'], ['-j=8,4']],
  [['-j=8'], ['-j=8']],
  [['--jobs', '8'], ['--jobs=8']],
  [['--jobs=8'], ['--jobs=8']],
  [['-j', '-4'], ['-j=-4']],
  [['-C/tmp'], ['-C=/tmp']],
  [['--interval', '-5ms'], ['--interval=-5ms']],
  [['--interval=--x'], ['--interval=--x']],
  [
    ['--json', 'DIR'],
    ['--json', 'DIR'],
  ],
  [['-'], ['-']],
])('%j is understood as %j', (args, expected) => {
  expect(normalize(...args)).toEqual(expected)
})

test.each([
  [['--intervall', '5ms'], 'unknown option --intervall; did you mean --interval?'],
  [['--intervall=5ms'], 'unknown option --intervall; did you mean --interval?'],
  [['--frobnicate'], 'unknown option --frobnicate; mymonitor sample --help lists them'],
  [['-x'], 'unknown option -x'],
  [['-j'], '-j needs a value'],
  [['-j', '--json'], '-j needs a value, got the option --json'],
  [['--json=yes'], '--json takes no value, got "yes"'],
  [['a', 'make'], 'unexpected argument "make"; a command to record goes after --: mymonitor -- make ...'],
])('%j is a usage error', (args, message) => {
  expect(() => normalize(...args)).toThrow(
    expect.objectContaining({ code: 'ERR_MYMONITOR_USAGE', message: expect.stringContaining(message) }),
  )
})
