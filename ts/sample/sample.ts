import { workingDirectory } from '../run/files.ts'
import { Latest } from './latest.ts'
import { runSample } from './run-sample.ts'
import type { LiveSnapshot, SampleObserver, SampleOptions, SampleResult } from './types.ts'

/** A run that goes on. */
export interface SampleHandle {
  /**
   * The build as it is now, once a second; a slow consumer gets the newest only. Ends with the run; throws what `result` rejects with. Need not be
   * consumed; one consumer.
   */
  snapshots: AsyncIterableIterator<LiveSnapshot, undefined>
  /**
   * Settles when the last level is analysed. Rejects with a MyMonitorError only while no build has been started; a build that fails is a result.
   */
  result: Promise<SampleResult>
}

/**
 * Records builds as `mymonitor sample` does, in the directory and environment of this process.
 *
 * The signals of this process stay the caller's: to end a run early, abort `options.signal`. A command has this process's stdin, stdout and stderr.
 *
 * @example
 * const run = sample({ command: ['make', '-j8'] })
 * for await (const now of run.snapshots) console.error(now.elapsedUs, now.pssKb)
 * const { levels } = await run.result
 */
export function sample(options: SampleOptions): SampleHandle {
  const surroundings = { cwd: workingDirectory(), env: process.env, handleSignals: false }
  return withSnapshots((observer) => runSample(options, observer, surroundings))
}

/** What goes on, and what it comes to. */
export function withSnapshots(run: (observer: SampleObserver) => Promise<SampleResult>): SampleHandle {
  const snapshots = new Latest<LiveSnapshot>()
  const result = run({ snapshot: (snapshot) => snapshots.push(snapshot) })
  // Also keeps a rejection that is only looked at through the snapshots from being an unhandled one.
  result.then(
    () => snapshots.finish(),
    (error: unknown) => snapshots.fail(error),
  )
  return { snapshots, result }
}
