import { loadRules } from '../classify/rules.ts'
import { loadConfig } from '../config/load.ts'
import { planAttach, runningProcess } from '../run/attach-plan.ts'
import { workingDirectory } from '../run/files.ts'
import { findShell } from '../run/shell.ts'
import { recordRun, type Surroundings } from './run-sample.ts'
import { type SampleHandle, withSnapshots } from './sample.ts'
import type { SampleObserver, SampleOptions, SampleResult } from './types.ts'

/** What `attach` takes. */
export interface AttachOptions extends Pick<SampleOptions, 'config' | 'intervalMs' | 'outputDir' | 'signal' | 'noRedact'> {
  /** The process whose tree is sampled. */
  pid: number
}

/** As the verb does it. Rejects with ERR_MYMONITOR_USAGE where there is nothing to attach to. */
export async function runAttach(options: AttachOptions, observer: SampleObserver, surroundings: Surroundings): Promise<SampleResult> {
  const { cwd, env } = surroundings
  const running = runningProcess(options.pid)
  const config = loadConfig(options.config, { cwd, env })
  for (const warning of config.warnings) observer.warning?.(warning)
  const plan = planAttach(running, config, options, { cwd, env, shell: findShell(env), allowedCpus: [] })
  return recordRun({ plan, rules: loadRules(plan.rulesFile), stored: null }, options, observer, surroundings)
}

/**
 * Samples a process that runs already, and what descends from it, until it ends or `options.signal` fires, as `mymonitor attach` does. The tree is left
 * alone. The result has one level; its exit status is 0, because how the process ended is not known.
 *
 * @example
 * const { levels } = await attach({ pid: 4711 }).result
 */
export function attach(options: AttachOptions): SampleHandle {
  const surroundings = { cwd: workingDirectory(), env: process.env, handleSignals: false }
  return withSnapshots((observer) => runAttach(options, observer, surroundings))
}
