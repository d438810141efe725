import { type ScopeVerdict, scopeVerdict } from '../analysis/scope.ts'
import { loadRules } from '../classify/rules.ts'
import { loadConfig } from '../config/load.ts'
import { MyMonitorError } from '../errors.ts'
import { openRecording } from '../recording/recording.ts'
import { allowedCpus } from '../run/host.ts'
import { planRun } from '../run/plan.ts'
import { findShell } from '../run/shell.ts'
import { recordRun, type Surroundings } from './run-sample.ts'
import type { SampleObserver, SampleOptions } from './types.ts'

/** What `verify` takes. */
export interface VerifyOptions extends Pick<SampleOptions, 'config' | 'signal' | 'noRedact'> {
  /** Name of projects.toml. */
  project: string
  /** The level. Default: the first of `default_jobs`. */
  jobs?: number
}

export interface Verification extends ScopeVerdict {
  project: string
  processPattern: string
  /** Of the build. */
  exitStatus: number
  /** Absolute path. */
  recording: string
}

/**
 * Records one build of a project with full_scan, whatever the configuration says, and tells which mode it needs. Rejects with ERR_MYMONITOR_USAGE where the
 * project has no process_pattern, and where nothing could be recorded.
 */
export async function verifyScope(options: VerifyOptions, observer: SampleObserver, surroundings: Surroundings): Promise<Verification> {
  const { cwd, env } = surroundings
  const config = loadConfig(options.config, { cwd, env })
  for (const warning of config.warnings) observer.warning?.(warning)
  const wanted = { projects: [options.project], jobs: [options.jobs ?? (config.defaultJobs[0] as number)], report: false }
  const context = { cwd, env, shell: findShell(env), allowedCpus: config.scheduling === null ? [] : allowedCpus() }
  const plan = planRun({ ...config, scope: 'full_scan' }, wanted, context)
  const processPattern = plan.levels[0]?.processPattern
  if (processPattern === undefined)
    throw new MyMonitorError(
      'ERR_MYMONITOR_USAGE',
      `project "${options.project}" in ${config.projectsFile} has no process_pattern, so there is nothing to look for outside of its tree; give it one, such as "java|sccache"`,
    )
  const { levels } = await recordRun({ plan, rules: loadRules(plan.rulesFile), stored: null }, options, observer, surroundings)
  const [level] = levels
  if (level === undefined || level.recording === null || level.analysis === null)
    throw new MyMonitorError(
      'ERR_MYMONITOR_START_FAILED',
      `nothing was recorded: ${level?.startError ?? level?.measurementErrors[0] ?? 'the run was interrupted before the build'}`,
    )
  const verdict = scopeVerdict(openRecording(level.recording), level.analysis, options.noRedact ?? false)
  return { project: options.project, processPattern, exitStatus: level.exitStatus, recording: level.recording, ...verdict }
}
