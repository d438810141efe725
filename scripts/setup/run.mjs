import { spawnSync } from 'node:child_process'
import { constants } from 'node:os'

/** What a user can understand without a stack. */
export class SetupError extends Error {
  expected = true
}

/** Runs a program to its end; its output goes to our stderr. Throws a SetupError unless it exits with 0. */
export function run(root, command, args) {
  const { error, status, signal } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] })
  if (error !== undefined) throw new SetupError(`${command} could not be started: ${error.message}`)
  if (signal !== null) process.exit(128 + constants.signals[signal])
  if (status !== 0) throw new SetupError(`${[command, ...args].join(' ')} exited with ${status}; what it said is above`)
}
