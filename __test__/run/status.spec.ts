import { constants } from 'node:os'
import { expect, test } from 'vitest'
import { levelStatus, runStatus } from '../../ts/run/status.ts'

type Step = 'exec' | 'chdir' | 'exit_records'
const failed = (errno: number, step: Step = 'exec') => ({ timedOut: false, startError: { errno, message: '', step } })

test.each([
  ['its exit code', { timedOut: false, exitCode: 3 }, 3],
  ['128 + n after a signal', { timedOut: false, signal: 9 }, 137],
  ['124 when its time was up', { timedOut: true, signal: 15 }, 124],
  ['125 when its status is unknown', { timedOut: false }, 125],
  ['127 when there is no such command', failed(constants.errno.ENOENT), 127],
  ['126 when it may not be executed', failed(constants.errno.EACCES), 126],
  ['126 when it is no executable', failed(constants.errno.ENOEXEC), 126],
  ['125 when its directory is gone', failed(constants.errno.ENOENT, 'chdir'), 125],
  ['125 when the system has no process left', failed(constants.errno.EAGAIN), 125],
])('known defect 9: the status of a level is %s', (_, result, status) => {
  expect(levelStatus(result)).toBe(status)
})

test.each<[string, number[], number, number | null, number]>([
  ['0 when all went well', [0, 0], 2, null, 0],
  ['that of the first level that failed', [0, 2, 3], 3, null, 2],
  ['128 + n when a signal kept levels from being run', [0], 3, 2, 130],
  ['that of the failed level, interrupted or not', [2], 3, 2, 2],
  ["the build's own when it took a signal and ended well, and nothing was left to run", [0], 1, 15, 0],
  ['128 + n when not even the first was run', [], 1, 15, 143],
])('known defect 9: the status of a run is %s', (_, statuses, planned, interruptedBy, status) => {
  expect(runStatus(statuses, planned, interruptedBy)).toBe(status)
})
