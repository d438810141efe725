import { constants } from 'node:os'
import type { SessionResult } from '../native.ts'

/** Ours: usage errors, a build that could not be started because of us, a failed measurement with --strict. */
export const OWN_FAILURE = 125
const TIMED_OUT = 124
const NOT_EXECUTABLE = 126
export const NOT_FOUND = 127
const BY_SIGNAL = 128

/** What the system refuses for want of means is our failure, not a property of the command. */
const NO_MEANS: readonly number[] = [constants.errno.EAGAIN, constants.errno.ENOMEM, constants.errno.EMFILE, constants.errno.ENFILE]

/** The exit status of one level, as `env` and `timeout` have it. */
export function levelStatus(result: Pick<SessionResult, 'startError' | 'exitCode' | 'signal' | 'timedOut'>): number {
  const { startError } = result
  if (startError) {
    if (startError.step !== 'exec' || NO_MEANS.includes(startError.errno)) return OWN_FAILURE
    return startError.errno === constants.errno.ENOENT ? NOT_FOUND : NOT_EXECUTABLE
  }
  if (result.timedOut) return TIMED_OUT
  if (result.exitCode !== undefined) return result.exitCode
  return result.signal === undefined ? OWN_FAILURE : BY_SIGNAL + result.signal
}

/** The exit status of a run: the first level that failed; else the signal that kept levels from being run; 0 when everything asked for was done. */
export function runStatus(statuses: readonly number[], planned: number, interruptedBy: number | null): number {
  const failed = statuses.find((status) => status !== 0)
  if (failed !== undefined) return failed
  return statuses.length < planned && interruptedBy !== null ? BY_SIGNAL + interruptedBy : 0
}
